"""Mount points by fstab, as libguestfs's inspect_get_mountpoints would tell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.guest.survey.fstab import POINTS_LIMIT, mount_points
from mtv.model.guest import Filesystem

FOUND = (
    Filesystem(device="/dev/sda1", type="vfat", uuid="7A1B-22C3"),
    Filesystem(device="/dev/sda2", type="ext4", uuid="aa-1", label="boot"),
    Filesystem(device="/dev/sda3", type="swap", uuid="aa-2", label="swap"),
    Filesystem(device="/dev/sdb", type="xfs", uuid="aa-3", label="twice"),
    Filesystem(device="/dev/sdc", type="xfs", uuid="aa-3", label="twice"),
    Filesystem(device="/dev/rhel/root", type="xfs", uuid="aa-4"),
    Filesystem(device="/dev/my-vg/va-r", type="ext4", uuid="aa-5"),
    Filesystem(device="/dev/rhel/swap", type="swap", uuid="aa-6"),
)
ROOT = "/dev/mapper/rhel-root / xfs defaults 0 0\n"


@pytest.mark.parametrize(
    ("line", "points"),
    [
        ("UUID=aa-1 /boot ext4 defaults 1 2", {"/boot": "/dev/sda2"}),
        ('UUID="aa-1" //boot/ ext4', {"/boot": "/dev/sda2"}),
        ("LABEL=boot\t/boot  auto\tdefaults,noauto", {"/boot": "/dev/sda2"}),
        ("UUID=7A1B-22C3 /boot/efi vfat umask=0077 0 2", {"/boot/efi": "/dev/sda1"}),
        ("/dev/mapper/my--vg-va--r /var ext4 defaults 0 2", {"/var": "/dev/my-vg/va-r"}),
        ("/dev/my-vg/va-r /var ext4 defaults 0 2", {"/var": "/dev/my-vg/va-r"}),
        ("/dev/sda3 none swap sw 0 0", {}),
        ("UUID=gone swap swap defaults 0 0", {}),
        ("PARTUUID=1-2 none swap sw 0 0", {}),
        ("/swapfile none swap sw 0 0", {}),
        ("tmpfs /tmp tmpfs defaults 0 0", {}),
        ("proc /proc proc defaults 0 0", {}),
        ("filer:/export /srv nfs defaults 0 0", {}),
        ("//filer/share /srv cifs defaults 0 0", {}),
        ("/data /srv none bind 0 0", {}),
        ("/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0", {}),
        ("/dev/fd0 /floppy auto user,noauto 0 0", {}),
        ("# /dev/sda9 /x ext4 d\u00e9faut", {}),
        ("", {}),
    ],
)
def test_what_is_mounted_where(line: str, points: dict[str, str]) -> None:
    assert mount_points(f"{ROOT}{line}\n", FOUND) == {"/": "/dev/rhel/root", **points}


@pytest.mark.parametrize(
    "line",
    [
        "/dev/sda2 /boot ext4 defaults 0 2",
        "/dev/vda2 /boot ext4 defaults 0 2",
        "/dev/disk/by-uuid/aa-1 /boot ext4 defaults 0 2",
        "/dev/disk/by-id/dm-uuid-LVM-abc /var ext4 defaults 0 2",
        "/dev/md0 /var ext4 defaults 0 2",
        "/dev/mapper/rhel-gone /var ext4 defaults 0 2",
        "/dev/mapper/luks-1 /var ext4 defaults 0 2",
        "PARTUUID=1-2 /boot ext4 defaults 0 2",
        "PARTLABEL=boot /boot ext4 defaults 0 2",
        "UUID=gone /boot ext4 defaults 0 2",
        "UUID= /boot ext4 defaults 0 2",
        "UUID=aa-3 /twice xfs defaults 0 2",
        "LABEL=twice /twice xfs defaults 0 2",
        "UUID=aa-2 /boot ext4 defaults 0 2",
        "UUID=aa-1 / ext4 defaults 0 2",
        "UUID=aa-1 /boot btrfs subvol=@ 0 2",
        "UUID=aa-1 /../boot ext4 defaults 0 2",
        "UUID=aa-1 /my\\040boot ext4 defaults 0 2",
        "UUID=aa-1 /b\u00f6\u00f6t ext4 defaults 0 2",
        "UUID=aa-1 /boot ext4 defaults 0 2\r",
        "UUID=aa-1 /boot ext4 defaults 0 2 # why",
        "UUID=aa-1 /boot ext4 defaults #why",
        "UUID=aa-1 /boot ext4 defaults x y",
        " UUID=aa-1 /boot ext4 defaults 0 2",
        "UUID=aa-1 /boot",
        "garbage",
    ],
)
def test_any_other_line_is_left_to_libguestfs(line: str) -> None:
    assert mount_points(f"{ROOT}{line}\n", FOUND) is None


def test_more_mount_points_than_any_guest_has() -> None:
    lines = "".join(f"UUID=aa-1 /{n} ext4\n" for n in range(POINTS_LIMIT))
    assert len(mount_points(lines, FOUND) or {}) == POINTS_LIMIT
    assert mount_points(f"{lines}{ROOT}", FOUND) is None


@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(
    ["UUID=aa-1", "LABEL=boot", "/dev/", "/", "..", " ", "\t", "\n", "ext4", "\\", '"', "#", "0", "\0", "none"]
), max_size=30).map("".join)))  # fmt: skip
def test_no_text_whatever_is_too_much(text: str) -> None:
    for path, device in (mount_points(text, FOUND) or {}).items():
        assert path.startswith("/")
        assert ".." not in path.split("/")
        assert device in {one.device for one in FOUND if one.type != "swap"}
