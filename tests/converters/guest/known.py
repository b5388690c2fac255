"""Facts of guests, as inspection tells them: fit ones, to be made unfit by a test's own change."""

from mtv.model.estate import VM, Disk, Firmware
from mtv.model.guest import Filesystem, GuestFacts, Kernel

GIB = 1 << 30

DEBIAN_VM = VM(source="s", id="1", name="db01", disks=(Disk(key="d0", size_bytes=8 * GIB),))
EFI_VM = VM(source="s", id="2", name="uefi01", firmware=Firmware.EFI, disks=(Disk(key="d0", size_bytes=8 * GIB),))

KERNEL = Kernel(
    version="6.1.0-30-amd64",
    initramfs="/boot/initrd.img-6.1.0-30-amd64",
    drivers=("ahci", "virtio_blk", "virtio_net", "virtio_pci"),
    modules=("virtio_net",),
    default=True,
)
ROOT = Filesystem(
    device="/dev/sda1", type="ext4", mounted_at="/", size_bytes=8 * GIB, free_bytes=4 * GIB, free_inodes=100_000
)
DEBIAN = GuestFacts(
    roots=1, family="linux", distro="debian", product="Debian GNU/Linux 12", major=12, arch="x86_64",
    root_device="/dev/sda1", firmware="bios", kernels=(KERNEL,), filesystems=(ROOT,), systemd=252,
    packages=("qemu-guest-agent",),
)  # fmt: skip
DRIVE = Filesystem(device="/dev/sda2", type="ntfs", mounted_at="/", size_bytes=40 * GIB, free_bytes=9 * GIB)
WINDOWS = GuestFacts(
    roots=1, family="windows", distro="windows", product="Windows Server 2019 Standard", major=10, arch="x86_64",
    root_device="/dev/sda2", firmware="bios", filesystems=(DRIVE,), drivers=("viostor", "netkvm"),
)  # fmt: skip
NOTHING = GuestFacts(roots=0)
