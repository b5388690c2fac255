import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.boot.command import Place, command
from mtv.converters.boot.firmware import Flash, flash
from mtv.converters.boot.hardware import Card, Drive, Hardware
from mtv.errors import MtvError

FOLDER = Path("/run")
DISK = Drive(path=Path("/out/web/disk0.raw"), serial="one", size_bytes=1 << 30, boot_order=1)
WEB = Hardware(
    name="web",
    sockets=2,
    memory_bytes=1 << 30,
    uuid="422c6a2a-5ea9-1083-39f3-3b140fffb444",
    serial="VMware-42 2c",
    drives=(DISK,),
    cards=(Card(mac="00:50:56:9a:01:02"),),
)
PLACE = Place(folder=FOLDER, overlays=(FOLDER / "overlay0.qcow2",), cpus=2, memory_bytes=1 << 30)


def options(hardware: Hardware, place: Place = PLACE, name: str = "") -> list[str]:
    """The values of one option, or all of them."""
    argv = command(hardware, place)[1:]
    flags = iter(argv)
    pairs: list[tuple[str, str]] = []
    for flag in flags:
        pairs.append((flag, "" if flag in ("-nodefaults", "-no-user-config") else next(flags)))
    return [value for flag, value in pairs if name in ("", flag.removeprefix("-"))]


def devices(hardware: Hardware, place: Place = PLACE) -> list[dict[str, Any]]:
    found = [json.loads(value) for value in options(hardware, place, "device") if value.startswith("{")]
    return [one for one in found if one["driver"] != "pcie-root-port"]


def drivers(hardware: Hardware, place: Place = PLACE) -> list[str]:
    return [one["driver"] for one in devices(hardware, place)]


def blocks(hardware: Hardware, place: Place = PLACE) -> list[dict[str, Any]]:
    return [json.loads(value) for value in options(hardware, place, "blockdev")]


def test_golden() -> None:
    """Read the file when it changes: this is what a user's guest meets."""
    text = "\n".join(command(WEB, PLACE)) + "\n"
    assert text == (Path(__file__).parent / "golden" / "web.txt").read_text()


def test_devices_as_the_cluster_would_have_them() -> None:
    assert drivers(WEB) == [
        "virtio-net-pci", "virtio-serial-pci", "virtserialport", "virtio-blk-pci", "virtio-rng-pci",
        "virtio-tablet-pci",
    ]  # fmt: skip
    assert options(WEB, name="machine") == ["q35,accel=tcg"]
    assert options(WEB, name="cpu") == ["max"]
    assert options(WEB, replace(PLACE, kvm=True), "cpu") == ["host"]
    buses = [one["bus"] for one in devices(WEB) if str(one.get("bus", "")).startswith("port")]
    assert len(set(buses)) == len(buses) == 5


def test_nothing_gets_out_of_the_network() -> None:
    (net,) = (json.loads(value) for value in options(WEB, name="netdev"))
    assert net == {"type": "user", "id": "net0", "restrict": True, "ipv6": False}


def test_the_disk_is_only_read_and_its_format_never_guessed() -> None:
    (block,) = blocks(WEB)
    assert block["driver"] == "qcow2"
    assert block["file"]["filename"] == "/run/overlay0.qcow2"
    assert block["backing"] == {
        "driver": "raw",
        "file": {"driver": "file", "filename": "/out/web/disk0.raw"},
        "read-only": True,
    }


def test_persist_writes_the_disk_itself() -> None:
    (block,) = blocks(WEB, replace(PLACE, overlays=()))
    assert block == {
        "driver": "raw",
        "file": {"driver": "file", "filename": "/out/web/disk0.raw"},
        "node-name": "disk0",
        "discard": "unmap",
    }


def test_a_qcow2s_own_backing_file_is_not_followed() -> None:
    qcow2 = replace(WEB, drives=(replace(DISK, path=Path("/out/disk0.qcow2"), format="qcow2"),))
    assert blocks(qcow2)[0]["backing"]["backing"] is None
    assert blocks(qcow2, replace(PLACE, overlays=()))[0]["backing"] is None


