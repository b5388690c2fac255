"""Which kernels boot and with which drivers, on the layouts of the distributions."""

from pathlib import Path

import pytest

from mtv.converters.guest.survey import kernels
from tests.converters.guest.survey.archives import PACKERS, cpio
from tests.converters.guest.survey.trees import tree

MODULES = "usr/lib/modules/{}/kernel/drivers/"
GRUB = """set default="0"
menuentry 'Debian' {{
        linux   /boot/vmlinuz-{0} root=UUID=1111 ro console=ttyS0 net.ifnames=0
        initrd  /boot/initrd.img-{0}
}}
"""


def image(version: str, *modules: str, packing: str = "gzip") -> bytes:
    return PACKERS[packing](cpio([MODULES.format(version) + module for module in modules]))


def test_debian(tmp_path: Path) -> None:
    files = tree(tmp_path, {
        "/boot/vmlinuz-6.1.0-30-amd64": "x", "/boot/vmlinuz-6.1.0-9-amd64": "x",
        "/boot/initrd.img-6.1.0-30-amd64": image("6.1.0-30-amd64", "block/virtio_blk.ko", "virtio/virtio_pci.ko"),
        "/boot/initrd.img-6.1.0-9-amd64": image("6.1.0-9-amd64", "scsi/vmw_pvscsi.ko", "sound/snd-hda.ko"),
        "/boot/grub/grub.cfg": GRUB.format("6.1.0-9-amd64"),
        "/lib/modules/6.1.0-30-amd64/kernel/drivers/net/virtio_net.ko": "",
    })  # fmt: skip
    faults: list[str] = []
    newest, older = kernels.kernels(files, faults)
    assert (newest.version, older.version) == ("6.1.0-30-amd64", "6.1.0-9-amd64")  # 30 is newer than 9
    assert newest.drivers == ("virtio_blk", "virtio_pci")
    assert newest.modules == ("virtio_net",)
    assert older.drivers == ("vmw_pvscsi",)
    assert (newest.default, older.default) == (False, True)
    assert kernels.cmdline(files) == "root=UUID=1111 ro console=ttyS0 net.ifnames=0"
    assert faults == []


def test_enterprise_linux_with_boot_loader_snippets(tmp_path: Path) -> None:
    machine, version = "ffffffffffffffffffffffffffffffff", "5.14.0-427.el9.x86_64"
    packed = image(version, "block/virtio_blk.ko.xz", "net/virtio_net.ko.xz", packing="zstd")
    entry = f"title RHEL\nlinux /vmlinuz-{version}\n"
    files = tree(tmp_path, {
        f"/boot/vmlinuz-{version}": "x", f"/boot/vmlinuz-0-rescue-{machine}": "x",
        f"/boot/initramfs-{version}.img": packed,
        f"/lib/modules/{version}/modules.builtin": "kernel/drivers/virtio/virtio_pci.ko\nkernel/fs/ext4.ko\n",
        f"/boot/loader/entries/{machine}-{version}.conf": f"{entry}options root=/dev/mapper/r ro $kernelopts\n",
        f"/boot/loader/entries/{machine}-0-rescue.conf": f"linux /vmlinuz-0-rescue-{machine}\noptions rescue\n",
        "/etc/default/grub": 'GRUB_CMDLINE_LINUX="rhgb quiet"\n',
    })  # fmt: skip
    (only,) = kernels.kernels(files, [])
    assert only.default
    assert only.drivers == ("virtio_blk", "virtio_net", "virtio_pci")  # one of them built in
    assert kernels.cmdline(files) == "root=/dev/mapper/r ro  rhgb quiet"


def test_the_snippet_that_grubenv_saved_is_the_default(tmp_path: Path) -> None:
    files = tree(tmp_path, {
        "/boot/vmlinuz-5.14.0-1.el9": "x", "/boot/vmlinuz-5.14.0-2.el9": "x",
        "/boot/loader/entries/m-5.14.0-1.el9.conf": "linux /vmlinuz-5.14.0-1.el9\noptions a\n",
        "/boot/loader/entries/m-5.14.0-2.el9.conf": "linux /vmlinuz-5.14.0-2.el9\noptions b\n",
        "/boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=m-5.14.0-1.el9\n",
    })  # fmt: skip
    assert kernels.default(files) == "5.14.0-1.el9"
    assert kernels.cmdline(files) == "a"


def test_suse_names_its_initramfs_its_own_way(tmp_path: Path) -> None:
    files = tree(tmp_path, {
        "/boot/vmlinuz-5.3.18-default": "x",
        "/boot/initrd-5.3.18-default": image("5.3.18-default", "block/virtio-blk.ko.xz", packing="xz"),
    })  # fmt: skip
    (only,) = kernels.kernels(files, [])
    assert (only.initramfs, only.drivers) == ("/boot/initrd-5.3.18-default", ("virtio_blk",))


def test_an_initramfs_that_cannot_be_read_is_a_fault_and_proves_nothing(tmp_path: Path) -> None:
    faults: list[str] = []
    files = tree(tmp_path, {"/boot/vmlinuz-1": "x", "/boot/initrd.img-1": "phony"})
    (only,) = kernels.kernels(files, faults)
    assert only.drivers == ()
    assert len(faults) == 1
    assert "/boot/initrd.img-1" in faults[0]


def test_more_kernels_than_anyone_needs_are_cut(tmp_path: Path) -> None:
    faults: list[str] = []
    files = tree(tmp_path, {f"/boot/vmlinuz-5.{n}": "x" for n in range(20)})
    found = kernels.kernels(files, faults)
    assert [kernel.version for kernel in found] == [f"5.{n}" for n in range(19, 11, -1)]
    assert "20 kernels" in faults[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"x" * (5 << 20)])
def test_strange_files_are_survived(tmp_path: Path, content: bytes) -> None:
    files = tree(tmp_path, {"/boot/grub/grub.cfg": content, "/etc/default/grub": content})
    assert kernels.kernels(files, []) == ()
    assert kernels.cmdline(files) == ""
    assert kernels.default(files) == ""
