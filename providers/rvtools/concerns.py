"""What is wrong or lossy with a VM, as far as a book of RVTools tells: a table of rules, pure."""

from collections.abc import Sequence
from dataclasses import replace

from mtv.model.estate import VM, Concern, Level
from mtv.providers import rules
from mtv.providers.rules import Rule
from mtv.providers.rvtools.tables import Row

KIND = "rvtools"
ODD = 5


def judged(vm: VM, row: Row, odd: Sequence[str]) -> VM:
    """That VM with its concerns; `row` is its row of vInfo, `odd` what could not be read of its rows."""
    made = rules.concerns(KIND, RULES, vm)
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
    return Concern(id=f"{KIND}.{id_}", level=level, text=text, hint=hint)


_C, _W, _I = Level.CRITICAL, Level.WARNING, Level.INFO
RULES: Sequence[Rule] = (
    rules.STATE, rules.RAW_DISK, rules.RAW_DISK_VIRTUAL, rules.SHARED_DISK,
    Rule("agent", _C, lambda vm: vm.name if vm.name.startswith("vCLS") else "",
         "{} belongs to vSphere's own cluster services", "leave it out"),
    rules.FAULT_TOLERANCE, rules.INDEPENDENT_DISK, rules.VOLATILE_DISK, rules.CONSOLIDATE, rules.USB, rules.LATENCY,
    Rule("disk-size", _C, rules.disks(lambda disk: disk.size_bytes <= 0), "{} has no size in the book"),
    Rule("disk-place", _W, rules.disks(lambda disk: not disk.datastore), "{} has no datastore in the book"),
    rules.GUEST_FULL, rules.OLD_ADAPTER, rules.TEMPLATE, rules.SNAPSHOTS, rules.HOT_ADD,
    Rule("media", _I, rules.devices("cdrom", connected=True), "{} is connected and stays behind"),
    Rule("tools", _I, rules.silent, "VMware tools are {}: what runs in the guest is not known"),
)  # fmt: skip
