"""All that is learned of a guest in one session: what can be told before anything is mounted, then the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mtv.converters import network
from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.appliance.session import ApplianceFiles
from mtv.converters.guest.survey import devices, filesystems, kernels, linux, loader, system, windows
from mtv.converters.guest.survey.asking import Survey
from mtv.converters.guest.survey.filesystems import BITLOCKER, LUKS
from mtv.converters.guest.survey.system import System
from mtv.model.guest import Filesystem, GuestFacts

MOUNTS_LIMIT = FAULTS_LIMIT = 32


def survey(handle: Handle, keys: Mapping[str, Path]) -> GuestFacts:
    """Facts of a VM whose disks are in the appliance. Its root file systems stay mounted, to be written, if there is
    just one operating system. `keys` are LUKS devices and the files of their keys."""
    work = Survey(handle)
    kinds = filesystems.contents(work)
    locked = _of(kinds, LUKS)
    unlocked = _unlock(work, locked, keys)
    if unlocked:  # volumes may lie in them
        kinds = filesystems.contents(work)
    found, hibernated = filesystems.look(handle, kinds, work.faults)
    plain = None if work.faults or hibernated else system.plain(handle, kinds, found)
    roots = [plain.root] if plain else _roots(work)
    facts = GuestFacts(
        roots=len(roots),
        filesystems=found,
        luks=tuple(device for device in locked if device not in unlocked),
        bitlocker=tuple(_of(kinds, BITLOCKER)),
        hibernated=hibernated,
    )
    if facts.roots == 1:
        facts = _system(work, facts, plain or system.inspected(handle, roots[0]), kinds)
    elif not facts.roots:
        _try_mounts(work, found)
    return replace(facts, faults=tuple(work.faults[:FAULTS_LIMIT]))


def _of(kinds: Mapping[str, str], kind: str) -> list[str]:
    return [device for device, found in kinds.items() if found == kind]


def _unlock(work: Survey, locked: Sequence[str], keys: Mapping[str, Path]) -> set[str]:
    """Opens what there is a key for; a key that does not fit is a fault, and its device stays locked."""
    opened: set[str] = set()
    for device in locked if keys else ():
        uuid = work.handle.vfs_uuid(device)
        names = [device, f"UUID={uuid}", uuid]
        for name in (name for name in names if name in keys):
            try:
                work.handle.cryptsetup_open(device, _key(keys[name]), f"mtv{len(opened)}")
                opened.add(device)
            except (RuntimeError, UnicodeDecodeError):
                work.faults.append(f"{device}: the key for it does not open it")
    if opened:
        work.handle.lvm_scan(True)
    return opened


def _key(file: Path) -> str:
    """Its first line, as virt-v2v reads it too. libguestfs hands it to the appliance, never to a program's words."""
    return file.read_bytes().partition(b"\n")[0].decode()


def _roots(work: Survey) -> list[str]:
    return _distinct(work.asking("looking for operating systems", work.handle.inspect_os) or [])


def _distinct(roots: Sequence[str]) -> list[str]:
    """One for each device: a btrfs has a root in each snapshot, and they are one system; the shortest is its first."""
    first: dict[str, str] = {}
    for root in sorted(roots, key=lambda root: (len(root), root)):
        first.setdefault(root.removeprefix("btrfsvol:").partition("/@")[0], root)
    return list(first.values())


def _try_mounts(work: Survey, found: Sequence[Filesystem]) -> None:
    """No operating system: a file system that does not mount may be why."""
    for one in found:
        if one.type in (*filesystems.EXT, "xfs", "btrfs", "ntfs"):
            work.asking(f"{one.device} does not mount", partial(work.handle.mount_ro, one.device, "/"))
            work.handle.umount_all()


def _system(work: Survey, facts: GuestFacts, told: System, kinds: Mapping[str, str]) -> GuestFacts:
    handle = work.handle
    loads = work.asking("looking for a boot loader", lambda: loader.firmware(handle, told.arch, _of(kinds, "vfat")))
    for path, device in sorted(told.mounted.items(), key=lambda item: len(item[0])):
        work.asking(f"{device} does not mount", partial(handle.mount, device, path))
    room = work.asking("asking for room", lambda: filesystems.with_room(handle, facts.filesystems, told.mounted))
    known = replace(
        facts,
        family=told.family,
        distro=told.distro,
        product=told.product,
        major=told.major,
        minor=told.minor,
        arch=told.arch,
        root_device=told.root,
        firmware=loads[0] if loads else "",
        fallback_loader=loads[1] if loads else None,
        filesystems=room or facts.filesystems,
    )
    if known.family == "windows":
        return _windows(work, known, told.root)
    return _linux(work, known) if known.family == "linux" else known


def _windows(work: Survey, facts: GuestFacts, root: str) -> GuestFacts:
    name = work.asking("its host name", lambda: work.handle.inspect_get_hostname(root))
    found = work.asking("its drivers", lambda: windows.drivers(work.handle, root))
    return replace(facts, hostname=name or "", drivers=found or ())


def _linux(work: Survey, facts: GuestFacts) -> GuestFacts:
    files = ApplianceFiles(work.handle)
    return replace(
        facts,
        hostname=linux.hostname(files),
        mounts=devices.mounts(files)[:MOUNTS_LIMIT],
        kernels=kernels.kernels(files, work.faults),
        network=network.read(files),
        systemd=linux.systemd(files, facts.distro, facts.major),
        cmdline=kernels.cmdline(files),
        device_names=devices.device_names(files),
        packages=linux.packages(files),
    )
