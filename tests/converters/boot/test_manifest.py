import copy
import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv import codec
from mtv.converters.boot.hardware import Card, Drive, Hardware
from mtv.converters.boot.manifest import disk_size_bytes, known_guest, read
from mtv.converters.manifests import documents
from mtv.errors import Refused
from mtv.formats.kubeyaml import dump
from mtv.model.estate import Json
from mtv.model.guest import GuestFacts
from mtv.process import run
from tests.converters.manifests.estate import CASES, TWO_DISKS, WEB, plan, volumes

MIB = 1 << 20


def bundle(folder: Path, name: str) -> Path:
    wanted, guest = CASES[name]
    made = volumes(wanted.vm)
    for volume in made:
        with (folder / f"disk{volume.index}.raw").open("wb") as file:
            file.truncate(volume.size_bytes)
    (folder / "vm.yaml").write_bytes(dump(documents(wanted, guest, made)))
    return folder


def test_a_bios_vm(tmp_path: Path) -> None:
    assert read(bundle(tmp_path, "bios")) == Hardware(
        name="web",
        sockets=2,
        memory_bytes=2 << 30,
        uuid="422c6a2a-5ea9-1083-39f3-3b140fffb444",
        serial=WEB.serial,
        drives=(Drive(path=tmp_path / "disk0.raw", serial="mtv-cd66adcc", size_bytes=2 << 30, boot_order=1),),
        cards=(Card(mac="00:50:56:9a:01:02"),),
    )


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("uefi", {"efi": True}),
        ("secure-boot", {"efi": True, "secure_boot": True}),
        ("windows", {"hyperv": True, "sockets": 2, "cores": 2}),
        ("no-nic", {"cards": ()}),
    ],
)
def test_what_differs(tmp_path: Path, name: str, changes: dict[str, Any]) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    found = read(bundle(tmp_path, name))
    assert replace(found, drives=()) == replace(read(bundle(plain, "bios")), drives=(), **changes)


def test_cards_and_disks_keep_their_order_and_kind(tmp_path: Path) -> None:
    assert read(bundle(tmp_path, "two-nics")).cards == (
        Card(mac="00:50:56:9a:01:02"),
        Card(mac="1a:be:67:c2:0d:da", up=False),
    )
    drives = read(bundle(tmp_path, "two-disks")).drives
    assert [(drive.path.name, drive.size_bytes, drive.boot_order) for drive in drives] == [
        ("disk0.raw", 2 << 30, 1),
        ("disk1.raw", (10 << 30) + 512, None),
    ]
    found = read(bundle(tmp_path, "compatible"))
    assert (found.drives[0].bus, found.cards[0].model, found.usb_tablet) == ("sata", "e1000e", True)


def test_qcow2_disks(tmp_path: Path) -> None:
    wanted = plan(WEB, storage="qcow2")
    run(["qemu-img", "create", "-q", "-f", "qcow2", str(tmp_path / "disk0.qcow2"), "8M"])
    (tmp_path / "vm.yaml").write_bytes(dump(documents(wanted, None, volumes(WEB, "qcow2"))))
    (drive,) = read(tmp_path).drives
    assert (drive.format, drive.size_bytes) == ("qcow2", 8 * MIB)


@pytest.mark.parametrize("option", ["backing_file=/etc/passwd,backing_fmt=raw", "data_file=other.raw"])
def test_a_qcow2_that_reads_other_files_is_refused(tmp_path: Path, option: str) -> None:
    path = tmp_path / "disk0.qcow2"
    run(["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-o", option, str(path), "8M"], cwd=tmp_path)
    with pytest.raises(Refused, match="disk0.qcow2"):
        disk_size_bytes(path, "qcow2")


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", b"x" * 200])
def test_no_qcow2_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "disk0.qcow2").write_bytes(content)
    with pytest.raises(Refused):
        disk_size_bytes(tmp_path / "disk0.qcow2", "qcow2")


class TestKnownGuest:
    FACTS = GuestFacts(roots=1, distro="debian", major=12, hostname="web01")

    def test_the_receipt_remembers_it(self, tmp_path: Path) -> None:
        (tmp_path / "receipt.json").write_text(json.dumps({"facts": {"guest": codec.dump(self.FACTS)}}))
        assert known_guest(tmp_path) == self.FACTS

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"facts": null}', '{"facts": {"guest": {"x": 1}}}', "[" * 9999])
    def test_or_does_not(self, tmp_path: Path, text: str) -> None:
        assert known_guest(tmp_path) is None
        (tmp_path / "receipt.json").write_text(text)
        assert known_guest(tmp_path) is None


