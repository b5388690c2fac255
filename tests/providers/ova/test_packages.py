"""Packages as files: what is beside what, manifests, and paths that must not lead out."""

import asyncio
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import Held, MtvError
from mtv.model.estate import VM, Revision
from mtv.providers.ova import OVA
from tests.formats.build import archive, tar_member
from tests.providers.ova.asking import changes, exports, only, vms
from tests.providers.ova.builders import SIZE, Packed, Vmware, disk, file, manifest, raw, stream, tarred, web


def fault(path: Path) -> MtvError:
    with pytest.raises(MtvError) as caught:
        changes(OVA("o", str(path)))
    return caught.value


def code(path: Path) -> str:
    return fault(path).fault.code


def test_two_descriptors_in_an_ova_are_refused_and_none_too(tmp_path: Path) -> None:
    text = Vmware().text().encode()
    assert code(tarred(tmp_path / "two.ova", [("a.ovf", text), ("b.ovf", text)])) == "ova.descriptors"
    assert code(tarred(tmp_path / "none.ova", [("a.vmdk", b"x")])) == "ova.descriptors"
    assert code(tarred(tmp_path / "empty.ova", [])) == "ova.descriptors"


@pytest.mark.parametrize(
    ("member", "wanted"),
    [
        (tar_member(b"/etc/cron.d/x", b"x"), "tar.path"),
        (tar_member(b"../x", b"x"), "tar.path"),
        (tar_member(b"web-disk1.vmdk", b"", b"2"), "tar.member-type"),
        (tar_member(b"web-disk1.vmdk", b"", b"3"), "tar.member-type"),
        (tar_member(b"a\nb", b"x"), "tar.name"),
        (tar_member(b"", b"n" * 4000 + b"\0", b"L") + tar_member(b"n", b"x"), "tar.name"),
    ],
    ids=range(6),
)
def test_a_hostile_tar_is_refused_and_nothing_is_written(tmp_path: Path, member: bytes, wanted: str) -> None:
    path = tmp_path / "web.ova"
    path.write_bytes(archive([tar_member(b"web.ovf", Vmware().text().encode()), member]))
    assert code(path) == wanted
    assert list(tmp_path.iterdir()) == [path]


