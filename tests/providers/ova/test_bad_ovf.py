"""Descriptors that are wrong or hostile: a clear error that names file and element, and nothing else happens."""

from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import MtvError, Refused
from mtv.providers.ova import OVA
from tests.formats.build import Stream, guest
from tests.providers.ova.asking import changes, only
from tests.providers.ova.builders import (
    CPU,
    MEMORY,
    QCOW2,
    SCSI,
    SIZE,
    Packed,
    Vmware,
    disk,
    drive,
    file,
    item,
)

PLAIN = Vmware()
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def fault(text: str | bytes, tmp_path: Path, **others: bytes) -> MtvError:
    """What a refresh of a package with that descriptor ends with."""
    data = text if isinstance(text, bytes) else text.encode()
    files = {"web.ovf": data, "web-disk1.vmdk": Stream(guest(SIZE, 1)).bytes()} | others
    path = Packed(files).ova(tmp_path / "web.ova")
    with pytest.raises(MtvError) as caught:
        changes(OVA("o", str(path)))
    assert "web.ova" in str(caught.value)
    assert not caught.value.fault.text[0].isupper()
    return caught.value


def code(text: str | bytes, tmp_path: Path, **others: bytes) -> str:
    return fault(text, tmp_path, **others).fault.code


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://example.com/x.dtd">',
        "<!DOCTYPE x>",
    ],
)
def test_entities_and_document_types_are_refused(tmp_path: Path, declared: str) -> None:
    text = (
        PLAIN.text()
        .replace(HEAD, HEAD + declared)
        .replace("<Name>web", "<Name>&a;&c;" if "ENTITY" in declared else "<Name>")
    )
    assert code(text, tmp_path) == "ova.xml"


def test_a_descriptor_of_100_mb_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in" / "web.ovf"
    path.parent.mkdir()
    with path.open("wb") as out:
        out.truncate(100 << 20)
    monkeypatch.setattr("os.preadv", None)
    with pytest.raises(Refused, match="104857600 bytes") as caught:
        changes(OVA("o", str(path)))
    assert caught.value.fault.code == "ova.xml-size"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.text().encode("utf-16")[:-7],
        PLAIN.text().encode().replace(b"UTF-8", b"utf-7"),
        PLAIN.text().encode().replace(b"UTF-8", b"no-such-encoding"),
        PLAIN.text().encode().replace(b"<Name>web", b"<Name>w\xe9b"),
        PLAIN.text().encode()[:-30],
        b"",
        b"\x00" * 100,
        b"<a>" * 100_000,
    ],
    ids=range(8),
)
def test_what_is_no_well_formed_xml_is_refused(tmp_path: Path, data: bytes) -> None:
    assert code(data, tmp_path) == "ova.xml"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_that_are_declared_rightly_are_read(tmp_path: Path, encoding: str) -> None:
    declared = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "latin-1": "ISO-8859-1"}[encoding]
    text = replace(PLAIN, name="wéb").text().replace('"UTF-8"', f'"{declared}"')
    files = {"web.ovf": text.encode(encoding), "web-disk1.vmdk": Stream(guest(SIZE, 1)).bytes()}
    assert only(Packed(files).ova(tmp_path / "web.ova")).name == "wéb"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.text().replace("http://schemas.dmtf.org/ovf/envelope/1", "http://example.com/ovf"),
        PLAIN.text().replace("http://schemas.dmtf.org/ovf/envelope/1", "http://www.vmware.com/schema/ovf/1/envelope"),
        "<Envelope/>",
        '<html xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>',
    ],
    ids=range(4),
)
def test_a_wrong_namespace_is_refused(tmp_path: Path, text: str) -> None:
    assert code(text, tmp_path) == "ova.namespace"


def hardware(*more: str) -> str:
    return CPU + MEMORY + SCSI + "".join(more)


def quantity(what: str, old: str) -> str:
    return PLAIN.text().replace(
        f"<rasd:VirtualQuantity>{old}</rasd:VirtualQuantity>", f"<rasd:VirtualQuantity>{what}</rasd:VirtualQuantity>"
    )


def units(words: str, capacity: object = SIZE) -> str:
    return disk(capacity=capacity, attributes=f'ovf:capacityAllocationUnits="{words}"')


def case(code: str, named: str, **parts: str) -> tuple[Vmware, str, str]:
    return replace(PLAIN, **parts), code, named


def drives(code: str, named: str, *items: str) -> tuple[Vmware, str, str]:
    return case(code, named, hardware=hardware(*items))


