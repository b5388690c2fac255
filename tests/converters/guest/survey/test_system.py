"""The plain case is found without inspect_os, and as it would find it; every other case is left to it."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.appliance.session import session
from mtv.converters.guest.change import overlays
from mtv.converters.guest.folder import FolderFiles
from mtv.converters.guest.survey import filesystems
from mtv.converters.guest.survey.asking import Survey
from mtv.converters.guest.survey.system import System, architecture, inspected, may_hold_system, on_root, plain
from mtv.model.guest import Filesystem
from tests.converters.guest.parts import fresh
from tests.converters.guest.survey.trees import tree
from tests.converters.network import corpus
from tests.guests.guests import Guest

FOUND = (
    Filesystem(device="/dev/sda1", type="ext4", uuid="u-1", label="root"),
    Filesystem(device="/dev/sda2", type="swap", uuid="u-2"),
    Filesystem(device="/dev/sdb1", type="xfs", uuid="u-3", label="data"),
    Filesystem(device="/dev/sdc1", type="vfat", uuid="u-4"),
)
KINDS = {one.device: one.type for one in FOUND}
FSTAB = "UUID=u-1 / ext4 defaults 0 1\nLABEL=data /srv xfs defaults 0 2\nUUID=u-2 none swap sw 0 0\n"
RHEL = {"ID": "rhel", "VERSION_ID": '"9.4"', "PRETTY_NAME": '"Red Hat Enterprise Linux 9.4 (Plow)"'}


def elf(bits: int = 2, order: int = 1, machine: int = 62) -> bytes:
    return (
        b"\x7fELF" + bytes([bits, order]) + bytes(12) + struct.pack("<H" if order == 1 else ">H", machine) + bytes(44)
    )


def guest(**told: str) -> dict[str, str | bytes]:
    release = "".join(f"{key}={value}\n" for key, value in {**RHEL, **told}.items())
    return {"/etc/os-release": release, "/etc/fstab": FSTAB, "/bin/bash": elf()}


EXPECTED = System(
    root="/dev/sda1", family="linux", distro="rhel", product="Red Hat Enterprise Linux 9.4 (Plow)", major=9, minor=4,
    arch="x86_64", mounted={"/": "/dev/sda1", "/srv": "/dev/sdb1"},
)  # fmt: skip


class Played:
    """Folders by device are what mounts; all that is not told fails."""

    def __init__(self, folder: Path, trees: Mapping[str, Mapping[str, str | bytes]]) -> None:
        self.trees = {}
        for device, files in trees.items():
            place = folder / device.replace("/", "_")
            place.mkdir()
            self.trees[device] = tree(place, files)
        self.now: FolderFiles | None = None
        self.failing = ""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*words: object, **options: object) -> object:
            raise RuntimeError(f"{name}: not to be had")

        return call

    def mount_ro(self, device: str, path: str) -> None:
        assert (path, self.now) == ("/", None)
        if device == self.failing:
            raise RuntimeError("mount_ro: bad superblock")
        self.now = self.trees[device]

    def umount_all(self) -> None:
        self.now = None

    def exists(self, path: str) -> bool:
        assert self.now
        return self.now.exists(path)

    def is_file(self, path: str, *, followsymlinks: bool) -> bool:
        assert self.now
        try:
            self.now.head(path, 0)
        except FileNotFoundError:
            return False
        return followsymlinks

    def pread(self, path: str, count: int, offset: int) -> bytes:
        assert self.now
        return self.now.head(path, offset + count)[offset:]


def played(folder: Path, **changed: Mapping[str, str | bytes]) -> Played:
    trees: dict[str, Mapping[str, str | bytes]] = {
        "/dev/sda1": guest(), "/dev/sdb1": {"/ledger/1": "x"}, "/dev/sdc1": {"/EFI/BOOT/BOOTX64.EFI": "x"},
    }  # fmt: skip
    return Played(folder, trees | {f"/dev/{name}": files for name, files in changed.items()})


def find(made: Played, kinds: Mapping[str, str] = KINDS) -> System | None:
    told = plain(cast(Handle, made), kinds, FOUND)
    assert made.now is None  # nothing stays mounted
    return told


def test_a_plain_linux_is_found(tmp_path: Path) -> None:
    assert find(played(tmp_path)) == EXPECTED


@pytest.mark.parametrize("name", ["etc/hosts", "windows/notepad.exe", "dos/command.com", "hurd/null"])
@pytest.mark.parametrize("device", ["sda1", "sdb1", "sdc1"])
def test_a_trace_of_another_system_is_left_to_libguestfs(tmp_path: Path, device: str, name: str) -> None:
    before: Mapping[str, str | bytes] = guest() if device == "sda1" else {}
    found = find(played(tmp_path, **{device: {**before, f"/{name}": "x"}}))
    assert found == (EXPECTED if (device, name) == ("sda1", "etc/hosts") else None)


def test_two_systems_and_none_are_left_to_libguestfs(tmp_path: Path) -> None:
    assert find(played(tmp_path, sdb1=guest())) is None
    assert find(played(fresh(tmp_path / "none"), sda1={"/ledger/2": "x"})) is None


@pytest.mark.parametrize("device", ["/dev/sda1", "/dev/sdb1", "/dev/sdc1"])
def test_a_file_system_that_does_not_mount_is_left_to_libguestfs(tmp_path: Path, device: str) -> None:
    made = played(tmp_path)
    made.failing = device
    assert find(made) is None


@pytest.mark.parametrize("kind", ["btrfs", "ntfs", "crypto_LUKS", "BitLocker", "linux_raid_member", "swsuspend", "ufs"])
def test_any_other_kind_is_left_to_libguestfs(tmp_path: Path, kind: str) -> None:
    assert find(played(tmp_path), {**KINDS, "/dev/sdd": kind}) is None
    assert find(played(fresh(tmp_path / "more")), {**KINDS, "/dev/sdd": "", "/dev/sde": "LVM2_member"}) == EXPECTED


def test_more_devices_than_are_looked_at_are_left_to_libguestfs(tmp_path: Path) -> None:
    many = {f"/dev/sdd{n}": "" for n in range(filesystems.DEVICES_LIMIT)}
    assert find(played(tmp_path), {**KINDS, **many}) is None
    swaps = tuple(Filesystem(device=f"/dev/sdd{n}", type="swap") for n in range(filesystems.FILESYSTEMS_LIMIT))
    assert plain(cast(Handle, played(fresh(tmp_path / "more"))), KINDS, FOUND + swaps) is None


@pytest.mark.parametrize(
    "change",
    [
        {"/etc/fstab": "/dev/sda1 / ext4 defaults 0 1\n"},
        {"/etc/fstab": "LABEL=data / xfs defaults 0 1\n"},
        {"/etc/fstab": "LABEL=data /srv xfs defaults 0 1\n"},
        {"/etc/fstab": FSTAB + "#" * (1 << 17)},
        {"/etc/fstab": b"\xff\xfe\0"},
        {"/etc/os-release": b"\xff\xfe\0" * 100},
        {"/etc/os-release": "ID=rhel\n" * (1 << 15)},
        {"/bin/bash": "#!/bin/sh\n"},
        {"/bin/bash": elf(machine=0xFFFF)},
        {"/grub2/grub.cfg": "x"},
    ],
)
def test_a_root_that_is_not_plain_is_left_to_libguestfs(tmp_path: Path, change: Mapping[str, str | bytes]) -> None:
    assert on_root(tree(tmp_path, {**guest(), **change}), "/dev/sda1", FOUND) is None


@pytest.mark.parametrize("missing", ["/etc/fstab", "/etc/os-release", "/bin/bash"])
def test_a_root_without_one_of_its_marks(tmp_path: Path, missing: str) -> None:
    files = {path: content for path, content in guest().items() if path != missing}
    made = tree(tmp_path, files)
    assert may_hold_system(made)
    assert on_root(made, "/dev/sda1", FOUND) is None


@pytest.mark.parametrize("target", ["fstab", "/etc", "/etc/nothing", "../../../../etc/fstab"])
def test_marks_that_are_links_to_nowhere(tmp_path: Path, target: str) -> None:
    made = tree(tmp_path, guest())
    (tmp_path / "etc/fstab").unlink()
    (tmp_path / "etc/fstab").symlink_to(target)
    assert on_root(made, "/dev/sda1", FOUND) is None


@pytest.mark.parametrize(
    ("header", "arch"),
    [
        (elf(), "x86_64"),
        (elf(bits=1, machine=3), "i386"),
        (elf(machine=183), "aarch64"),
        (elf(machine=21), "ppc64le"),
        (elf(order=2, machine=21), "ppc64"),
        (elf(order=2, machine=22), "s390x"),
        (elf(bits=1), ""),
        (elf()[:19], ""),
        (b"", ""),
    ],
)
def test_the_architecture_of_its_programs(tmp_path: Path, header: bytes, arch: str) -> None:
    files = tree(tmp_path, {"/usr/bin/busybox": header})
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "usr/bin/bash").symlink_to("bash")  # a loop: the next one is asked
    (tmp_path / "usr/bin/ls").symlink_to("busybox")
    assert architecture(files) == arch


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_tree_without_release_files_is_never_called_plain(name: str) -> None:
    """They hold what belongs to the network; as guests they are unclear."""
    files = FolderFiles(corpus.FOLDER / name / "root")
    assert may_hold_system(files)
    assert on_root(files, "/dev/sda1", FOUND) is None


@given(release=st.binary(max_size=80), table=st.binary(max_size=80), program=st.binary(max_size=40))
def test_no_bytes_whatever_are_too_much(
    tmp_path_factory: pytest.TempPathFactory, release: bytes, table: bytes, program: bytes
) -> None:
    files = tree(
        tmp_path_factory.getbasetemp() / "bytes",
        {"/etc/os-release": release, "/etc/fstab": FSTAB.encode() + table, "/bin/bash": program},
    )
    assert on_root(files, "/dev/sda1", FOUND) is None


@pytest.fixture(params=["debian", "phony_debian", "phony_rhel"])
def built(request: pytest.FixtureRequest) -> Guest:
    found: Guest = request.getfixturevalue(request.param)
    return found


@pytest.mark.appliance
@pytest.mark.slow
def test_libguestfs_says_the_same(built: Guest, tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.qcow2" for n in range(len(built.disks))]
    for disk, file in zip(built.disks, files, strict=True):
        overlays.create(file, str(disk), "raw", disk.stat().st_size)
    with session(files) as handle:
        kinds = filesystems.contents(Survey(handle))
        found, _ = filesystems.look(handle, kinds, [])
        ours = plain(handle, kinds, found)
        (root,) = handle.inspect_os()
        theirs = inspected(handle, root)
    assert ours
    if theirs.distro == "debian":  # of which libguestfs tells the number as its name
        assert ours.product.startswith(f"Debian GNU/Linux {theirs.major}")
        theirs = replace(theirs, product=ours.product)
    assert ours == theirs
