"""What forbids a conversion, each with what to do about it. A table of small pure functions: some say nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mtv.model.estate import VM, Firmware
from mtv.model.faults import Fault
from mtv.model.guest import Filesystem, GuestFacts
from mtv.model.plans import GuestChoice

MIB = 1 << 20
OVERLAY_BYTES = 512 * MIB  # a real Debian's conversion wrote 27 MiB, one with three kernels of 70 MiB each some 300
FREE_INODES = 100
# What virt-v2v itself asks for (20 and 50 MiB on Linux, 100 on Windows), with room for a new initramfs on /.
FREE_BYTES = {("linux", "/"): 100 * MIB, ("linux", "/boot"): 50 * MIB, ("windows", "/"): 100 * MIB}
CHANGED = ("/", "/boot", "/usr", "/var")  # where a conversion writes
UNTOUCHED = "or `conversion: none` to move the disks as they are"
DISTRIBUTIONS = frozenset(
    {
        "fedora", "rhel", "centos", "circle", "scientificlinux", "redhat-based", "oraclelinux", "rocky",
        "altlinux", "sles", "suse-based", "opensuse", "debian", "ubuntu", "linuxmint", "kalilinux",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a decision depends on besides the guest: this machine, and what its network needs."""

    network_changes: bool = False
    rebuilds: bool = True  # where those need a new initramfs, the guest's own program can make it
    virtio_win: bool = True  # drivers for Windows are there
    scratch_free_bytes: int | None = None  # None: not asked


@dataclass(frozen=True)
class _Case:
    facts: GuestFacts
    vm: VM
    choice: GuestChoice
    mode: str
    around: Surroundings

    @property
    def hidden(self) -> bool:
        """An operating system may be there, out of sight."""
        return bool(self.facts.luks or self.facts.bitlocker)

    @property
    def unmountable(self) -> str:
        return next((fault for fault in self.facts.faults if "does not mount" in fault), "")


def known(facts: GuestFacts) -> bool:
    """virt-v2v can convert it."""
    return facts.family == "windows" or (facts.family == "linux" and facts.distro in DISTRIBUTIONS)


def system(facts: GuestFacts) -> str:
    told = facts.product or facts.distro
    return f"'{told}'" if told and told != "unknown" else "an unknown system"


def refusals(facts: GuestFacts, vm: VM, choice: GuestChoice, mode: str, around: Surroundings) -> Iterator[Fault]:
    """The most telling first."""
    case = _Case(facts, vm, choice, mode, around)
    for rule in RULES:
        if found := rule(case):
            code, text, hint = found
            yield Fault(f"guest.{code}", f"{vm.name}: {text}", f"{hint}, {UNTOUCHED}", exit_code=4)


_Found = tuple[str, str, str] | None


def _luks(case: _Case) -> _Found:
    if not case.facts.luks or (case.facts.roots and case.mode != "full"):
        return None
    device = case.facts.luks[0]
    if any(key.device == device for key in case.choice.keys):
        return "luks-key", f"the key given for {device} does not open it", "give the right one as `guest.keys`"
    hint = f"give it as `guest.keys: [{{vm: {case.vm.name}, device: {device}, secret: file:PATH}}]`"
    return "luks", f"{device} is encrypted with LUKS and there is no key for it", hint


def _bitlocker(case: _Case) -> _Found:
    if not case.facts.bitlocker:
        return None
    text = f"{case.facts.bitlocker[0]} is encrypted with BitLocker"
    return "bitlocker", text, "decrypt it in the guest (`manage-bde -off`) and shut it down"


def _hibernated(case: _Case) -> _Found:
    if not case.facts.hibernated:
        return None
    hint = "start the guest and shut it down fully (Windows: `shutdown /s /f /t 0`, fast startup off)"
    return "hibernated", "it is hibernated: what it holds in memory belongs to its old machine", hint


