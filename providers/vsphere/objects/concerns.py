"""What is wrong or lossy with a VM before it moves: a table of rules, pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mtv.model.estate import VM, Concern, Level

VOLATILE = ("nonpersistent", "independent_nonpersistent", "undoable")
_FENCED = re.compile(r" \((mtv-.+)\)$")
FREE_BYTES = 100 << 20  # a conversion needs room in / or C:


@dataclass(frozen=True)
class Rule:
    """`found` gives what it is about, one concern; None or "" where all is well. {} in the text is replaced by it."""

    id: str
    level: Level
    found: Callable[[VM], str | None]
    text: str
    hint: str = ""


def concerns(vm: VM) -> VM:
    """That VM with its concerns."""
    told = [(rule, rule.found(vm)) for rule in RULES]
    made = [Concern(id=f"vsphere.{rule.id}", level=rule.level, text=rule.text.format(what), hint=rule.hint)
            for rule, what in told if what]  # fmt: skip
    return replace(vm, concerns=tuple(made)) if made else vm


def _disks(wanted: Callable[..., object]) -> Callable[[VM], str]:
    return lambda vm: ", ".join(disk.label or disk.key for disk in vm.disks if wanted(disk))


def _devices(*kinds: str, connected: bool = False) -> Callable[[VM], str]:
    return lambda vm: ", ".join(
        one.label or one.key for one in vm.devices if one.kind in kinds and (one.connected or not connected)
    )


def _full(vm: VM) -> str:
    return ", ".join(one.path for one in vm.guest.file_systems
                     if one.path in ("/", "C:\\") and one.size_bytes and one.free_bytes < FREE_BYTES)  # fmt: skip


def _hot(vm: VM) -> str:
    flags = {"CPU": vm.cpu_hot_add or vm.cpu_hot_remove, "memory": vm.memory_hot_add}
    return ", ".join(name for name, on in flags.items() if on)


def _silent(vm: VM) -> str:
    return vm.guest.tools if vm.power == "on" and vm.guest.tools in ("missing", "stopped") else ""


def _fenced(vm: VM) -> str:
    """Whose fence its name tells of."""
    found = _FENCED.search(vm.name)
    return found[1] if found else ""


_C, _W, _I = Level.CRITICAL, Level.WARNING, Level.INFO
RULES: Sequence[Rule] = (
    Rule("state", _C, lambda vm: "" if vm.state == "connected" else vm.state, "the VM is {}",
         "bring its host and its files back first"),
    Rule("fenced", _C, _fenced, "it is fenced by {}, which moves or moved it",
         "`mtv rollback` gives it back until its move is done, then you do so by hand (docs/vsphere.md); a name that"
         " only looks so can be accepted"),
    Rule("raw-disk", _C, _disks(lambda disk: disk.raw == "physical"), "{} is a LUN given to the VM (physical RDM)",
         "leave it out, or turn it into a virtual disk"),
    Rule("raw-disk-virtual", _W, _disks(lambda disk: disk.raw == "virtual"), "{} is a mapped LUN (virtual RDM)",
         "it is copied as a disk; what shares the LUN stays behind"),
    Rule("shared-disk", _C, _disks(lambda disk: disk.shared), "{} can be written by several VMs",
         "move all of them together, by hand"),
    Rule("passthrough", _C, _devices("pci", "scsi-device"), "{} is a device of the host"),
    Rule("vgpu", _C, _devices("vgpu"), "{} is a part of the host's GPU"),
    Rule("encrypted", _W, lambda vm: "its files" if vm.encrypted else _disks(lambda disk: disk.encrypted)(vm),
         "{} are encrypted: only VDDK can read them", "decrypt it, or move it by VDDK"),
    Rule("fault-tolerance", _W, lambda vm: "on" if vm.fault_tolerant else "", "fault tolerance is {}",
         "turn it off before the move"),
    Rule("independent-disk", _W, _disks(lambda disk: disk.mode.startswith("independent")),
         "{} is independent: no snapshot holds it", "it can be copied only while the VM is off"),
    Rule("volatile-disk", _W, _disks(lambda disk: disk.mode in VOLATILE),
         "{} forgets what is written at power off"),
    Rule("consolidate", _W, lambda vm: "leavings" if vm.consolidate else "", "the VM has {} of snapshots",
         "consolidate its disks first"),
    Rule("tpm", _W, lambda vm: "virtual TPM" if vm.tpm else "", "what its {} keeps is lost",
         "have the recovery keys of BitLocker or LUKS at hand"),
    Rule("sriov", _W, _devices("sriov"), "{} passes the switch by (SR-IOV)"),
    Rule("usb", _W, _devices("usb"), "{} is a USB device of the host"),
    Rule("affinity", _W, lambda vm: "CPUs" if vm.cpu_affinity else "NUMA nodes" if vm.numa_nodes else "",
         "the VM is bound to {} of its host"),
    Rule("latency", _W, lambda vm: vm.latency if vm.latency == "high" else "", "its latency sensitivity is {}"),
    Rule("disk-size", _C, _disks(lambda disk: disk.size_bytes <= 0), "{} has no size", "remove it, or grow it"),
    Rule("disk-place", _C, _disks(lambda disk: not disk.datastore), "{} lies on no datastore that we can see"),
    Rule("guest-full", _W, _full, "less than 100 MiB are free on {}", "make room: the conversion needs some"),
    Rule("old-adapter", _W, _disks(lambda disk: disk.controller == "buslogic"), "{} hangs on a BusLogic adapter"),
    Rule("template", _I, lambda vm: "template" if vm.template else "", "it is a {}: it moves as a VM that is off"),
    Rule("snapshots", _I, lambda vm: str(len(vm.snapshots)) if vm.snapshots else "", "{} snapshots stay behind",
         "only the present state moves"),
    Rule("hot-add", _I, _hot, "{} can be added while it runs; whether that stays is the target's choice"),
    Rule("media", _I, _devices("cdrom", "floppy", connected=True), "{} is connected and stays behind"),
    Rule("ports", _I, _devices("serial", "parallel"), "{} stays behind"),
    Rule("tools", _I, _silent,
         "VMware's tools are {}: no guest shutdown, no quiesced snapshot", "install them, or plan to force"),
    Rule("rules", _I, lambda vm: ", ".join(vm.rules), "the cluster's rules for it stay behind: {}"),
)  # fmt: skip
