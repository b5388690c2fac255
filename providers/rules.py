"""Rules about a VM at its source, and those that several sources share: each has a table of them, pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtv.model.details import Device
from mtv.model.estate import VM, VOLATILE, Concern, Disk, Level

FREE_BYTES = 100 << 20  # a conversion needs room in / or C:


@dataclass(frozen=True)
class Rule:
    """`found` gives what it is about, one concern; None or "" where all is well. {} in the text is replaced by it."""

    id: str
    level: Level
    found: Callable[[VM], str | None]
    text: str
    hint: str = ""


def concerns(source: str, rules: Sequence[Rule], vm: VM) -> list[Concern]:
    """Their ids begin with the source's kind."""
    return [
        Concern(id=f"{source}.{rule.id}", level=rule.level, text=rule.text.format(what), hint=rule.hint)
        for rule in rules
        if (what := rule.found(vm))
    ]


def disks(wanted: Callable[[Disk], object]) -> Callable[[VM], str]:
    return lambda vm: ", ".join([disk.label or disk.key for disk in vm.disks if wanted(disk)])


def devices(*kinds: str, connected: bool = False) -> Callable[[VM], str]:
    """`connected` leaves out those that are not."""

    def wanted(one: Device) -> bool:
        return one.kind in kinds and (one.connected or not connected)

    return lambda vm: ", ".join([one.label or one.key for one in vm.devices if wanted(one)]) if vm.devices else ""


def silent(vm: VM) -> str:
    """The state of the tools of a guest that runs without them."""
    return vm.guest.tools if vm.power == "on" and vm.guest.tools in ("missing", "stopped") else ""


def _full(vm: VM) -> str:
    return ", ".join([one.path for one in vm.guest.file_systems
                      if one.path in ("/", "C:\\") and one.size_bytes and one.free_bytes < FREE_BYTES])  # fmt: skip


def _hot(vm: VM) -> str:
    cpu = vm.cpu_hot_add or vm.cpu_hot_remove
    return ("CPU, memory" if vm.memory_hot_add else "CPU") if cpu else "memory" if vm.memory_hot_add else ""


_C, _W, _I = Level.CRITICAL, Level.WARNING, Level.INFO
STATE = Rule("state", _C, lambda vm: "" if vm.state == "connected" else vm.state, "the VM is {}",
             "bring its host and its files back first")  # fmt: skip
RAW_DISK = Rule("raw-disk", _C, disks(lambda disk: disk.raw == "physical"),
                "{} is a LUN given to the VM (physical RDM)",
                "leave it out, or turn it into a virtual disk")  # fmt: skip
RAW_DISK_VIRTUAL = Rule("raw-disk-virtual", _W, disks(lambda disk: disk.raw == "virtual"),
                        "{} is a mapped LUN (virtual RDM)",
                        "it is copied as a disk; what shares the LUN stays behind")  # fmt: skip
SHARED_DISK = Rule("shared-disk", _C, disks(lambda disk: disk.shared), "{} can be written by several VMs",
                   "move all of them together, by hand")  # fmt: skip
FAULT_TOLERANCE = Rule("fault-tolerance", _W, lambda vm: "on" if vm.fault_tolerant else "",
                       "fault tolerance is {}", "turn it off before the move")  # fmt: skip
INDEPENDENT_DISK = Rule("independent-disk", _W, disks(lambda disk: disk.mode.startswith("independent")),
                        "{} is independent: no snapshot holds it",
                        "it can be copied only while the VM is off")  # fmt: skip
VOLATILE_DISK = Rule("volatile-disk", _W, disks(lambda disk: disk.mode in VOLATILE),
                     "{} forgets what is written at power off")  # fmt: skip
CONSOLIDATE = Rule("consolidate", _W, lambda vm: "leavings" if vm.consolidate else "",
                   "the VM has {} of snapshots", "consolidate its disks first")  # fmt: skip
USB = Rule("usb", _W, devices("usb"), "{} is a USB device of the host")
LATENCY = Rule("latency", _W, lambda vm: vm.latency if vm.latency == "high" else "",
               "its latency sensitivity is {}")  # fmt: skip
GUEST_FULL = Rule("guest-full", _W, _full, "less than 100 MiB are free on {}",
                  "make room: the conversion needs some")  # fmt: skip
OLD_ADAPTER = Rule("old-adapter", _W, disks(lambda disk: disk.controller == "buslogic"),
                   "{} hangs on a BusLogic adapter")  # fmt: skip
TEMPLATE = Rule("template", _I, lambda vm: "template" if vm.template else "",
                "it is a {}: it moves as a VM that is off")  # fmt: skip
SNAPSHOTS = Rule("snapshots", _I, lambda vm: str(len(vm.snapshots)) if vm.snapshots else "",
                 "{} snapshots stay behind", "only the present state moves")  # fmt: skip
HOT_ADD = Rule("hot-add", _I, _hot,
               "{} can be added while it runs; whether that stays is the target's choice")  # fmt: skip