def test_a_cut_off_ova_is_refused(tmp_path: Path) -> None:
    path = web(tmp_path).ova(tmp_path / "web.ova")
    os.truncate(path, path.stat().st_size // 2)
    assert code(path) == "tar.truncated"


def test_what_is_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.vmdk").write_bytes(b"x")
    assert code(tmp_path / "a.vmdk") == "ova.address"
    assert isinstance(fault(tmp_path / "gone.ova"), Held)
    assert [type(one).__name__ for one in changes(OVA("o", str(tmp_path)))] == ["Datastore", "Revision"]


def test_the_descriptors_digest_is_checked_when_it_is_read(tmp_path: Path) -> None:
    packed = web(tmp_path)
    packed.manifest = manifest({**packed.files, "web.ovf": b"another"})
    error = fault(packed.ova(tmp_path / "web.ova"))
    assert error.fault.code == "source.checksum"
    assert error.fault.exit_code == 1
    assert "web.ovf" in str(error)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("packed", [True, False])
def test_each_algorithm_is_known(tmp_path: Path, algorithm: str, packed: bool) -> None:
    made = web(tmp_path / "made")
    made.algorithm = algorithm
    path = made.ova(tmp_path / "web.ova") if packed else made.folder(tmp_path / "in")
    assert exports(path)[0].params["checks"]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (lambda files: manifest({"web.ovf": files["web.ovf"]}), "manifest.missing-line"),
        (lambda files: manifest({"web-disk1.vmdk": files["web-disk1.vmdk"]}), "manifest.missing-line"),
        (lambda files: manifest(files).replace(b"SHA256", b"MD5"), "manifest.algorithm"),
        (lambda files: b"SHA256(web.ovf)= 12\n", "manifest.line"),
        (lambda files: b"", "manifest.missing-line"),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_manifests_that_are_wrong_are_refused(tmp_path: Path, lines: object, wanted: str, packed: bool) -> None:
    made = web(tmp_path / "made")
    made.manifest = lines(made.files)  # type: ignore[operator]
    assert code(made.ova(tmp_path / "web.ova") if packed else made.folder(tmp_path / "in")) == wanted


def test_a_folder_may_hold_links_inside_but_none_that_lead_out(tmp_path: Path) -> None:
    folder = web(tmp_path / "made").folder(tmp_path / "in")
    image = folder / "web-disk1.vmdk"
    (folder / "images").mkdir()
    image.rename(folder / "images" / "d")
    image.symlink_to("images/d")
    assert only(folder).disks[0].size_bytes == SIZE
    (tmp_path / "secret").write_bytes(image.read_bytes())
    image.unlink()
    image.symlink_to(tmp_path / "secret")
    assert code(folder) == "ova.path"


@pytest.mark.parametrize(
    "href", ["../secret", "/etc/passwd", "a/../../secret", "http://example.com/x.vmdk", "%2e%2e/secret"]
)
def test_references_that_lead_out_of_a_folder_are_refused(tmp_path: Path, href: str) -> None:
    (tmp_path / "secret").write_bytes(b"x" * 4096)
    made = web(tmp_path / "made", replace(Vmware(), files=file(href)))
    made.algorithm = ""
    assert code(made.folder(tmp_path / "in")) == "ova.path"


def test_a_device_beside_a_descriptor_is_no_file(tmp_path: Path) -> None:
    folder = web(tmp_path / "made").folder(tmp_path / "in")
    (folder / "web-disk1.vmdk").unlink()
    os.mkfifo(folder / "web-disk1.vmdk")
    assert code(folder) == "ova.file-missing"


def test_names_with_escapes_and_subfolders_are_found(tmp_path: Path) -> None:
    data = stream(tmp_path)
    text = replace(Vmware(), files=file("my%20disk.vmdk")).text().encode()
    assert only(Packed({"d/web.ovf": text, "d/my disk.vmdk": data}, algorithm="").ova(tmp_path / "a.ova")).disks


def test_an_unreadable_folder_is_told(tmp_path: Path) -> None:
    assert fault(tmp_path / "nowhere").fault.code == "source.unreadable"


def test_two_hundred_packages_keep_their_disks_apart(tmp_path: Path) -> None:
    """Each VM's disk is its own: the size tells which."""
    folder, chance = tmp_path / "in", random.Random(5)
    sizes = {}
    for number in range(200):
        name, size = f"vm{number}", chance.randrange(1, 2000) * 512
        image = raw(tmp_path, f"{name}.raw", size, number).read_bytes()
        ovf = replace(Vmware(name=name), files=file("disk.raw"), disks=disk(capacity=size, format_="raw"))
        Packed({"x.ovf": ovf.text().encode(), "disk.raw": image}).ova(folder / f"{number % 7}" / f"{name}.ova")
        sizes[name] = size
    found = {vm.name: vm.disks[0].size_bytes for vm in vms(OVA("o", str(folder)))}
    assert found == sizes


def test_a_checking_look_names_what_is_broken(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    web(tmp_path / "made").ova(folder / "a.ova")
    (folder / "b.ova").write_bytes(b"no")
    findings = asyncio.run(OVA("o", str(folder)).check())
    assert [(one.name, one.ok) for one in findings] == [("packages", True), ("b.ova", False), ("qemu-nbd", True)]


def test_what_is_no_file_is_told_by_name_and_the_others_are_read(tmp_path: Path) -> None:
    """A link that leads nowhere, a link to a folder and a pipe, which nobody waits for."""
    web(tmp_path / "made").ova(tmp_path / "shelf" / "web.ova")
    shelf = tmp_path / "shelf"
    (shelf / "gone.ova").symlink_to("nowhere")
    (shelf / "folder.ova").symlink_to(tmp_path / "made")
    os.mkfifo(shelf / "pipe.ova")
    os.mkfifo(shelf / "pipe2.ovf")
    source = OVA("o", str(shelf))
    found = {vm.name: [one.text for one in vm.concerns if one.level == "critical"] for vm in vms(source)}
    assert found == {
        "web": [],
        "gone": ["gone.ova: it is a link that leads nowhere"],
        "folder": ["folder.ova: it is no file"],
        "pipe": ["pipe.ova: it is no file"],
        "pipe2": ["pipe2.ovf: it is no file"],
    }
    told = changes(source)[-1]
    assert isinstance(told, Revision)
    again = [change for change in changes(source, told.value) if isinstance(change, VM)]
    assert again == [], "nothing of it changed"
    (shelf / "gone.ova").unlink()
    web(tmp_path / "made").ova(shelf / "gone.ova")
    mended = {vm.path: vm.concerns for vm in changes(source, told.value) if isinstance(vm, VM)}
    assert not [one for one in mended["gone.ova"] if one.level == "critical"]
