"""The manifest's digests, held against the bytes beside the copy; points and what they are of."""

import asyncio
import os
from pathlib import Path

import pytest

from mtv.errors import Cancelled, Held, MtvError, Refused, Temporary
from mtv.model.points import Point
from mtv.providers.ova import OVA, images
from tests.providers.ova.asking import exports, only
from tests.providers.ova.builders import Packed, Vmware, converted, manifest, raw, web
from tests.providers.ova.texts import OVIRT


def check(path: Path) -> object:
    export = exports(path)[0]
    return OVA.checks[export.way](export, lambda: False)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("packed", [True, False])
def test_a_right_digest_is_a_fact(tmp_path: Path, algorithm: str, packed: bool) -> None:
    made = web(tmp_path / "made")
    made.algorithm = algorithm
    path = made.ova(tmp_path / "web.ova") if packed else made.folder(tmp_path / "in")
    assert check(path) == {"algorithm": algorithm, "files": 1, "bytes": len(made.files["web-disk1.vmdk"])}


@pytest.mark.parametrize("packed", [True, False])
def test_a_flipped_bit_anywhere_is_found(tmp_path: Path, packed: bool) -> None:
    made = web(tmp_path / "made")
    made.manifest = manifest(made.files)
    wrong = bytearray(made.files["web-disk1.vmdk"])
    wrong[-200_000] ^= 1
    made.files["web-disk1.vmdk"] = bytes(wrong)
    path = made.ova(tmp_path / "web.ova") if packed else made.folder(tmp_path / "in")
    with pytest.raises(MtvError, match="web-disk1.vmdk") as caught:
        check(path)
    assert (caught.value.fault.code, caught.value.fault.exit_code) == ("source.checksum", 1)


def test_without_a_manifest_nothing_is_claimed(tmp_path: Path) -> None:
    made = web(tmp_path / "made")
    made.algorithm = ""
    assert check(made.ova(tmp_path / "web.ova")) == {}


def test_a_check_stops_when_it_is_told_to(tmp_path: Path) -> None:
    export = exports(web(tmp_path / "made").ova(tmp_path / "web.ova"))[0]
    with pytest.raises(Cancelled):
        OVA.checks[export.way](export, lambda: True)


def test_a_changed_file_is_not_even_checked(tmp_path: Path) -> None:
    path = web(tmp_path / "made").ova(tmp_path / "web.ova")
    export = exports(path)[0]
    os.utime(path, (1, 1))
    with pytest.raises(Held):
        OVA.checks[export.way](export, lambda: False)


def test_every_way_has_its_check_but_the_blank_one() -> None:
    assert set(OVA.openers) - set(OVA.checks) == {"ova.blank"}


def point(path: Path, name: str = "p") -> Point:
    source, vm = OVA("o", str(path)), only(path)
    return asyncio.run(source.freeze(vm, vm.disks, name, None, False))


def test_a_points_identity_follows_every_file(tmp_path: Path) -> None:
    folder = web(tmp_path / "made").folder(tmp_path / "in")
    first = point(folder)
    assert point(folder) == first
    seen = {first.identity}
    os.utime(folder / "web-disk1.vmdk", (1, 1))
    seen.add(point(folder).identity)
    data = (folder / "web-disk1.vmdk").read_bytes()
    (folder / "another").write_bytes(data)
    os.utime(folder / "another", (1, 1))
    os.replace(folder / "another", folder / "web-disk1.vmdk")
    seen.add(point(folder).identity)
    files = {"web.ovf": Vmware(inside="<!-- edited -->").text().encode(), "web-disk1.vmdk": data}
    (folder / "web.ovf").write_bytes(files["web.ovf"])
    (folder / "web.mf").write_bytes(manifest(files))
    seen.add(point(folder).identity)
    assert len(seen) == 4


def test_a_points_identity_does_not_follow_the_room_that_a_file_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system allocates late: what was copied would be compared anew, a guest looked into twice."""
    folder, room = web(tmp_path / "made").folder(tmp_path / "in"), iter(range(4096, 40960, 4096))
    monkeypatch.setattr(images, "_allocated_bytes", lambda *_: next(room))
    assert point(folder).identity == point(folder).identity


def test_an_export_of_a_point_that_is_past_is_refused(tmp_path: Path) -> None:
    path = web(tmp_path / "made").ova(tmp_path / "web.ova")
    old, vm, source = point(path), only(path), OVA("o", str(path))
    os.utime(path, (1, 1))
    with pytest.raises(Temporary, match="changed meanwhile") as caught:
        asyncio.run(source.export(old, vm.disks[0]))
    assert caught.value.fault.code == "source.changed"


def test_a_vm_that_is_no_more_is_named(tmp_path: Path) -> None:
    path = web(tmp_path / "made").ova(tmp_path / "web.ova")
    with pytest.raises(Refused, match="web.ova#other"):
        asyncio.run(OVA("o", str(path)).vm("web.ova#other"))
    with pytest.raises(Refused, match=r"\.\./web.ova"):
        asyncio.run(OVA("o", str(tmp_path)).vm("../web.ova#web"))


def test_two_disks_of_one_vm_are_exported_apart(tmp_path: Path) -> None:
    image = raw(tmp_path)
    files = {
        "vm.ovf": OVIRT.format().encode(),
        "img2": image.read_bytes(),
        "img1": converted(image, "q", "qcow2").read_bytes(),
    }
    path = Packed(files).ova(tmp_path / "rhv.ova")
    found = exports(path)
    assert [(one.id, one.way) for one in found] == [("p/d1", "ova.qcow2"), ("p/d2", "ova.raw")]
    assert found[0].params["pieces"] != found[1].params["pieces"]
    assert all(one.paths == (str(path),) for one in found)