NAME = "web-disk1.vmdk"
ODD = item(InstanceID=8, ResourceType=20, ResourceSubType="quantum.bus", ElementName="Q")
WARP = item(InstanceID=8, ResourceType=6, ResourceSubType="warp", ElementName="W")
BAD = {
    "a parent": case("ova.parent", "'vmdisk1'", disks=disk(attributes='ovf:parentRef="base"')),
    "no such file": case("ova.file-missing", "'gone.vmdk'", files=file("gone.vmdk")),
    "a file twice": case("ova.file-twice", NAME, files=file(NAME) + file(NAME, 2)),
    "a file id twice": case("ova.file-twice", "'file1'", files=file(NAME) + file("b.vmdk")),
    "two disks in one file": case(
        "ova.file-twice", "'vmdisk1' and 'vmdisk2'", disks=disk() + disk().replace("vmdisk1", "vmdisk2")
    ),
    "a disk twice": case("ova.disk-twice", "'vmdisk1'", disks=disk() + disk()),
    "a disk attached twice": drives(
        "ova.disk-twice", "'vmdisk1'", drive("vmdisk1"), drive("vmdisk1", unit=1, number=5)
    ),
    "no such reference": case("ova.reference", "'file1'", files=file(NAME, 7)),
    "a file without a name": case("ova.reference", "References/File 1", files='<File ovf:id="file1"/>'),
    "an unknown compression": case("ova.compression", "'xz'", files=file(NAME, attributes='ovf:compression="xz"')),
    "capacity too small": case("ova.capacity", f"holds {SIZE}", disks=disk(capacity=SIZE - 512)),
    "capacity negative": case("ova.number", "capacity is '-5'", disks=disk(capacity=-5)),
    "capacity absurd": case("ova.number", "capacity", disks=disk(capacity="9" * 30)),
    "capacity zero": case("ova.number", "capacity", disks=disk(capacity=0)),
    "capacity a word": case("ova.number", "no.such", disks=disk(capacity="${no.such}")),
    "absurd units": case("ova.units", "furlongs", disks=units("furlongs")),
    "endless units": case("ova.units", "9999", disks=units("byte * 9999^99")),
    "units that are too much": case("ova.number", "PiB", disks=units("byte * 2^40", 1 << 40)),
    "a blank without capacity": case("ova.disk", "capacity", disks='<Disk ovf:diskId="vmdisk1"/>'),
    "a disk without a name": case("ova.disk", "diskId", disks='<Disk ovf:capacity="1"/>'),
    "a drive without a disk": drives("ova.disk", "ovf:/disk/nothing", drive("nothing")),
    "a controller that is not there": drives("ova.controller", "'77'", drive("vmdisk1", 77)),
    "a drive without a controller": drives("ova.controller", "''", drive("vmdisk1", "")),
    "a parent that is no controller": drives("ova.controller", "1024MB", drive("vmdisk1", 2)),
    "an unknown controller": drives("ova.controller", "quantum.bus", ODD, drive("vmdisk1", 8)),
    "an unknown SCSI controller": drives("ova.controller", "warp", WARP, drive("vmdisk1", 8)),
    "two controllers of one id": drives("ova.item-twice", "'3'", SCSI, drive("vmdisk1")),
    "a unit that is negative": drives("ova.number", "AddressOnParent", drive("vmdisk1", unit=-1)),
    "an unknown interface": case("ova.controller", "warp", disks=disk(attributes='ovf:disk-interface="warp"')),
    "no CPU": case("ova.hardware", "no CPU", hardware=MEMORY),
    "no memory": case("ova.hardware", "no memory", hardware=CPU),
    "an item without a type": drives("ova.hardware", "ResourceType", item(InstanceID=5)),
    "a foreign format": case("ova.image", "VHD", disks=disk(format_="http://go.microsoft.com/fwlink/?LinkId=137171")),
    "an unknown format": case("ova.image", "example.com", disks=disk(format_="http://example.com/x")),
    "a qcow2 that is none": case("ova.image", "qcow2", disks=disk(format_=QCOW2)),
    "a path that leads out": case("ova.file-missing", "etc/passwd", files=file("../../etc/passwd")),
}


@pytest.mark.parametrize("what", BAD)
def test_wrong_descriptors_are_refused_with_file_and_element(tmp_path: Path, what: str) -> None:
    ovf, wanted, named = BAD[what]
    error = fault(ovf.text(), tmp_path)
    assert (error.fault.code, named in str(error)) == (wanted, True), str(error)
    assert isinstance(error, Refused)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (quantity("-1", "1024"), "ova.number"),
        (quantity("0", "2"), "ova.number"),
        (quantity("9" * 30, "2"), "ova.number"),
        (quantity("1e9", "1024"), "ova.number"),
        (quantity("", "1024"), "ova.number"),
        (PLAIN.text().replace("byte * 2^20", "byte * 2^-20"), "ova.units"),
        (PLAIN.text().replace("byte * 2^20", "byte * 2^70"), "ova.units"),
        (PLAIN.text().replace("byte * 2^20", "parsec"), "ova.units"),
        (PLAIN.text().replace("byte * 2^20", "byte * 2^45"), "ova.number"),
        (PLAIN.text().replace("VirtualHardwareSection", "OtherSection"), "ova.hardware"),
        (
            PLAIN.text().replace("VirtualSystem ", "OtherSystem ").replace("/VirtualSystem>", "/OtherSystem>"),
            "ova.no-system",
        ),
        (PLAIN.text().replace("</Envelope>", PLAIN.system() + "</Envelope>"), "ova.system-twice"),
    ],
    ids=range(12),
)
def test_negative_and_absurd_hardware_is_refused(tmp_path: Path, text: str, wanted: str) -> None:
    assert code(text, tmp_path) == wanted


def test_collections_without_end_are_refused(tmp_path: Path) -> None:
    inner = PLAIN.system()
    text = PLAIN.text().replace(inner, "<VirtualSystemCollection>" * 40 + inner + "</VirtualSystemCollection>" * 40)
    assert code(text, tmp_path) == "ova.systems"