class TestHostile:
    """A bundle may be a stranger's."""

    @pytest.fixture
    def made(self, tmp_path: Path) -> list[dict[str, Any]]:
        bundle(tmp_path, "bios")
        wanted, guest = CASES["bios"]
        return copy.deepcopy(documents(wanted, guest, volumes(wanted.vm)))

    def refused(self, folder: Path, made: list[dict[str, Json]]) -> str:
        (folder / "vm.yaml").write_bytes(dump(made))
        with pytest.raises(Refused) as error:
            read(folder)
        return error.value.fault.code

    def test_no_bundle(self, tmp_path: Path) -> None:
        for folder in (tmp_path, tmp_path / "none", Path("/dev/null")):
            with pytest.raises(Refused, match="no bundle") as error:
                read(folder)
            assert error.value.exit_code == 2

    @pytest.mark.parametrize("file", ["../disk0.raw", "/etc/passwd", "disk0.raw\n", "vm.yaml", "", "disk0.iso"])
    def test_files_outside_of_it(self, tmp_path: Path, made: list[dict[str, Any]], file: str) -> None:
        made[0]["metadata"]["annotations"]["mtv/disk"] = file
        assert self.refused(tmp_path, made) == "boot.manifest"

    def test_a_link_for_a_disk(self, tmp_path: Path, made: list[dict[str, Any]]) -> None:
        os.rename(tmp_path / "disk0.raw", tmp_path / "elsewhere")
        (tmp_path / "disk0.raw").symlink_to("elsewhere")
        assert self.refused(tmp_path, made) == "boot.no-disk"

    def test_a_disk_that_is_gone(self, tmp_path: Path, made: list[dict[str, Any]]) -> None:
        (tmp_path / "disk0.raw").unlink()
        assert self.refused(tmp_path, made) == "boot.no-disk"

    def test_two_machines_or_none(self, tmp_path: Path, made: list[dict[str, Any]]) -> None:
        assert self.refused(tmp_path, [*made, made[-1]]) == "boot.manifest"
        assert self.refused(tmp_path, made[:1]) == "boot.manifest"

    def test_fields_that_the_api_does_not_know(self, tmp_path: Path, made: list[dict[str, Any]]) -> None:
        made[-1]["spec"]["template"]["spec"]["domain"]["qemu"] = "-drive file=/etc/shadow"
        assert self.refused(tmp_path, made) == "boot.manifest"

    @pytest.mark.parametrize("target", [{"cdrom": {"bus": "sata"}}, {"lun": {}}, {"disk": {"bus": "usb"}}])
    def test_disks_that_are_none(self, tmp_path: Path, made: list[dict[str, Any]], target: dict[str, Json]) -> None:
        disk = made[-1]["spec"]["template"]["spec"]["domain"]["devices"]["disks"][0]
        del disk["disk"]
        disk.update(target)
        assert self.refused(tmp_path, made) == "boot.manifest"

    @pytest.mark.parametrize("field", ["uuid", "serial"])
    def test_values_cannot_become_options(self, tmp_path: Path, made: list[dict[str, Any]], field: str) -> None:
        made[-1]["spec"]["template"]["spec"]["domain"]["firmware"][field] = "x,file=/etc/shadow"
        (tmp_path / "vm.yaml").write_bytes(dump(made))
        if field == "uuid":
            with pytest.raises(Refused):
                read(tmp_path)
        else:
            assert read(tmp_path).serial == "x,file=/etc/shadow"


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(tree, dict):
        return [found for key, part in tree.items() for found in (leaves(part, (*path, key)) or [(*path, key)])]
    if isinstance(tree, list):
        return [found for index, part in enumerate(tree) for found in leaves(part, (*path, index))]
    return [path]


MACHINE = documents(plan(TWO_DISKS), None, volumes(TWO_DISKS))
LEAVES = leaves(MACHINE)
GONE = object()


@given(
    st.sampled_from(LEAVES).flatmap(lambda path: st.integers(1, len(path)).map(lambda length: path[:length])),
    st.just(GONE) | st.none() | st.integers() | st.text(max_size=20) | st.just({}) | st.just([]),
)
def test_any_field_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], value: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile"
    folder.mkdir(exist_ok=True)
    for index in range(2):
        (folder / f"disk{index}.raw").write_bytes(bytes(512))
    made: Any = copy.deepcopy(MACHINE)
    place = made
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    (folder / "vm.yaml").write_bytes(dump(made))
    with suppress(Refused):
        assert all(drive.path.parent == folder for drive in read(folder).drives)
