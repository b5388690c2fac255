"""What is wrong or lossy with a VM before it moves: a table of rules, pure."""

import re
from collections.abc import Sequence

from mtv.model.estate import VM, Level
from mtv.providers import rules
from mtv.providers.rules import Rule

_FENCED = re.compile(r" \((mtv-.+)\)$")


def concerns(vm: VM) -> VM:
    """That VM, which nobody else has seen yet, with its concerns."""
    object.__setattr__(vm, "concerns", tuple(rules.concerns("vsphere", RULES, vm)))  # replace() would take 12 us
    return vm


def _fenced(vm: VM) -> str:
    """Whose fence its name tells of."""
    found = _FENCED.search(vm.name)
    return found[1] if found else ""


_C, _W, _I = Level.CRITICAL, Level.WARNING, Level.INFO
RULES: Sequence[Rule] = (
    rules.STATE,
    Rule("fenced", _C, _fenced, "it is fenced by {}, which moves or moved it",
         "`mtv rollback` of that run gives it back, also where its move is done; a name that only looks so can be"
         " accepted"),
    rules.RAW_DISK, rules.RAW_DISK_VIRTUAL, rules.SHARED_DISK,
    Rule("passthrough", _C, rules.devices("pci", "scsi-device"), "{} is a device of the host"),
    Rule("vgpu", _C, rules.devices("vgpu"), "{} is a part of the host's GPU"),
    Rule("encrypted", _W, lambda vm: "its files" if vm.encrypted else rules.disks(lambda disk: disk.encrypted)(vm),
         "{} are encrypted: only VDDK can read them", "decrypt it, or move it by VDDK"),
    rules.FAULT_TOLERANCE, rules.INDEPENDENT_DISK, rules.VOLATILE_DISK, rules.CONSOLIDATE,
    Rule("tpm", _W, lambda vm: "virtual TPM" if vm.tpm else "", "what its {} keeps is lost",
         "have the recovery keys of BitLocker or LUKS at hand"),
    Rule("sriov", _W, rules.devices("sriov"), "{} passes the switch by (SR-IOV)"),
    rules.USB,
    Rule("affinity", _W, lambda vm: "CPUs" if vm.cpu_affinity else "NUMA nodes" if vm.numa_nodes else "",
         "the VM is bound to {} of its host"),
    rules.LATENCY,
    Rule("disk-size", _C, rules.disks(lambda disk: disk.size_bytes <= 0), "{} has no size", "remove it, or grow it"),
    Rule("disk-place", _C, rules.disks(lambda disk: not disk.datastore), "{} lies on no datastore that we can see"),
    rules.GUEST_FULL, rules.OLD_ADAPTER, rules.TEMPLATE, rules.SNAPSHOTS, rules.HOT_ADD,
    Rule("media", _I, rules.devices("cdrom", "floppy", connected=True), "{} is connected and stays behind"),
    Rule("ports", _I, rules.devices("serial", "parallel"), "{} stays behind"),
    Rule("tools", _I, rules.silent,
         "VMware's tools are {}: no guest shutdown, no quiesced snapshot", "install them, or plan to force"),
    Rule("rules", _I, lambda vm: ", ".join(vm.rules), "its cluster has rules for it: {}"),
)  # fmt: skip
