"""What several sources find wrong with a VM: each rule is held against one that is so, and one that is not."""

from dataclasses import replace
from typing import Any

import pytest

from mtv.model.details import Device, FileSystem, GuestView, Snapshot
from mtv.model.estate import VM, Disk
from mtv.providers import rules
from mtv.providers.rules import FREE_BYTES, Rule

RUNS = GuestView(tools="running")
SHARED = [one for one in vars(rules).values() if isinstance(one, Rule)]


def vm(**told: Any) -> VM:
    return VM(**{"source": "vc01", "id": "vm-1", "name": "db01", "power": "on", "guest": RUNS, **told})


def with_disk(**told: Any) -> dict[str, object]:
    return {"disks": (Disk(key="2000", label="Hard disk 1", **told), Disk(key="2001"))}


def root(free_bytes: int) -> dict[str, object]:
    return {"guest": replace(RUNS, file_systems=(FileSystem(path="/", size_bytes=1 << 30, free_bytes=free_bytes),))}


FOUND: dict[str, tuple[dict[str, object], str]] = {
    "state": ({"state": "orphaned"}, "orphaned"),
    "raw-disk": (with_disk(raw="physical"), "Hard disk 1"),
    "raw-disk-virtual": (with_disk(raw="virtual"), "Hard disk 1"),
    "shared-disk": (with_disk(shared=True), "Hard disk 1"),
    "fault-tolerance": ({"fault_tolerant": True}, "on"),
    "independent-disk": (with_disk(mode="independent_persistent"), "Hard disk 1"),
    "volatile-disk": (with_disk(mode="undoable"), "Hard disk 1"),
    "consolidate": ({"consolidate": True}, "leavings"),
    "usb": ({"devices": (Device(kind="usb", label="key"),)}, "key"),
    "latency": ({"latency": "high"}, "high"),
    "guest-full": (root(FREE_BYTES - 1), "on /"),
    "old-adapter": (with_disk(controller="buslogic"), "Hard disk 1"),
    "template": ({"template": True}, "template"),
    "snapshots": ({"snapshots": (Snapshot(id="1", name="one"), Snapshot(id="2", name="two"))}, "2 snapshots"),
    "hot-add": ({"cpu_hot_add": True, "memory_hot_add": True}, "CPU, memory"),
}


@pytest.mark.parametrize("rule", SHARED, ids=lambda rule: str(rule.id))
def test_a_rule_finds_what_it_names_and_nothing_else(rule: Rule) -> None:
    told, word = FOUND[rule.id]
    (concern,) = rules.concerns("some", [rule], vm(**told))
    assert (concern.id, concern.level, concern.hint) == (f"some.{rule.id}", rule.level, rule.hint)
    assert word in concern.text
    fine = vm(disks=(Disk(key="2000", size_bytes=1),), **root(FREE_BYTES))
    assert rules.concerns("some", SHARED, fine) == []


def test_only_those_of_a_kind_and_state_are_told() -> None:
    found = vm(
        devices=(Device(kind="cdrom", key="1", connected=True), Device(kind="cdrom", key="2"), Device(kind="usb"))
    )
    assert rules.devices("cdrom")(found) == "1, 2"
    assert rules.devices("cdrom", "floppy", connected=True)(found) == "1"


@pytest.mark.parametrize(
    ("power", "tools", "told"),
    [("on", "missing", "missing"), ("on", "stopped", "stopped"), ("on", "running", ""), ("off", "missing", "")],
)
def test_a_guest_is_silent_only_while_it_runs(power: str, tools: str, told: str) -> None:
    assert rules.silent(vm(power=power, guest=GuestView(tools=tools))) == told
