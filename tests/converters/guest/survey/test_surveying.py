"""What is concluded from an appliance's answers, which are played: opened and locked devices, several systems, none."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.survey import filesystems, loader, system
from mtv.converters.guest.survey.asking import Survey
from mtv.converters.guest.survey.surveying import survey
from mtv.converters.guest.survey.system import System
from mtv.model.guest import GuestFacts

ESP = "C12A7328-F81F-11D2-BA4B-00C93EC93B"


class Played:
    """`kinds` are file systems by device; a LUKS device that opens shows `behind`. What is not told fails, as
    libguestfs does."""

    def __init__(self, kinds: dict[str, str], roots: tuple[str, ...] = (), behind: tuple[str, ...] = ()) -> None:
        self.kinds, self.roots, self.behind = dict(kinds), list(roots), behind
        self.key = "right"
        self.mounts: list[str] = []
        self.looked: list[str] = []
        self.asked = 0
        self.unmountable = False
        self.states: dict[str, object] = {}
        self.scanned = False

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*words: object, **options: object) -> object:
            if name in ("umount_all", "umount", "mkmountpoint", "rmmountpoint", "hivex_close"):
                return None
            raise RuntimeError(f"{name}: not to be had")

        return call

    def list_devices(self) -> list[str]:
        return ["/dev/sda", *(device for device in self.kinds if device == "/dev/sdb")]

    def lvs(self) -> list[str]:
        return [device for device in self.kinds if device.startswith("/dev/vg")]

    def list_md_devices(self) -> list[str]:
        return [device for device in self.kinds if device.startswith("/dev/md")]

    def list_dm_devices(self) -> list[str]:
        return [device for device in self.kinds if device.startswith("/dev/mapper/")]

    def vfs_type(self, device: str) -> str:
        if device == "/dev/sda":
            raise RuntimeError("vfs_type: no such thing on a disk with partitions")
        return self.kinds[device]

    def vfs_uuid(self, device: str) -> str:
        return f"uuid-of-{device.rpartition('/')[2]}"

    def vfs_label(self, device: str) -> str:
        return ""

    def blockdev_getsize64(self, device: str) -> int:
        return 1 << 30

    def tune2fs_l(self, device: str) -> dict[str, str]:
        return {"Filesystem state": "clean", "Filesystem features": "has_journal", **cast(dict[str, str], self.states)}

    def ntfs_3g_probe(self, rw: bool, device: str) -> int:
        return cast(int, self.states.get("ntfs", 0))

    def debug(self, subcmd: str, extraargs: list[str]) -> str:
        return str(self.states.get("said", ""))

    def cryptsetup_open(self, device: str, key: str, mapname: str) -> None:
        if key != self.key:
            raise RuntimeError("cryptsetup_open: No key available with this passphrase.")
        self.kinds |= {f"/dev/mapper/{mapname}": "ext4"}
        self.roots += self.behind

    def lvm_scan(self, activate: bool) -> None:
        self.scanned = activate

    def inspect_os(self) -> list[str]:
        self.asked += 1
        return self.roots

    def inspect_get_arch(self, root: str) -> str:
        return "x86_64"

    def inspect_get_type(self, root: str) -> str:
        return "hurd"

    def inspect_get_distro(self, root: str) -> str:
        return "unknown"

    def inspect_get_product_name(self, root: str) -> str:
        return "GNU/Hurd"

    def inspect_get_major_version(self, root: str) -> int:
        return 1

    def inspect_get_minor_version(self, root: str) -> int:
        return 0

    def inspect_get_mountpoints(self, root: str) -> dict[str, str]:
        return {"/": root}

    def list_partitions(self) -> list[str]:
        return [device for device in self.kinds if device.startswith("/dev/sda")]

    def part_to_dev(self, partition: str) -> str:
        return "/dev/sda"

    def part_to_partnum(self, partition: str) -> int:
        return 1

    def part_get_parttype(self, device: str) -> str:
        return "gpt"

    def part_get_gpt_type(self, device: str, partnum: int) -> str:
        return f"{ESP}5".lower() if "vfat" in self.kinds.values() else "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

    def mount_ro(self, device: str, path: str) -> None:
        self.looked.append(device)
        if self.unmountable:
            raise RuntimeError("mount_ro: bad superblock")

    def mount(self, device: str, path: str) -> None:
        if self.unmountable:
            raise RuntimeError("mount: bad superblock")
        self.mounts.append(path)

    def glob_expand(self, pattern: str, *, directoryslash: bool) -> list[str]:
        return cast(list[str], self.states.get("loaders", []))

    def statvfs(self, path: str) -> dict[str, int]:
        return {"bavail": 10, "frsize": 4096, "bsize": 4096, "files": 0, "ffree": 0}


def look(played: Played, **keys: Path) -> GuestFacts:
    return survey(cast(Handle, played), keys)


LUKS = {"/dev/sda1": "ext4", "/dev/sda2": "crypto_LUKS"}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    (tmp_path / "key").write_bytes(b"right\n")
    return tmp_path / "key"


@pytest.mark.parametrize("name", ["/dev/sda2", "UUID=uuid-of-sda2", "uuid-of-sda2"])
def test_a_luks_device_that_its_key_opens_is_locked_no_more(key: Path, name: str) -> None:
    played = Played(LUKS, behind=("/dev/mapper/mtv0",))
    facts = look(played, **{name: key})
    assert (facts.luks, facts.roots, facts.root_device) == ((), 1, "/dev/mapper/mtv0")
    assert played.scanned  # a volume group may lie in it
    assert facts.product == "GNU/Hurd"


@pytest.mark.parametrize("content", [b"wrong\n", b"", b"\xff\xfe\n", b"\nright"])
def test_a_key_that_does_not_open_it_leaves_it_locked_and_is_told(key: Path, content: bytes) -> None:
    key.write_bytes(content)
    facts = look(Played(LUKS), **{"/dev/sda2": key})
    assert (facts.luks, facts.roots) == (("/dev/sda2",), 0)
    assert facts.faults == ("/dev/sda2: the key for it does not open it",)
    assert "right" not in str(facts)


def test_without_a_key_it_stays_locked() -> None:
    facts = look(Played(LUKS))
    assert (facts.luks, facts.roots) == (("/dev/sda2",), 0)


@pytest.mark.parametrize("device", ["/dev/sdb", "/dev/sda3", "/dev/vg/root", "/dev/md127"])
def test_wherever_it_lies_it_is_seen(device: str, key: Path) -> None:
    assert look(Played({"/dev/sda1": "ext4", device: "crypto_LUKS"})).luks == (device,)
    assert look(Played({"/dev/sda1": "ext4", device: "crypto_LUKS"}), **{device: key}).luks == ()


def test_bitlocker_is_seen() -> None:
    assert look(Played({"/dev/sda2": "BitLocker"})).bitlocker == ("/dev/sda2",)


def test_two_systems_are_counted_and_none_is_mounted() -> None:
    played = Played({"/dev/sda1": "ext4", "/dev/sdb1": "ext4"}, ("/dev/sda1", "/dev/sdb1"))
    assert look(played).roots == 2
    assert played.mounts == []


def test_libguestfs_is_not_asked_for_what_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    told = System(
        root="/dev/sda1", family="hurd", distro="debian", product="Hurd", major=12, minor=9, arch="i386",
        mounted={"/": "/dev/sda1", "/srv": "/dev/sda2"},
    )  # fmt: skip
    monkeypatch.setattr(system, "plain", lambda *words: told)
    played = Played({"/dev/sda1": "ext4", "/dev/sda2": "ext4"})
    facts = look(played)
    assert (facts.roots, facts.root_device, facts.product, facts.arch) == (1, "/dev/sda1", "Hurd", "i386")
    assert (facts.distro, facts.major, facts.minor) == ("debian", 12, 9)
    assert [one.mounted_at for one in facts.filesystems] == ["/", "/srv"]
    assert (played.asked, played.mounts) == (0, ["/", "/srv"])


@pytest.mark.parametrize("kinds", [{"/dev/sda1": "swsuspend"}, {"/dev/sda1": "ext4"}, {"/dev/sda1": "ntfs"}])
def test_libguestfs_is_asked_for_all_else(kinds: dict[str, str]) -> None:
    played = Played(kinds, ("/dev/sda1",))
    facts = look(played)
    assert (facts.roots, facts.product, played.asked) == (1, "GNU/Hurd", 1)
    assert played.mounts == ["/"]


def test_a_device_that_was_not_told_leaves_it_to_libguestfs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "plain", lambda *words: pytest.fail("not all is known"))
    played = Played({"/dev/sda1": "ext4"}, ("/dev/sda1",))
    monkeypatch.setattr(played, "lvs", lambda: played.vgs())  # which fails
    assert (look(played).roots, played.asked) == (1, 1)


def test_snapshots_of_one_btrfs_are_one_system() -> None:
    roots = ("btrfsvol:/dev/sda2/@/.snapshots/1/snapshot", "btrfsvol:/dev/sda2/@")
    facts = look(Played({"/dev/sda2": "btrfs"}, roots))
    assert (facts.roots, facts.root_device) == (1, "btrfsvol:/dev/sda2/@")


def test_where_nothing_is_found_a_mount_that_fails_may_be_why() -> None:
    played = Played({"/dev/sda1": "ext4"})
    played.unmountable = True
    assert "does not mount" in look(played).faults[0]


@pytest.mark.parametrize(
    ("kind", "states", "dirty", "hibernated"),
    [
        ("ext4", {}, False, False),
        ("ext4", {"Filesystem state": "not clean"}, True, False),
        ("ext4", {"Filesystem state": "clean with errors"}, True, False),
        ("ext4", {"Filesystem features": "has_journal needs_recovery"}, True, False),
        ("ntfs", {"ntfs": 0}, False, False),
        ("ntfs", {"ntfs": 15}, True, False),
        ("ntfs", {"ntfs": 14}, True, True),
        ("xfs", {"said": "<CLEAN>\n"}, False, False),
        ("xfs", {"said": "<DIRTY>\n"}, True, False),
        ("btrfs", {"said": "log_root 0\n"}, False, False),
        ("btrfs", {"said": "log_root 30408704\n"}, True, False),
        ("swsuspend", {}, True, True),
        ("vfat", {}, False, False),
    ],
)
def test_what_was_not_left_in_order(kind: str, states: dict[str, object], dirty: bool, hibernated: bool) -> None:
    played = Played({"/dev/sda1": kind})
    played.states = states
    (found,), slept = filesystems.look(cast(Handle, played), played.kinds, [])
    assert (found.dirty, slept) == (dirty, hibernated)


@pytest.mark.parametrize(
    ("loaders", "told"),
    [
        (["/mtv-esp/EFI/BOOT/BOOTX64.EFI"], True),
        (["/mtv-esp/efi/boot/bootx64.efi"], True),
        (["/mtv-esp/EFI/BOOT/fbx64.efi", "/mtv-esp/EFI/BOOT/BOOTAA64.EFI"], False),
        ([], False),
    ],
)
def test_the_fallback_loader(loaders: list[str], told: bool) -> None:
    played = Played({"/dev/sda1": "vfat"})
    played.states = {"loaders": loaders}
    assert loader.firmware(cast(Handle, played), "x86_64", ["/dev/sda1"]) == ("efi", told)
    played.unmountable = True
    assert loader.firmware(cast(Handle, played), "x86_64", ["/dev/sda1"]) == ("efi", False)
    assert loader.firmware(cast(Handle, Played({"/dev/sda1": "ext4"})), "x86_64", []) == ("bios", None)


def test_what_lies_where() -> None:
    """A disk with partitions holds nothing itself; what libguestfs cannot look at is left out."""
    kinds = {"/dev/sda1": "ext4", "/dev/sda2": "LVM2_member", "/dev/vg/root": "xfs", "/dev/mapper/ldm_vol_1": "ntfs"}
    played = Played({**kinds, "/dev/sdb": "swap"})
    assert filesystems.contents(Survey(cast(Handle, played))) == {**kinds, "/dev/sdb": "swap"}
    found, _ = filesystems.look(cast(Handle, played), played.kinds, [])
    assert [one.device for one in found] == ["/dev/mapper/ldm_vol_1", "/dev/sda1", "/dev/sdb", "/dev/vg/root"]


def test_devices_that_cannot_be_listed_are_a_fault() -> None:
    played = Played({"/dev/sda1": "ext4"})

    def broken() -> list[str]:
        raise RuntimeError("lvs: it is broken")

    played.lvs = broken  # type: ignore[method-assign]
    work = Survey(cast(Handle, played))
    assert filesystems.contents(work) == {"/dev/sda1": "ext4"}
    assert work.faults == ["listing devices: lvs: it is broken"]
