"""The operating system on a VM's disks. In the plain case, one Linux on ext or xfs that names its devices by UUID,
label or volume, it is found by ourselves: libguestfs's inspect_os takes 7.5 s under emulation, since it tries and lists
much that a plain guest has not. In every other case libguestfs is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.appliance.session import ApplianceFiles
from mtv.converters.guest.files import GuestPrograms
from mtv.converters.guest.survey import filesystems, fstab, release
from mtv.errors import MtvError
from mtv.model.guest import Filesystem

_SWAP = "swap"
_PLAIN_KINDS = frozenset({*filesystems.EXT, "xfs", "vfat", _SWAP, "", "unknown", "LVM2_member"})
# What any system has at the root of its file system; "" and swap have no root. vfat tells no case.
_SIGNS = ("/etc", "/hurd", "/windows", "/winnt", "/win32", "/win", "/reactos", "/dos", "/fdos")
# Where libguestfs would take a Linux root for something else: Debian has a Hurd, and a /boot may hold an /etc.
_OTHER_THAN_LINUX = ("/grub", "/grub2", *_SIGNS[1:])
_NEEDED = ("/etc/fstab", release.OS_RELEASE, "/bin")
_PROGRAMS = ("/bin/bash", "/bin/ls", "/bin/echo", "/bin/rm", "/bin/sh")  # in libguestfs's order
_HEADER_BYTES = 20
_ARCHS = {  # of an ELF header: 64 bits or 32, little end first or big, and the machine's number -> libguestfs's name
    (2, 1, 62): "x86_64", (1, 1, 3): "i386", (2, 1, 183): "aarch64", (2, 1, 243): "riscv64", (2, 2, 21): "ppc64",
    (2, 1, 21): "ppc64le", (2, 2, 22): "s390x",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class System:
    """`root` is what virt-v2v takes for --root, and `mounted` is path -> device."""

    root: str
    family: str
    distro: str
    product: str
    major: int
    minor: int
    arch: str
    mounted: Mapping[str, str] = field(default_factory=dict)


def inspected(handle: Handle, root: str) -> System:
    """What inspect_os found there."""
    return System(
        root=root,
        family=handle.inspect_get_type(root),
        distro=handle.inspect_get_distro(root),
        product=handle.inspect_get_product_name(root),
        major=handle.inspect_get_major_version(root),
        minor=handle.inspect_get_minor_version(root),
        arch=handle.inspect_get_arch(root),
        mounted=handle.inspect_get_mountpoints(root),
    )


def plain(handle: Handle, kinds: Mapping[str, str], found: Sequence[Filesystem]) -> System | None:
    """The one Linux there is, if all is of the plain kind; None where libguestfs is to be asked. Nothing stays
    mounted."""
    if not set(kinds.values()) <= _PLAIN_KINDS:
        return None
    if len(kinds) >= filesystems.DEVICES_LIMIT or len(found) >= filesystems.FILESYSTEMS_LIMIT:
        return None  # some may have been left out
    try:
        try:
            return _only(handle, found)
        finally:
            handle.umount_all()
    except RuntimeError:
        return None  # inspect_os comes upon the same, and what it says of it is told


def _only(handle: Handle, found: Sequence[Filesystem]) -> System | None:
    made, files = None, ApplianceFiles(handle)
    for one in found:
        if one.type == _SWAP:
            continue
        handle.mount_ro(one.device, "/")
        if may_hold_system(files):
            if made:
                return None
            made = on_root(files, one.device, found)
            if not made:
                return None
        handle.umount_all()
    return made


def may_hold_system(files: GuestPrograms) -> bool:
    """Of any kind. A folder that is only called so counts too: then libguestfs looks closer."""
    return any(files.exists(path) for path in _SIGNS)


def on_root(files: GuestPrograms, device: str, found: Sequence[Filesystem]) -> System | None:
    """What the root file system on that device says of its system, if it is a Linux that we know."""
    if any(files.exists(path) for path in _OTHER_THAN_LINUX) or not all(files.exists(path) for path in _NEEDED):
        return None
    try:
        named = release.release(files)
        table = files.read("/etc/fstab", release.LIMIT_BYTES).decode(errors="replace")
        arch = architecture(files)
    except (MtvError, FileNotFoundError):
        return None
    mounted = fstab.mount_points(table, found)
    if not named or not arch or not mounted or mounted.get("/") != device:
        return None
    return System(
        root=device,
        family="linux",
        distro=named.distro,
        product=named.product,
        major=named.major,
        minor=named.minor,
        arch=arch,
        mounted=mounted,
    )


def architecture(files: GuestPrograms) -> str:
    """By the first of its programs that is one; "" where none tells it. Raises as `files` does."""
    for path in _PROGRAMS:
        try:
            header = files.head(path, _HEADER_BYTES)
        except FileNotFoundError:
            continue
        if len(header) == _HEADER_BYTES and header.startswith(b"\x7fELF"):
            machine = int.from_bytes(header[18:20], "big" if header[5] == 2 else "little")
            return _ARCHS.get((header[4], header[5], machine), "")
    return ""