def test_order_serials_and_boot_order() -> None:
    two = replace(WEB, drives=(DISK, replace(DISK, path=Path("/out/disk1.raw"), serial="two", boot_order=None)))
    place = replace(PLACE, overlays=(FOLDER / "a", FOLDER / "b"))
    found = [one for one in devices(two, place) if one["driver"] == "virtio-blk-pci"]
    assert [(one["drive"], one["serial"], one.get("bootindex")) for one in found] == [
        ("disk0", "one", 1),
        ("disk1", "two", None),
    ]


def test_sata_beyond_six() -> None:
    many = replace(WEB, drives=tuple(replace(DISK, bus="sata", serial=str(n)) for n in range(14)), usb_tablet=True)
    found = devices(many, replace(PLACE, overlays=tuple(FOLDER / str(n) for n in range(14))))
    buses = [one["bus"] for one in found if one["driver"] == "ide-hd"]
    assert buses[5:8] == ["ide.5", "sata1.0", "sata1.1"]
    assert buses[12:] == ["sata2.0", "sata2.1"]
    assert [one["id"] for one in found if one["driver"] == "ich9-ahci"] == ["sata1", "sata2"]
    assert [one["driver"] for one in found][-2:] == ["qemu-xhci", "usb-tablet"]


@pytest.mark.parametrize(
    ("bus", "driver"), [("pvscsi", "pvscsi"), ("lsisas", "mptsas1068"), ("scsi", "virtio-scsi-pci")]
)
def test_a_sources_controllers(bus: Any, driver: str) -> None:
    source = replace(
        WEB,
        drives=(replace(DISK, bus=bus), replace(DISK, bus=bus)),
        cards=(Card(mac="00:50:56:9a:01:02", model="vmxnet3", slot=192),),
    )
    place = replace(PLACE, overlays=(FOLDER / "a", FOLDER / "b"))
    found = devices(source, place)
    assert [one["driver"] for one in found].count(driver) == 1
    assert [one["scsi-id"] for one in found if one["driver"] == "scsi-hd"] == [0, 1]
    assert found[0]["driver"] == "vmxnet3"
    ports = [json.loads(value) for value in options(source, place, "device") if "pcie-root-port" in value]
    assert ports[0]["slot"] == 192
    assert options(source, place, "global") == ["ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
    assert options(WEB, name="global") == []


def test_capped_cpus_lose_their_topology() -> None:
    assert options(WEB, name="smp") == ["2,sockets=2,cores=1,threads=1"]
    assert options(WEB, replace(PLACE, cpus=1), "smp") == ["1"]


def test_efi_and_secure_boot() -> None:
    place = replace(PLACE, flash=Flash(Path("/code.fd"), Path("/run/variables.fd")))
    efi = replace(WEB, efi=True)
    assert options(efi, place, "drive") == [
        "if=pflash,unit=0,format=raw,readonly=on,file=/code.fd",
        "if=pflash,unit=1,format=raw,readonly=off,file=/run/variables.fd",
    ]
    assert options(efi, place, "global") == []
    secure = replace(efi, secure_boot=True)
    assert options(secure, place, "machine") == ["q35,accel=tcg,smm=on"]
    assert len(options(secure, place, "global")) == 2


def test_a_strangers_words_stay_values() -> None:
    odd = replace(
        WEB, serial="x,file=/etc/shadow", drives=(replace(DISK, serial="a,b", path=Path("/o,u:t/disk0.raw")),)
    )
    assert options(odd, name="smbios") == ["type=1,serial=x,,file=/etc/shadow"]
    assert blocks(odd)[0]["backing"]["file"]["filename"] == "/o,u:t/disk0.raw"


class TestFirmware:
    def test_each_boot_gets_fresh_variables(self, tmp_path: Path) -> None:
        (tmp_path / "code").write_bytes(b"code")
        (tmp_path / "vars").write_bytes(b"vars")
        folder = tmp_path / "run"
        folder.mkdir()
        places = [("/none", "/none"), (str(tmp_path / "code"), str(tmp_path / "vars"))]
        found = flash(folder, False, places)
        assert found == Flash(tmp_path / "code", folder / "variables.fd")
        assert found.variables.read_bytes() == b"vars"

    def test_none_is_installed(self, tmp_path: Path) -> None:
        with pytest.raises(MtvError) as error:
            flash(tmp_path, True, [("/none", "/none")])
        assert error.value.fault.hint == "apt-get install ovmf"
