"""A VM's file systems: what they are, how full, and whether they were left in order. To be asked before anything is
mounted: mounting replays a journal, even read-only."""

import re
import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.survey.asking import Survey
from mtv.model.guest import Filesystem

DEVICES_LIMIT = 256
FILESYSTEMS_LIMIT = 64
LUKS, BITLOCKER = "crypto_LUKS", "BitLocker"
_NO_FILESYSTEM = ("", "unknown", LUKS, BITLOCKER, "LVM2_member", "linux_raid_member")
EXT = ("ext2", "ext3", "ext4")
# Exit codes of ntfs-3g.probe: 14 hibernated (which fast startup also does); others are unclean or worse.
_NTFS_HIBERNATED = 14
_COMMANDS = {  # the appliance's own programs say it; libguestfs has no call for it
    "xfs": ("xfs_logprint -t {} 2>/dev/null | grep -o '<[A-Z]*>'", "<CLEAN>"),
    "btrfs": ("btrfs inspect-internal dump-super {} | grep '^log_root[^_]' | tr -s '\\t ' ' '", "log_root 0"),
}


def contents(work: Survey) -> dict[str, str]:
    """What lies on each disk without partitions, partition, array and volume, by blkid's name; "" for nothing that it
    knows. libguestfs's own list_filesystems takes 3.4 s under emulation where this takes 0.9, and tells nothing of what
    is encrypted."""
    handle = work.handle
    disks, partitions, *volumes = (
        work.asking("listing devices", list_them) or []
        for list_them in (
            handle.list_devices, handle.list_partitions, handle.list_md_devices, handle.lvs, handle.list_dm_devices
        )
    )  # fmt: skip
    whole = [disk for disk in disks if not _parts(disk, partitions)]
    found = {}
    for device in [*whole, *partitions, *chain(*volumes)][:DEVICES_LIMIT]:
        with suppress(RuntimeError):  # what cannot be read at all holds nothing that could be opened
            found[device] = handle.vfs_type(device)
    return found


def _parts(disk: str, partitions: Sequence[str]) -> bool:
    return any(re.fullmatch(rf"{re.escape(disk)}p?[0-9]+", partition) for partition in partitions)


def look(handle: Handle, kinds: Mapping[str, str], faults: list[str]) -> tuple[tuple[Filesystem, ...], bool]:
    """All of these contents that are file systems, swap included, and whether one holds a hibernated system."""
    found: list[Filesystem] = []
    hibernated = False
    for device, kind in sorted(kinds.items()):
        if kind in _NO_FILESYSTEM or len(found) >= FILESYSTEMS_LIMIT:
            continue
        try:
            state = _state(handle, device, kind)
            hibernated |= state == "hibernated"
            found.append(_describe(handle, device, kind, dirty=state != "clean"))
        except RuntimeError as error:
            faults.append(f"{device}: {error}")
            found.append(Filesystem(device=device, type=kind, dirty=True))
    return tuple(found), hibernated


def _describe(handle: Handle, device: str, kind: str, dirty: bool) -> Filesystem:
    return Filesystem(
        device=device,
        type=kind,
        uuid=handle.vfs_uuid(device),
        label=handle.vfs_label(device),
        size_bytes=handle.blockdev_getsize64(device),
        dirty=dirty,
    )


def _state(handle: Handle, device: str, kind: str) -> str:
    """clean, dirty or hibernated."""
    if kind in EXT:
        told = handle.tune2fs_l(device)
        recover = "needs_recovery" in told.get("Filesystem features", "")
        return "clean" if told.get("Filesystem state") == "clean" and not recover else "dirty"
    if kind == "ntfs":
        code = handle.ntfs_3g_probe(True, device)
        return "hibernated" if code == _NTFS_HIBERNATED else "dirty" if code else "clean"
    if kind == "swsuspend":
        return "hibernated"
    if kind in _COMMANDS:
        command, clean = _COMMANDS[kind]
        told_state = handle.debug("sh", [command.format(shlex.quote(device))]).strip()
        return "clean" if told_state in ("", clean) else "dirty"  # "": the program is not in this appliance
    return "clean"


def with_room(
    handle: Handle, filesystems: tuple[Filesystem, ...], mounted: Mapping[str, str]
) -> tuple[Filesystem, ...]:
    """The same with what is free, for those that are mounted; `mounted` is path -> device."""
    places = {device.removeprefix("btrfsvol:").partition("/@")[0]: path for path, device in sorted(mounted.items())}
    made = []
    for one in filesystems:
        if path := places.get(one.device):
            room = handle.statvfs(path)
            free_bytes = room["bavail"] * (room["frsize"] or room["bsize"])
            inodes = room["ffree"] if room["files"] else None  # some have no fixed number: btrfs, vfat
            one = replace(one, mounted_at=path, free_bytes=free_bytes, free_inodes=inodes)
        made.append(one)
    return tuple(made)
