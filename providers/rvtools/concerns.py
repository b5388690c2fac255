"""What is wrong or lossy with a VM, as far as a book of RVTools tells: a table of rules, pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mtv.model.estate import VM, Concern, Disk, Level
from mtv.providers.rvtools.tables import Row

VOLATILE = ("nonpersistent", "independent_nonpersistent", "undoable")
FREE_BYTES = 100 << 20  # a conversion needs room in / or C:
ODD = 5


@dataclass(frozen=True)
class Rule:
    """`found` gives what it is about; "" where all is well. {} in the text is replaced by it."""

    id: str
    level: Level
    found: Callable[[VM], str]
    text: str
    hint: str = ""


def judged(vm: VM, row: Row, odd: Sequence[str]) -> VM:
    """That VM with its concerns; `row` is its row of vInfo, `odd` what could not be read of its rows."""
    made = [
        _concern(rule.id, rule.level, rule.text.format(what), rule.hint) for rule in RULES if (what := rule.found(vm))
    ]
    if row.flag("placeholder"):
        made.append(_concern("placeholder", _C, "it only keeps a place for a VM of another site (SRM)", "leave it out"))
    for name, has in (("disks", len(vm.disks)), ("nics", len(vm.nics))):
        told = row.whole(name)
        if told is not None and told > has:
            text = f"vInfo says that it has {told} {name}, the book has rows for {has}"
            made.append(_concern(f"{name}-missing", _C if name == "disks" else _W, text, "export again, all tabs"))
    made += [_concern("odd-value", _W, text, "correct the cell, or export again") for text in odd[:ODD]]
    return replace(vm, concerns=tuple(made)) if made else vm


def _concern(id_: str, level: Level, text: str, hint: str) -> Concern:
    return Concern(id=f"rvtools.{id_}", level=level, text=text, hint=hint)


def _disks(wanted: Callable[[Disk], object]) -> Callable[[VM], str]:
    return lambda vm: ", ".join(disk.label or disk.key for disk in vm.disks if wanted(disk))


def _full(vm: VM) -> str:
    return ", ".join(one.path for one in vm.guest.file_systems
                     if one.path in ("/", "C:\\") and one.size_bytes and one.free_bytes < FREE_BYTES)  # fmt: skip


def _hot(vm: VM) -> str:
    flags = {"CPU": vm.cpu_hot_add or vm.cpu_hot_remove, "memory": vm.memory_hot_add}
    return ", ".join(name for name, on in flags.items() if on)


def _silent(vm: VM) -> str:
    return vm.guest.tools if vm.power == "on" and vm.guest.tools in ("missing", "stopped") else ""


def _devices(kind: str, connected: bool) -> Callable[[VM], str]:
    return lambda vm: ", ".join(one.label or one.key for one in vm.devices
                                if one.kind == kind and (one.connected or not connected))  # fmt: skip


_C, _W, _I = Level.CRITICAL, Level.WARNING, Level.INFO
RULES: Sequence[Rule] = (
    Rule("state", _C, lambda vm: "" if vm.state == "connected" else vm.state, "the VM is {}",
         "bring its host and its files back first"),
    Rule("raw-disk", _C, _disks(lambda disk: disk.raw == "physical"), "{} is a LUN given to the VM (physical RDM)",
         "leave it out, or turn it into a virtual disk"),
    Rule("raw-disk-virtual", _W, _disks(lambda disk: disk.raw == "virtual"), "{} is a mapped LUN (virtual RDM)",
         "it is copied as a disk; what shares the LUN stays behind"),
    Rule("shared-disk", _C, _disks(lambda disk: disk.shared), "{} can be written by several VMs",
         "move all of them together, by hand"),
    Rule("agent", _C, lambda vm: vm.name if vm.name.startswith("vCLS") else "",
         "{} belongs to vSphere's own cluster services", "leave it out"),
    Rule("fault-tolerance", _W, lambda vm: "on" if vm.fault_tolerant else "", "fault tolerance is {}",
         "turn it off before the move"),
    Rule("independent-disk", _W, _disks(lambda disk: disk.mode.startswith("independent")),
         "{} is independent: no snapshot holds it", "it can be copied only while the VM is off"),
    Rule("volatile-disk", _W, _disks(lambda disk: disk.mode in VOLATILE), "{} forgets what is written at power off"),
    Rule("consolidate", _W, lambda vm: "leavings" if vm.consolidate else "", "the VM has {} of snapshots",
         "consolidate its disks first"),
    Rule("usb", _W, _devices("usb", False), "{} is a USB device of the host"),
    Rule("latency", _W, lambda vm: vm.latency if vm.latency == "high" else "", "its latency sensitivity is {}"),
    Rule("disk-size", _C, _disks(lambda disk: disk.size_bytes <= 0), "{} has no size in the book"),
    Rule("disk-place", _W, _disks(lambda disk: not disk.datastore), "{} has no datastore in the book"),
    Rule("guest-full", _W, _full, "less than 100 MiB are free on {}", "make room: the conversion needs some"),
    Rule("old-adapter", _W, _disks(lambda disk: disk.controller == "buslogic"), "{} hangs on a BusLogic adapter"),
    Rule("template", _I, lambda vm: "template" if vm.template else "", "it is a {}: it moves as a VM that is off"),
    Rule("snapshots", _I, lambda vm: str(len(vm.snapshots)) if vm.snapshots else "", "{} snapshots stay behind",
         "only the present state moves"),
    Rule("hot-add", _I, _hot, "{} can be added while it runs; whether that stays is the target's choice"),
    Rule("media", _I, _devices("cdrom", True), "{} is connected and stays behind"),
    Rule("tools", _I, _silent,
         "VMware tools are {}: what runs in the guest is not known"),
)  # fmt: skip
