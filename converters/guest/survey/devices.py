"""Device names in a Linux guest's files that will not be the same on virtio: what a light conversion must not leave
behind."""

import re
from collections.abc import Iterator, Mapping

from mtv.converters.guest.files import GuestFiles
from mtv.converters.guest.survey.kernels import text
from mtv.model.guest import Mount

_NAMES_LIMIT = 20  # of each file: enough to show
# Kernel names of disks; names by hardware path or by a world-wide name. UUIDs, labels, LVM and md names stay.
_DEVICE = re.compile(
    r"/dev/(?:(?:sd|hd|xvd|vd)[a-z]+\d*|nvme\d+n\d+(?:p\d+)?|cciss/\S+|disk/by-path/[^\s'\",]+"
    r"|disk/by-id/(?:ata|scsi|wwn|nvme|virtio|usb)-[^\s'\",]+)(?![A-Za-z0-9])"
)
_WWID = re.compile(r"IDTYPE=(?:sys_wwid|sys_serial|mpath_uuid|scsi_\w+|loop_file|devname)\s+IDNAME=(\S+)")
_RULE = re.compile(r"(?:KERNEL|ID_SERIAL\w*|ID_WWN\w*|ID_PATH\w*|DEVPATH|KERNELS)\}?\s*==\s*\"([^\"]+)\"")
_RULE_DISK = re.compile(r"^(?:sd|hd|nvme|dm-)|^[0-9a-fx]{8,}|scsi|wwn|pci-", re.IGNORECASE)
_PLAIN = (
    "/etc/fstab", "/etc/crypttab", "/etc/default/grub", "/etc/kernel/cmdline", "/etc/lvm/lvm.conf",
    "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/grub/menu.lst", "/boot/grub/grub.conf", "/etc/lilo.conf",
    "/etc/initramfs-tools/conf.d/resume", "/etc/mdadm.conf", "/etc/mdadm/mdadm.conf", "/etc/dracut.conf",
)  # fmt: skip
_PLAIN_PATTERNS = ("/boot/loader/entries/*.conf", "/etc/dracut.conf.d/*.conf", "/boot/efi/EFI/*/grub.cfg")


def device_names(files: GuestFiles) -> Mapping[str, tuple[str, ...]]:
    """File -> names in it that would change; comments do not count."""
    found = {path: tuple(dict.fromkeys(names))[:_NAMES_LIMIT] for path, names in _search(files)}
    return {path: names for path, names in found.items() if names}


def _search(files: GuestFiles) -> Iterator[tuple[str, list[str]]]:
    for path in [*_PLAIN, *(match for pattern in _PLAIN_PATTERNS for match in files.glob(pattern))]:
        yield path, _DEVICE.findall(_code(files, path))
    yield "/etc/lvm/devices/system.devices", _WWID.findall(_code(files, "/etc/lvm/devices/system.devices"))
    yield "/etc/multipath/wwids", re.findall(r"^/(\S+)/$", _code(files, "/etc/multipath/wwids"), re.MULTILINE)
    yield "/etc/multipath.conf", re.findall(r"^\s*wwid\s+\"?([0-9A-Za-z]+)", _code(files, "/etc/multipath.conf"), re.M)
    for path in files.glob("/etc/udev/rules.d/*.rules"):
        yield path, [name for name in _RULE.findall(_code(files, path)) if _RULE_DISK.search(name)]


def _code(files: GuestFiles, path: str) -> str:
    return "\n".join(line for line in text(files, path).splitlines() if not line.lstrip().startswith("#"))


def mounts(files: GuestFiles) -> tuple[Mount, ...]:
    """The lines of fstab that name a device or a file system."""
    lines = (line.split() for line in _code(files, "/etc/fstab").splitlines())
    return tuple(
        Mount(device=parts[0], path=_plain(parts[1]), type=parts[2], options=parts[3] if len(parts) > 3 else "")
        for parts in lines
        if len(parts) >= 3 and ("/" in parts[0] or "=" in parts[0])
    )


def _plain(path: str) -> str:
    """fstab writes a space as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)
