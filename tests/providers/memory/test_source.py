"""What the flavours differ in, and what a source does when it cannot."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.estate import VM, Revision
from mtv.model.points import Point
from mtv.providers.memory import MemorySource
from mtv.providers.memory.estate import make_estate, read_address, write_estate
from mtv.providers.memory.faults import Demand
from mtv.providers.memory.reader import open_memory
from mtv.providers.memory.source import TrackingSource

T = TypeVar("T")


def run(act: Awaitable[T]) -> T:
    async def wait() -> T:
        return await act

    return asyncio.run(wait())


def tracking(folder: Path, flavour: str) -> tuple[TrackingSource, VM]:
    source = MemorySource("src", f"{folder}?flavour={flavour}&size_mib=1")
    assert isinstance(source, TrackingSource)
    vm = source.estate.vms[0]
    assert run(source.track(vm, True)) is False
    return source, vm


def point(source: MemorySource, vm: VM, name: str, since: Point | None = None) -> Point:
    return run(source.freeze(vm, vm.disks, name, since, False))


def test_a_snapshot_tells_changes_since_any_earlier_one(tmp_path: Path) -> None:
    source, vm = tracking(tmp_path, "snapshots")
    points = [point(source, vm, name) for name in "abc"]
    last = point(source, vm, "last", points[0])
    assert last.since == "a"
    told = run(source.extents(last, vm.disks[0]))
    assert told
    again = point(source, vm, "again", points[2])
    fewer = run(source.extents(again, vm.disks[0]))
    assert fewer is not None
    assert sum(extent.length for extent in fewer) < sum(extent.length for extent in told)


def test_tracking_that_was_off_in_between_makes_old_change_ids_worthless(tmp_path: Path) -> None:
    source, vm = tracking(tmp_path, "snapshots")
    first = point(source, vm, "first")
    run(source.track(vm, False))
    run(source.track(vm, True))
    second = point(source, vm, "second", first)
    assert second.since == ""
    assert run(source.extents(second, vm.disks[0])) is None


def test_no_vm_has_two_backups_at_once(tmp_path: Path) -> None:
    source, vm = tracking(tmp_path, "backups")
    first = point(source, vm, "first")
    with pytest.raises(MtvError, match="backup under way: first"):
        point(source, vm, "second", first)
    run(source.release(first))
    assert point(source, vm, "second", first).since == "first"


def test_a_backup_needs_its_checkpoint(tmp_path: Path) -> None:
    source, vm = tracking(tmp_path, "backups")
    made: list[Point] = []
    for name in "abc":
        made.append(point(source, vm, name, made[-1] if made else None))
        run(source.release(made[-1]))
    assert point(source, vm, "late", made[0]).since == "", "the checkpoint of a was dropped with the base of c"


def test_an_untracked_source_never_tells(tmp_path: Path) -> None:
    source, vm = tracking(tmp_path, "untracked")
    first = point(source, vm, "first")
    assert run(source.extents(point(source, vm, "second", first), vm.disks[0])) is None


def test_streams_are_streams_and_serve_nobody(tmp_path: Path) -> None:
    source = MemorySource("src", f"{tmp_path}?flavour=streams")
    vm = source.estate.vms[0]
    export = run(source.export(point(source, vm, "p"), vm.disks[0]))
    assert export.kind == "stream"
    with pytest.raises(CheckFailed) as caught:
        open_memory(export, tmp_path, tmp_path, serve=True)
    assert caught.value.fault.code == "source.cannot-serve"


def test_an_inventory_since_a_revision_tells_only_what_changed(tmp_path: Path) -> None:
    source = MemorySource("src", str(tmp_path))

    async def told(since: str | None) -> list[str]:
        found = [change async for change in source.inventory(since)]
        return [change.name if not isinstance(change, Revision) else change.value for change in found]  # type: ignore[union-attr]

    everything = run(told(None))
    assert everything[:4] == ["ds1", "ds2", "VLAN-10", "VLAN-20"]
    run(source.power(source.estate.vms[1], "off", 1, "hold"))
    assert run(told(everything[-1]))[:-1] == ["vm002"]


def test_a_guest_that_does_not_shut_down_is_held_or_forced(tmp_path: Path) -> None:
    made = make_estate("src", read_address(f"{tmp_path}?vms=1"))
    write_estate(tmp_path, replace(made, vms=(replace(made.vms[0], attributes={"shutdown": "never"}),)))
    source = MemorySource("src", str(tmp_path))
    vm = source.estate.vms[0]
    with pytest.raises(Held):
        run(source.power(vm, "off", 5, "hold"))
    assert run(source.vm(vm.id)).power == "on"
    run(source.power(vm, "off", 5, "force"))
    assert run(source.vm(vm.id)).power == "off"


def test_a_fenced_vm_does_not_start(tmp_path: Path) -> None:
    source = MemorySource("src", str(tmp_path))
    vm = source.estate.vms[0]
    run(source.power(vm, "off", 1, "hold"))
    run(source.fence(vm, "mtv-p-1"))
    with pytest.raises(MtvError, match="fenced"):
        run(source.power(vm, "on", 1, "hold"))


def test_faults_come_on_demand_and_are_counted_over_processes(tmp_path: Path) -> None:
    MemorySource("src", str(tmp_path)).faults.demand(Demand(call="vm", after=1, times=2))
    seen = []
    for _ in range(5):
        try:
            seen.append(run(MemorySource("src", str(tmp_path)).vm("vm-1")).name)
        except Temporary:
            seen.append("failed")
    assert seen == ["vm001", "failed", "failed", "vm001", "vm001"]
