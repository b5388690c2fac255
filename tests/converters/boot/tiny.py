"""Guests small enough to boot in seconds: a boot sector that only prints, and a kernel with busybox and an agent of a
few lines of shell."""

import os
import stat
import struct
import subprocess
from pathlib import Path

import pytest

SHOWN = b"\r\ntiny login: "


def boot_sector(text: bytes = SHOWN) -> bytes:
    """512 bytes that print `text` to the first serial port and halt."""
    code = bytes.fromhex(
        "fa31c08ed8be1e7c"  # cli; xor ax,ax; mov ds,ax; mov si,text
        "bafd03eca82074fb"  # next: mov dx,0x3fd; wait: in al,dx; test al,0x20; jz wait
        "ac84c07406"  # lodsb; test al,al; jz halt
        "baf803eeebed"  # mov dx,0x3f8; out dx,al; jmp next
        "f4ebfd"  # halt: hlt; jmp halt
    )
    return (code + text + b"\0").ljust(510, b"\0") + b"\x55\xaa"


def efi_program(text: bytes = SHOWN) -> bytes:
    """The same as a program for 64-bit firmware, not signed: the smallest PE file that OVMF loads."""
    code = bytes.fromhex(
        "fafc488d351a000000"  # cli; cld; lea rsi,[text]
        "66bafd03eca82074fb"  # next: mov dx,0x3fd; wait: in al,dx; test al,0x20; jz wait
        "ac84c07407"  # lodsb; test al,al; jz halt
        "66baf803eeebeb"  # mov dx,0x3f8; out dx,al; jmp next
        "f4ebfd"  # halt: hlt; jmp halt
        "9090"
    )
    header = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    header += struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 0xF0, 0x22)  # x86-64, one section, executable
    header += struct.pack("<HBBIIIII", 0x20B, 0, 0, 0x200, 0, 0, 0x1000, 0x1000)  # PE32+, entry and base of code
    header += struct.pack("<QIIHHHHHHIIII", 0, 0x1000, 0x200, 0, 0, 0, 0, 0, 0, 0, 0x2000, 0x200, 0)
    header += struct.pack("<HHQQQQII", 10, 0, 0, 0, 0, 0, 0, 16) + bytes(16 * 8)  # an EFI application, no directories
    header += b".text\0\0\0" + struct.pack("<IIIIIIHHI", 0x200, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0xE0000020)
    return header.ljust(0x200, b"\0") + (code + text + b"\0").ljust(0x200, b"\0")


def efi_disk(path: Path, size_bytes: int = 4 << 20) -> None:
    """A disk with a FAT file system that holds that program where firmware without memory looks for a loader."""
    program = path.with_name("BOOTX64.EFI")
    program.write_bytes(efi_program())
    with path.open("wb") as file:
        file.truncate(size_bytes)
    for tool, *words in (
        ("mformat", "-h", "16", "-s", "32", "-t", str(size_bytes >> 18), "::"),
        ("mmd", "::/EFI", "::/EFI/BOOT"),
        ("mcopy", str(program), "::/EFI/BOOT/"),
    ):
        subprocess.run([tool, "-i", str(path), *words], check=True)
    program.unlink()


class Cpio:
    """An initramfs in the kernel's own format."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.made: set[str] = set()

    def folder(self, path: str) -> None:
        for end in range(1, path.count("/") + 2):
            part = "/".join(path.split("/")[:end])
            if part not in self.made:
                self.made.add(part)
                self._add(part, stat.S_IFDIR | 0o755, b"")

    def file(self, path: str, content: bytes, mode: int = 0o755) -> None:
        self.folder(os.path.dirname(path) or "dev")
        self._add(path, stat.S_IFREG | mode, content)

    def image(self) -> bytes:
        self._add("TRAILER!!!", 0, b"")
        return bytes(self.data)

    def _add(self, path: str, mode: int, content: bytes) -> None:
        name = path.encode() + b"\0"
        fields = (len(self.data), mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        self.data += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._pad()
        self.data += content
        self._pad()

    def _pad(self) -> None:
        self.data += bytes(-len(self.data) % 4)


MODULES = (
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_blk",
    "virtio_console",
    "failover",
    "net_failover",
    "virtio_net",
)


def kernel() -> Path:
    found = sorted(Path("/boot").glob("vmlinuz-*-cloud-amd64"))
    if not found:
        pytest.skip("linux-image-cloud-amd64 is not installed: run scripts/setup")
    return found[-1]


def initramfs(init: str) -> bytes:
    version = kernel().name.removeprefix("vmlinuz-")
    made = Cpio()
    for folder in ("dev", "proc", "sys", "bin"):
        made.folder(folder)
    made.file("bin/busybox", Path("/bin/busybox").read_bytes())
    for module in MODULES:
        (found,) = Path(f"/lib/modules/{version}").rglob(f"{module}.ko")
        made.file(f"modules/{module}.ko", found.read_bytes())
    loads = "\n".join(f"insmod /modules/{module}.ko" for module in MODULES)
    made.file("init", INIT.format(loads=loads, init=init).encode())
    return made.image()


INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc none /proc; mount -t sysfs none /sys; mount -t devtmpfs none /dev
{loads}
{init}
"""

AGENT = r"""
ip link set eth0 up; ip addr add 192.0.2.10/24 dev eth0
printf '\r\nweb01 login: '
until name=$(grep -l guest_agent /sys/class/virtio-ports/*/name); do sleep 0.1; done
port=${name%/name}; port=/dev/${port##*/}
exec 3<>$port
while read -r line <&3; do
  case "$line" in
  *guest-sync-delimited*) id=${line##*: }; printf '\377{"return": %s}\n' "${id%%\}*}" >&3 ;;
  *get-host-name*) echo '{"return": {"host-name": "web01"}}' >&3 ;;
  *get-interfaces*) echo '{"return": [{"name": "eth0", "hardware-address": "'$(cat /sys/class/net/eth0/address)'",
    "ip-addresses": [{"ip-address": "192.0.2.10", "prefix": 24, "ip-address-type": "ipv4"}]}]}' | tr -d '\n' >&3
    echo >&3 ;;
  *get-disks*) disks=; for disk in /sys/block/vd*; do
      disks="$disks, {\"name\": \"/dev/${disk##*/}\", \"partition\": false,
        \"address\": {\"serial\": \"$(cat $disk/serial)\"}}"; done
    echo "{\"return\": [${disks#, }]}" | tr -d '\n' >&3; echo >&3 ;;
  *shutdown*) echo marked | dd of=/dev/vda conv=fsync bs=16; poweroff -f ;;
  *) echo '{"error": {"class": "CommandNotFound", "desc": "no such command"}}' >&3 ;;
  esac
done
"""
