"""Each row of the ways' tables: what spoils it, which ways it closes and which stay open."""

import re
from pathlib import Path
from typing import Any

import pytest

from mtv.providers.vsphere.ways.table import ALL, EXPORT, FILES, FOLDER, NAMES, ROWS, SSH, VDDK, Row, reasons
from tests.providers.vsphere.ways.scenes import SNAPSHOT, fine

TIB = 1 << 40
SPOILED: list[tuple[str, tuple[str, ...], dict[str, Any], str]] = [
    ("library", (VDDK,), {"library": False}, "MTV_VDDK=DIR"),
    ("alone", (SSH,), {"vm__datacenter": "DC0"}, "behind a vCenter"),
    ("state", ALL, {"vm__state": "orphaned"}, "the VM is orphaned"),
    ("off", (FOLDER, EXPORT, SSH), {"running": True}, "has to be off"),
    ("host", (VDDK, EXPORT), {"host__state": "unresponsive"}, "host esx1 is not connected"),
    ("maintenance", (VDDK, EXPORT), {"host__maintenance": True}, "host esx1 is in maintenance"),
    ("datastore", ALL, {"store__accessible": False}, "datastore gold is not accessible"),
    ("datastore-maintenance", ALL, {"store__maintenance": "inMaintenance"}, "datastore gold is in maintenance"),
    ("place", ALL, {"disk__path": ""}, "Hard disk 1 lies in no place"),
    ("size", ALL, {"disk__size_bytes": 0}, "Hard disk 1 has no size"),
    ("too-large", ALL, {"disk__size_bytes": 62 * TIB + 512, "disk__allocated_bytes": 1}, "larger than 62 TiB"),
    ("stream-size", (EXPORT,), {"disk__size_bytes": 3 * TIB}, "more than 2 TiB"),
    ("shared", ALL, {"disk__shared": True}, "Hard disk 1 can be written by other VMs"),
    ("shared", ALL, {"disk__bus_sharing": "physical"}, "Hard disk 1 can be written by other VMs"),
    ("shared", ALL, {"disk__sharing": "multi-writer"}, "Hard disk 1 can be written by other VMs"),
    ("raw", ALL, {"disk__raw": "physical", "disk__image": "rdm"}, "physical RDM"),
    ("raw-virtual", (FOLDER, EXPORT, SSH), {"disk__raw": "virtual", "disk__image": "rdm"}, "virtual RDM"),
    ("encrypted", (FOLDER, EXPORT, SSH), {"disk__encrypted": True}, "Hard disk 1 is encrypted"),
    ("encrypted-vm", (EXPORT,), {"vm__encrypted": True}, "the VM is encrypted"),
    ("fault-tolerance", (EXPORT,), {"vm__fault_tolerant": True}, "fault tolerance is on"),
    ("files", FILES, {"store__kind": "vsan"}, "gold is vSAN, where disks are no flat files"),
    ("files", FILES, {"store__kind": "VVOL"}, "gold is vVol"),
    ("flat", FILES, {"disk__image": "vmdk-sesparse"}, "Hard disk 1 is no flat file"),
    ("snapshots", FILES, {"vm__snapshots": (SNAPSHOT,), "disk__parents": ("[gold] a/b.vmdk",)}, "has 1 snapshot"),
    ("clone", FILES, {"disk__parents": ("[gold] base/base.vmdk",)}, "a difference to another disk"),
    ("volatile", FILES, {"disk__mode": "independent_nonpersistent"}, "leavings of a volatile session"),
    ("independent", ALL, {"disk__mode": "independent_persistent", "running": True}, "no snapshot holds it"),
    ("rights", (VDDK,), {"lacks": {VDDK: ["VirtualMachine.Config.DiskLease"]}}, "VirtualMachine.Config.DiskLease"),
    ("rights", (FOLDER,), {"lacks": {FOLDER: ["Datastore.Browse"]}}, "lacks Datastore.Browse"),
    ("rights", (EXPORT,), {"lacks": {EXPORT: ["VApp.Export"]}}, "lacks VApp.Export"),
]


def test_a_plain_vm_that_is_off_can_be_read_by_every_way() -> None:
    assert [reasons(fine(), way) for way in NAMES] == [()] * 4


@pytest.mark.parametrize(("row", "ways", "spoiled", "text"), SPOILED, ids=[one[0] for one in SPOILED])
def test_what_a_row_closes(row: str, ways: tuple[str, ...], spoiled: dict[str, Any], text: str) -> None:
    told = {way: reasons(fine(**spoiled), way) for way in NAMES}
    assert {way for way, found in told.items() if found} == set(ways)
    assert any(text in one for found in told.values() for one in found)


def test_every_row_is_spoiled_by_a_test() -> None:
    assert {(row.name, row.ways if row.name == "rights" else ()) for row in ROWS} == {
        (name, ways if name == "rights" else ()) for name, ways, _, _ in SPOILED
    }


@pytest.mark.parametrize("mode", ["independent_persistent", "append"])
def test_what_is_odd_and_does_not_matter_while_a_vm_is_off(mode: str) -> None:
    assert [reasons(fine(disk__mode=mode), way) for way in NAMES] == [()] * 4


def test_a_disk_of_62_tib_works_where_there_is_room_for_it() -> None:
    of = fine(disk__size_bytes=62 * TIB, disk__allocated_bytes=TIB)
    assert [reasons(of, way) for way in NAMES] == [()] * 4
    assert reasons(fine(disk__size_bytes=62 * TIB), EXPORT)


def test_a_running_vm_is_read_by_vmwares_library_alone() -> None:
    assert [way for way in NAMES if not reasons(fine(running=True), way)] == [VDDK]


def test_a_blank_disk_is_not_asked_about() -> None:
    assert [reasons(fine(disk__blank=True, disk__size_bytes=0, disk__path=""), way) for way in NAMES] == [()] * 4


def test_a_label_may_hold_braces() -> None:
    assert reasons(fine(disk__label="{0} {disk}", disk__size_bytes=0), FOLDER) == ("{0} {disk} has no size",)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_documentation_shows_each_row(row: Row) -> None:
    text = (Path(__file__).parents[4] / "docs/vsphere.md").read_text()
    [line] = [line for line in text.splitlines() if line.startswith(f"| {row.needs} |")]
    marks = [one.strip() for one in re.split(r"\|", line)[2:-1]]
    assert [way for way, mark in zip(NAMES, marks, strict=True) if mark] == [way for way in NAMES if way in row.ways]
