"""What moves: passes and deltas in each flavour, to the last bit, and what workers are told of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from mtv.model.estate import Disk
from mtv.plans.runner import fold
from mtv.providers.memory.content import Run
from mtv.providers.memory.faults import Demand
from tests.crash.boundaries import Boundaries
from tests.crash.pair import Case, Pair
from tests.plans.way.made import driven, estate_with, ran, tasks

FLAVOURS = ("snapshots", "backups", "streams", "untracked")
UNTIL_CREATE = {"prepare": lambda pair: pair.target().faults.demand(Demand(call="create_machine", kind="no-space"))}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_warm_takes_two_passes_and_a_delta_and_arrives_bit_for_bit(flavour: str, tmp_path: Path) -> None:
    pair, history = driven(Case("warm", flavour), tmp_path)
    assert [step for step in ran(pair) if step in ("freeze", "copy", "last-delta")] == [
        "freeze", "copy", "freeze", "copy", "last-delta",
    ]  # fmt: skip
    pair.assert_ended("done")
    first, second = (_written(facts) for facts in history.rounds("copy"))
    last = _written(history.of("last-delta"))
    data_bytes = sum(disk.allocated_bytes or 0 for disk in pair.plan().vm.disks)
    assert first >= data_bytes
    assert 0 < second < first / 2
    assert 0 < last < first / 2


def _written(facts: object) -> int:
    assert isinstance(facts, dict)
    return int(facts["written_bytes"])


@pytest.mark.parametrize(("flavour", "told"), [
    ("snapshots", True), ("backups", True), ("streams", False), ("untracked", False),
])  # fmt: skip
def test_only_a_source_that_can_tell_gives_workers_a_delta(flavour: str, told: bool, tmp_path: Path) -> None:
    pair, _ = driven(Case("warm", flavour, **UNTIL_CREATE), tmp_path, "held")  # type: ignore[arg-type]
    given = tasks(pair)
    (first, second), (last,), (verified,) = given["copy"], given["last-delta"], given["verify"]
    assert all(disk.extents is None and disk.volume and disk.volume.zeroed for disk in first.disks)
    assert all(disk.volume and not disk.volume.zeroed for disk in (*second.disks, *last.disks))
    for task in (second, last, verified):
        assert [disk.extents is not None for disk in task.disks] == [told] * 2
    assert [disk.extents for disk in verified.disks] == [disk.extents for disk in last.disks]
    assert all(disk.export is None for disk in verified.disks)


def test_a_volume_is_believed_empty_only_by_the_first_attempt(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", prepare=lambda pair: pair.target().faults.demand(
        Demand(call="transfer", after=3), Demand(call="create_machine", kind="no-space")))  # fmt: skip
    pair, _ = driven(case, tmp_path, "held")
    first, second = tasks(pair)["transfer"]
    assert all(disk.volume and disk.volume.zeroed for disk in first.disks)
    assert all(disk.volume and not disk.volume.zeroed for disk in second.disks)
    assert second.epoch > first.epoch


def test_a_blank_disk_is_made_and_not_copied(tmp_path: Path) -> None:
    blank = Disk(key="3000", size_bytes=1 << 20, blank=True)
    case = Case("warm", "snapshots", prepare=estate_with(lambda vm: replace(vm, disks=(blank, *vm.disks))))
    pair, history = driven(case, tmp_path)
    stored = {one.disk: one for one in pair.target().volumes.all()}
    assert [stored[key].index for key in ("3000", "2000", "2001")] == [0, 1, 2]
    copied = history.of("last-delta")["disks"]
    assert isinstance(copied, dict)
    assert set(copied) == {"2000", "2001"}
    handed = history.of("convert")["handed_over"]
    assert isinstance(handed, dict)
    assert set(handed) == {"3000", "2000", "2001"}


def test_a_guest_that_cannot_be_read_at_the_source_is_inspected_when_it_is_copied(tmp_path: Path) -> None:
    _, history = driven(Case("cold", "streams"), tmp_path)
    assert "unknown" in history.of("inspect")
    guest = history.of("convert")["guest"]
    assert isinstance(guest, dict)
    assert guest["hostname"] == "vm001"


def test_a_target_that_changed_after_its_copy_is_found_and_everything_goes_back(tmp_path: Path) -> None:
    pair = Pair(Case("cold", "snapshots"), tmp_path)
    boundaries = Boundaries()

    def rot() -> None:
        if boundaries.names[-1] == "after the commit of transfer done":
            volume = pair.target().volumes.find(pair.specs()[1])
            assert volume is not None
            pair.target().volumes.write(volume, [Run(4096, 4096, "rot")])

    boundaries.look = rot
    assert pair.drive(boundaries) == "rolled-back"
    fault = fold(pair.rows.kept).fault
    assert fault is not None
    assert fault.code == "verify.mismatch"
    assert "disk 2001" in fault.text
    pair.assert_ended("rolled-back")