def _filesystem(case: _Case) -> _Found:
    facts = case.facts
    hint = "start the guest, let it check its disks, shut it down cleanly"
    if (
        not facts.roots
        and not case.hidden
        and (fault := case.unmountable or _dirty_text(facts.filesystems, anywhere=True))
    ):
        return "filesystem", f"no operating system is to be seen, and {fault}", hint
    if facts.roots == 1 and not facts.hibernated and (fault := _dirty_text(facts.filesystems, anywhere=False)):
        return "filesystem", fault, hint
    return None


def _dirty_text(filesystems: tuple[Filesystem, ...], *, anywhere: bool) -> str:
    for one in filesystems:
        if one.dirty and (anywhere or one.mounted_at in CHANGED):
            place = f" ({one.mounted_at})" if one.mounted_at else ""
            return f"file system {one.type} on {one.device}{place} was not left in order, or is damaged"
    return ""


def _no_system(case: _Case) -> _Found:
    if case.facts.roots or case.hidden or case.unmountable or _dirty_text(case.facts.filesystems, anywhere=True):
        return None
    return "no-os", f"no operating system was found on its disks ({len(case.vm.disks)})", "look at its disks"


def _many_systems(case: _Case) -> _Found:
    if case.facts.roots < 2:
        return None
    text = f"{case.facts.roots} operating systems were found, one is needed"
    return "many-os", text, "remove all but one, or move the disks to VMs of their own"


def _unknown(case: _Case) -> _Found:
    if case.facts.roots != 1 or known(case.facts) or (case.choice.devices == "compatible" and case.mode != "full"):
        return None
    text = f"{system(case.facts)} ({case.facts.family}, {case.facts.distro or 'no distribution'}) cannot be converted"
    return "unknown", text, "`devices: compatible` moves it on emulated SATA and e1000e"


def _windows_network(case: _Case) -> _Found:
    if case.facts.family != "windows" or case.choice.conversion != "network":
        return None
    return "windows-network", "the network of a Windows guest cannot be changed from outside", "`conversion: auto`"


def _virtio_win(case: _Case) -> _Found:
    if case.facts.family != "windows" or case.mode != "full" or case.around.virtio_win:
        return None
    hint = "install virtio-win in /usr/share/virtio-win or set VIRTIO_WIN to its folder or ISO image"
    return "no-virtio-win", "a Windows guest needs drivers for virtio, and there are none on this machine", hint


def _loader(case: _Case) -> _Found:
    if case.vm.firmware is not Firmware.EFI or case.facts.roots != 1 or case.facts.fallback_loader:
        return None
    found = "has no EFI/BOOT/BOOTX64.EFI" if case.facts.fallback_loader is False else "is not there"
    text = f"it starts by UEFI, whose boot entries do not move with it, and its EFI system partition {found}"
    return "no-loader", text, "copy the guest's loader there (`grub-install --removable`)"


def _overlay_room(case: _Case) -> _Found:
    free, need = case.around.scratch_free_bytes, OVERLAY_BYTES if case.mode == "full" else OVERLAY_BYTES // 8
    if case.mode == "none" or free is None or free >= need:
        return None
    text = f"the conversion's overlay needs {need // MIB} MiB beside the target, and {free // MIB} MiB are free"
    return "no-space-overlay", text, "make room there"


def _guest_room(case: _Case) -> _Found:
    if case.mode != "full":
        return None
    for one in case.facts.filesystems:
        need = FREE_BYTES.get((case.facts.family, one.mounted_at), 0)
        if one.free_bytes < need:
            text = f"{one.mounted_at} has {one.free_bytes // MIB} MiB free, a conversion needs {need // MIB}"
            return "no-space", text, "make room in the guest"
        if need and one.free_inodes is not None and one.free_inodes < FREE_INODES:
            text = f"{one.mounted_at} has {one.free_inodes} inodes free, a conversion needs {FREE_INODES}"
            return "no-space", text, "remove files in the guest"
    return None


RULES: tuple[Callable[[_Case], _Found], ...] = (
    _luks, _bitlocker, _hibernated, _filesystem, _no_system, _many_systems, _unknown, _windows_network, _virtio_win,
    _loader, _overlay_room, _guest_room,
)  # fmt: skip
