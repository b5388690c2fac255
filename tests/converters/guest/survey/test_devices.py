"""Device names that would change, and those that would not."""

from pathlib import Path

import pytest

from mtv.converters.guest.survey.devices import device_names, mounts
from tests.converters.guest.survey.trees import tree


@pytest.mark.parametrize(
    ("path", "line", "names"),
    [
        ("/etc/fstab", "/dev/sda1 / ext4 defaults 0 1", ("/dev/sda1",)),
        ("/etc/fstab", "/dev/disk/by-id/scsi-3600-part2 /srv xfs defaults 0 0", ("/dev/disk/by-id/scsi-3600-part2",)),
        ("/etc/fstab", "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:1:0 /a xfs x 0 0",
         ("/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:1:0",)),
        ("/etc/fstab", "/dev/nvme0n1p2 /a xfs x 0 0", ("/dev/nvme0n1p2",)),
        ("/etc/crypttab", "data /dev/sdb1 none luks", ("/dev/sdb1",)),
        ("/etc/default/grub", 'GRUB_CMDLINE_LINUX="resume=/dev/sda5 quiet"', ("/dev/sda5",)),
        ("/boot/grub/grub.cfg", "  linux /vmlinuz-6.1 root=/dev/sda2 ro", ("/dev/sda2",)),
        ("/boot/loader/entries/a.conf", "options root=/dev/sdb3", ("/dev/sdb3",)),
        ("/etc/kernel/cmdline", "root=/dev/hda1", ("/dev/hda1",)),
        ("/etc/initramfs-tools/conf.d/resume", "RESUME=/dev/sda5", ("/dev/sda5",)),
        ("/etc/lvm/devices/system.devices",
         "IDTYPE=sys_wwid IDNAME=naa.6000c2 DEVNAME=/dev/sda2 PVID=x PART=2", ("naa.6000c2",)),
        ("/etc/multipath/wwids", "# comment\n/36000c29e/", ("36000c29e",)),
        ("/etc/multipath.conf", "multipaths {\n multipath {\n  wwid 36000c29e\n }\n}", ("36000c29e",)),
        ("/etc/udev/rules.d/99-oracle.rules", 'KERNEL=="sdb", OWNER="oracle"', ("sdb",)),
        ("/etc/udev/rules.d/99-oracle.rules", 'ENV{ID_SERIAL}=="36000c29e85d6", SYMLINK+="asm1"', ("36000c29e85d6",)),
        ("/etc/mdadm/mdadm.conf", "DEVICE /dev/sdb1 /dev/sdc1", ("/dev/sdb1", "/dev/sdc1")),
    ],
)  # fmt: skip
def test_names_that_change_are_found(tmp_path: Path, path: str, line: str, names: tuple[str, ...]) -> None:
    assert device_names(tree(tmp_path, {path: f"{line}\n"})) == {path: names}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/fstab", "UUID=11-22 / ext4 defaults 0 1"),
        ("/etc/fstab", "LABEL=root / ext4 defaults 0 1"),
        ("/etc/fstab", "# /dev/sda1 was / during installation"),
        ("/etc/fstab", "/dev/mapper/vg-root / xfs defaults 0 0"),
        ("/etc/fstab", "/dev/vg0/root / xfs defaults 0 0"),
        ("/etc/fstab", "/dev/disk/by-uuid/11-22 / xfs defaults 0 0"),
        ("/etc/fstab", "/dev/disk/by-id/dm-uuid-LVM-abc / xfs defaults 0 0"),
        ("/etc/fstab", "/dev/md0 /srv xfs defaults 0 0"),
        ("/etc/fstab", "/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0"),
        ("/boot/grub/grub.cfg", "set root='hd0,msdos1'\nlinux /vmlinuz root=UUID=1 ro"),
        (
            "/etc/udev/rules.d/70-persistent-net.rules",
            'SUBSYSTEM=="net", ATTR{address}=="00:50:56:00:00:01", NAME="eth0"',
        ),
        ("/etc/udev/rules.d/60-x.rules", 'KERNEL=="tun", MODE="0666"'),
        ("/etc/lvm/devices/system.devices", "VERSION=1.1.5"),
    ],
)
def test_names_that_stay_are_let_be(tmp_path: Path, path: str, line: str) -> None:
    assert device_names(tree(tmp_path, {path: f"{line}\n"})) == {}


def test_mounts_are_read_as_fstab_has_them(tmp_path: Path) -> None:
    lines = "UUID=1 / ext4 errors=remount-ro 0 1\n\n# no\nproc /proc proc x 0 0\n"
    more = "LABEL=d /srv/my\\040data xfs defaults\n/swapfile none swap sw 0 0\nbroken\n"
    files = tree(tmp_path, {"/etc/fstab": lines + more})
    found = mounts(files)
    assert [(one.device, one.path, one.type) for one in found] == [
        ("UUID=1", "/", "ext4"), ("LABEL=d", "/srv/my data", "xfs"), ("/swapfile", "none", "swap"),
    ]  # fmt: skip
    assert found[0].options == "errors=remount-ro"


def test_many_names_are_cut(tmp_path: Path) -> None:
    lines = "\n".join(f"/dev/sd{letter}1 /{letter} xfs x 0 0" for letter in "abcdefghijklmnopqrstuvwxyz")
    assert len(device_names(tree(tmp_path, {"/etc/fstab": lines}))["/etc/fstab"]) == 20
