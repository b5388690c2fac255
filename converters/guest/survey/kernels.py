"""Which kernels a Linux guest can boot, and which drivers each has before its root file system is there."""

import re
from collections.abc import Iterator

from mtv.converters.guest.files import GuestFiles
from mtv.converters.guest.survey import initramfs
from mtv.errors import MtvError
from mtv.model.guest import Kernel

INITRAMFS_LIMIT_BYTES = 512 << 20
KERNELS_LIMIT = 8
TEXT_LIMIT_BYTES = 4 << 20
_INITRAMFS = ("initrd.img-{}", "initramfs-{}.img", "initrd-{}", "initrd-{}.img")
_MODULE = re.compile(r"(?:^|/)([A-Za-z0-9_-]+)\.ko(?:\.(?:gz|xz|zst|bz2))?$")
# The drivers that decide what a guest boots on; hundreds of others would only swell the facts.
_TELLING = re.compile(
    r"virtio|vmw_|vmxnet|mptspi|mptsas|mpt2sas|mpt3sas|megaraid|ahci|ata_piix|e1000|nvme$|xen_blk|sd_mod"
)
_GRUB_CFG = ("/boot/grub2/grub.cfg", "/boot/grub/grub.cfg", "/boot/efi/EFI/*/grub.cfg")
_LINUX = re.compile(r"^\s*linux(?:16|efi)?\s+(\S+)[ \t]*(.*)$", re.MULTILINE)


def kernels(files: GuestFiles, faults: list[str]) -> tuple[Kernel, ...]:
    """Newest first. A rescue image is left out: nothing boots it by itself, and it is made for any machine."""
    chosen = default(files)
    versions = sorted(
        (path.partition("vmlinuz-")[2] for path in files.glob("/boot/vmlinuz-*")), key=_order, reverse=True
    )
    versions = [version for version in versions if "rescue" not in version]
    if len(versions) > KERNELS_LIMIT:
        faults.append(f"{len(versions)} kernels: only the newest {KERNELS_LIMIT} were looked at")
    return tuple(_kernel(files, version, version == chosen, faults) for version in versions[:KERNELS_LIMIT])


def _order(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version)]


def _kernel(files: GuestFiles, version: str, chosen: bool, faults: list[str]) -> Kernel:
    image = next((path for form in _INITRAMFS if files.exists(path := f"/boot/{form.format(version)}")), "")
    drivers = set(_modules(_builtin(files, version)))
    if image:
        try:
            drivers |= set(_modules(initramfs.names(files.read(image, INITRAMFS_LIMIT_BYTES))))
        except (initramfs.Unreadable, FileNotFoundError, MtvError) as error:
            faults.append(f"cannot read {image}: {error}")
    installed = files.glob(f"/lib/modules/{version}/kernel/drivers/*/virtio*.ko*")
    return Kernel(
        version=version,
        initramfs=image,
        drivers=tuple(sorted(filter(_TELLING.search, drivers))),
        modules=tuple(sorted(set(_modules(iter(installed))))),
        default=chosen,
    )


def _builtin(files: GuestFiles, version: str) -> Iterator[str]:
    return iter(text(files, f"/lib/modules/{version}/modules.builtin").split())


def _modules(paths: Iterator[str]) -> Iterator[str]:
    """Module names, as the kernel writes them: with underscores."""
    return (found[1].replace("-", "_") for path in paths if (found := _MODULE.search(path)))


def text(files: GuestFiles, path: str) -> str:
    """A file that may not be there, or be too big to be what its name says: then it is empty."""
    try:
        return files.read(path, TEXT_LIMIT_BYTES).decode(errors="replace")
    except (FileNotFoundError, MtvError):
        return ""


def default(files: GuestFiles) -> str:
    """The kernel that the boot loader starts by itself; "" where it cannot be told."""
    image = _entry(files)[0]
    return image.partition("vmlinuz-")[2] or next((path.partition("vmlinuz-")[2] for path in _newest(files)), "")


def cmdline(files: GuestFiles) -> str:
    """What that kernel is started with."""
    told = _entry(files)[1]
    if told and "$" not in told:
        return told.strip()
    lines = text(files, "/etc/default/grub").splitlines()
    values = (line.partition("=")[2].strip().strip("\"'") for line in lines if line.startswith("GRUB_CMDLINE_LINUX"))
    return (told.replace("$kernelopts", "") + " " + " ".join(values)).strip()


def _newest(files: GuestFiles) -> list[str]:
    images = [path for path in files.glob("/boot/vmlinuz-*") if "rescue" not in path]
    return sorted(images, key=lambda path: _order(path.partition("vmlinuz-")[2]), reverse=True)


def _entry(files: GuestFiles) -> tuple[str, str]:
    """Image and arguments of the first entry: of boot loader snippets the one that grubenv saved or the newest, else
    of grub.cfg."""
    saved = re.search(r"^saved_entry=(\S+)$", text(files, "/boot/grub2/grubenv"), re.MULTILINE)
    snippets = [path for path in files.glob("/boot/loader/entries/*.conf") if "rescue" not in path]
    snippets.sort(key=lambda path: (bool(saved and path.endswith(f"/{saved[1]}.conf")), _order(path)), reverse=True)
    for path in snippets[:1]:
        keys = dict(line.partition(" ")[::2] for line in text(files, path).splitlines())
        return keys.get("linux", "").strip(), keys.get("options", "").strip()
    for path in (match for pattern in _GRUB_CFG for match in files.glob(pattern)):
        if found := _LINUX.search(text(files, path)):
            return found[1], found[2]
    return "", ""
