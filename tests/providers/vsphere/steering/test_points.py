"""Points: of a VM that is off nothing is made, of one that runs a snapshot; found again, and gone without a trace."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.points import Point
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.steering import snapshots
from mtv.providers.vsphere.steering.points import Points, run_of
from mtv.providers.vsphere.steering.subject import look
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import (
    FENCE,
    Clock,
    Crash,
    crashing,
    machine,
    nothing_left,
    picture,
    power,
    reconfigure,
    run,
    steers,
    told,
)
from tests.vcenter.machines import MIB, write
from tests.vcenter.server import VCenter
from tests.vcenter.test_snapshots import chain, snap

FINAL = f"{FENCE}-final"
PASS = f"{FENCE}-pass-3"
INSPECT = f"{FENCE}-inspect"


def reading(source: VSphere, why_not: str = "") -> VSphere:
    """The same, where running VMs can be read, or why not."""

    async def answer(id_: str, disks: object) -> str:
        return why_not

    source._points = Points(source._server, answer)
    return source


def freeze(source: VSphere, vm: Any, name: str = "", quiesce: bool = False) -> Point:
    """The last point of a VM that is off, one of several of a VM that runs."""
    one = told(source, vm)
    return run(source.freeze(one, one.disks, name or (FINAL if one.power == "off" else PASS), None, quiesce))


def export(source: VSphere, vm: Any, point: Point) -> str:
    return run(source.export(point, told(source, vm).disks[0])).identity


def names(vm: Any) -> list[str]:
    left, found = list(vm.snapshot.rootSnapshotList) if vm.snapshot else [], []
    while left:
        one = left.pop(0)
        found.append(one.name)
        left += one.childSnapshotList
    return found


def off(vm: Any) -> Any:
    if power(vm) != "off":
        WaitForTask(vm.PowerOffVM_Task())
    return vm


@pytest.fixture
def idle(vc: VCenter, admin: Any) -> Any:
    return off(machine(admin, "points-off", on=False))


@pytest.fixture
def busy(vc: VCenter, admin: Any) -> Any:
    vm = machine(admin, "points-on")
    if vm.snapshot:
        WaitForTask(vm.RemoveAllSnapshots_Task())
    return vm


def test_of_a_vm_that_is_off_nothing_is_made(vc: VCenter, idle: Any) -> None:
    before = picture(idle)
    point = freeze(source_of(vc), idle)
    disk = next(one for one in idle.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk))
    assert point.tokens == {"snapshot": "", str(disk.key): "[LocalDS_0] points-off/points-off.vmdk"}
    assert freeze(source_of(vc), idle) == point
    assert export(source_of(vc), idle, point) == point.identity
    run(source_of(vc).release(point))
    assert picture(idle) == before


def started(vm: Any) -> None:
    WaitForTask(vm.PowerOnVM_Task())
    WaitForTask(vm.PowerOffVM_Task())


CHANGES: dict[str, Callable[[Any], None]] = {
    "settings": lambda vm: reconfigure(vm, annotation=f"{vm.config.changeVersion}"),
    "power": started,
    "snapshot": lambda vm: WaitForTask(snap(vm, "somebody's").RemoveSnapshot_Task(False)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_happens_to_a_vm_that_is_off_is_another_identity(vc: VCenter, idle: Any, change: str) -> None:
    """Also where all looks as before afterwards: it ran in between."""
    source = source_of(vc)
    point = freeze(source, idle)
    CHANGES[change](idle)
    with pytest.raises(Temporary) as changed:
        export(source, idle, point)
    assert changed.value.fault.code == "source.changed"
    assert freeze(source, idle).identity != point.identity


def test_without_events_another_process_goes_on_with_nothing(vc: VCenter, idle: Any) -> None:
    """It may have run in between; but one process has the same point before and after its copy."""
    vc.inject("QueryEvents", "NotSupported", times=99)
    source = source_of(vc)
    point = freeze(source, idle)
    assert (freeze(source, idle), export(source, idle, point)) == (point, point.identity)
    assert freeze(source_of(vc), idle).identity != point.identity
    vc.mend()


def test_of_a_vm_that_runs_a_snapshot_is_made_found_and_merged(vc: VCenter, busy: Any) -> None:
    before, source = picture(busy), reading(source_of(vc))
    write(vc, "points-on", 0, b"frozen")
    point = freeze(source, busy, INSPECT)
    assert names(busy) == [INSPECT]
    assert point.tokens["snapshot"] == busy.snapshot.currentSnapshot._moId
    assert "[LocalDS_0] points-on/points-on.vmdk" in point.tokens.values()
    assert len(chain(busy)) == 2
    assert freeze(reading(source_of(vc)), busy, INSPECT) == point
    assert run(source._points.standing(point)).name == "points-on"
    for _ in range(2):
        run(source_of(vc).release(Point(id=INSPECT, vm=point.vm, identity="")))
    assert picture(busy) == before
    with pytest.raises(MtvError, match="somebody removed it"):
        run(source._points.standing(point))
    assert freeze(source, busy, INSPECT).identity != point.identity
    run(source.release(point))
    nothing_left(vc, busy)


def test_a_running_vm_is_never_copied_for_the_last_time(vc: VCenter, busy: Any) -> None:
    """What it wrote after the snapshot would be lost."""
    before = picture(busy)
    with pytest.raises(Held) as held:
        freeze(reading(source_of(vc)), busy, FINAL)
    assert held.value.fault.code == "source.powered-on"
    assert picture(busy) == before


def test_a_running_vm_that_no_way_reads_is_refused_before_anything_is_changed(vc: VCenter, busy: Any) -> None:
    before = picture(busy)
    for source, why in ((reading(source_of(vc), "there is no library"), "no library"), (source_of(vc), "vddk:")):
        with pytest.raises(CheckFailed) as refused:
            freeze(source, busy, INSPECT)
        assert refused.value.fault.code == "source.cannot-serve"
        assert why in refused.value.fault.text
    assert picture(busy) == before


def test_wherever_an_engine_dies_there_is_one_point_and_then_none(vc: VCenter, busy: Any) -> None:
    before, hit = picture(busy), set()
    for act in ("freeze", "release"):
        for at in range(20):
            if act == "release":
                freeze(reading(source_of(vc)), busy)
            try:
                with crashing(at) as calls:
                    freeze(reading(source_of(vc)), busy) if act == "freeze" else run(source_of(vc).release(bare(busy)))
                break
            except Crash:
                hit.add((calls[-1], at % 2))
            freeze(reading(source_of(vc)), busy)
            assert names(busy) == [PASS], "made again, or found"
            run(source_of(vc).release(bare(busy)))
            assert picture(busy) == before, at
        run(source_of(vc).release(bare(busy)))
    assert len(hit) == 4, "before and behind making it, and removing it"
    nothing_left(vc, busy)


def bare(vm: Any, name: str = PASS) -> Point:
    """What is known of a point after a crash."""
    return Point(id=name, vm=vm._moId, identity="")


def test_a_snapshot_that_is_still_being_made_is_awaited_and_not_repeated(vc: VCenter, busy: Any) -> None:
    vc.timings(task_ms=700)
    with pytest.raises(Crash), crashing(1):
        freeze(reading(source_of(vc)), busy)
    assert vc.state()["running_tasks"] == ["CreateSnapshot_Task"]
    freeze(reading(source_of(vc)), busy)
    assert names(busy) == [PASS]
    with pytest.raises(Crash), crashing(1):
        run(source_of(vc).release(bare(busy)))
    assert vc.state()["running_tasks"] == ["RemoveSnapshot_Task"]
    run(source_of(vc).release(bare(busy)))
    assert len(chain(busy)) == 1
    nothing_left(vc, busy)


def test_merging_is_waited_for_within_limits(vc: VCenter, busy: Any) -> None:
    clock = Clock()
    source = reading(steers(source_of(vc), sleep=clock.sleep, clock=clock, release_s=10))
    write(vc, "points-on", 0, b"x" * 4 * MIB)
    point = freeze(source, busy)
    vc.timings(merge_us_per_mib=1_000_000)  # four real seconds: ten of our clock are over long before
    with pytest.raises(Temporary) as slow:
        run(source.release(point))
    assert slow.value.fault.code == "source.slow"
    run(source_of(vc).release(point))
    assert len(chain(busy)) == 1
    nothing_left(vc, busy)


def test_what_a_removal_leaves_is_merged(vc: VCenter, busy: Any) -> None:
    """Somebody removed our snapshot, and left its files."""
    point = freeze(reading(source_of(vc)), busy)
    WaitForTask(busy.snapshot.currentSnapshot.RemoveSnapshot_Task(False, consolidate=False))
    assert busy.runtime.consolidationNeeded
    with pytest.raises(CheckFailed, match="leavings"):
        freeze(reading(source_of(vc)), busy)
    run(source_of(vc).release(point))
    assert not busy.runtime.consolidationNeeded
    nothing_left(vc, busy)


def test_what_cannot_be_merged_is_held(vc: VCenter, busy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    point = freeze(reading(source_of(vc)), busy)

    async def leaving(server: Any, id_: str) -> Any:
        return replace(await look(server, id_), consolidate=True)

    monkeypatch.setattr(snapshots, "look", leaving)
    with pytest.raises(Held) as held:
        run(source_of(vc).release(point))
    assert held.value.fault.code == "source.consolidate"
    nothing_left(vc, busy)


def test_leavings_that_are_not_ours_are_left(vc: VCenter, admin: Any) -> None:
    vm = machine(admin, "points-leavings", on=False)
    vc.put(vm, "runtime.consolidationNeeded", True)
    run(source_of(vc).release(bare(vm)))
    assert vm.runtime.consolidationNeeded


def test_a_snapshot_that_somebody_makes_meanwhile_is_told_and_stays(
    vc: VCenter, busy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    point = freeze(reading(source_of(vc)), busy)
    snap(busy, "before the upgrade")
    with caplog.at_level(logging.WARNING):
        run(source_of(vc).release(point))
    assert "somebody made the snapshot 'before the upgrade'" in caplog.text
    assert names(busy) == ["before the upgrade"]
    assert busy.snapshot.currentSnapshot is not None


def test_another_runs_point_is_refused_and_our_own_earlier_one_replaced(vc: VCenter, busy: Any) -> None:
    freeze(reading(source_of(vc)), busy, INSPECT)
    with pytest.raises(CheckFailed) as refused:
        freeze(reading(source_of(vc)), busy, "mtv-other-2-pass-1")
    assert refused.value.fault.code == "source.point-of-other"
    assert INSPECT in refused.value.fault.text
    freeze(reading(source_of(vc)), busy, f"{FENCE}-pass-1")
    assert names(busy) == [f"{FENCE}-pass-1"]
    run(source_of(vc).release(bare(busy, f"{FENCE}-pass-1")))
    nothing_left(vc, busy)


def test_of_two_engines_that_come_at_once_one_has_its_point(vc: VCenter, busy: Any) -> None:
    one = told(source_of(vc), busy)
    wanted = (PASS, "mtv-other-2-pass-1")
    vc.timings(task_ms=50)

    async def race() -> list[Any]:
        acts = [reading(source_of(vc)).freeze(one, one.disks, name, None, False) for name in wanted]
        return await asyncio.gather(*acts, return_exceptions=True)

    ends = run(race())
    (winner,) = (end for end in ends if isinstance(end, Point))
    (loser,) = (end for end in ends if isinstance(end, CheckFailed))
    assert loser.fault.code == "source.point-of-other"
    assert winner.id in loser.fault.text
    assert names(busy) == [winner.id]
    run(source_of(vc).release(winner))
    nothing_left(vc, busy)


@pytest.mark.parametrize(
    ("name", "of"),
    [("mtv-a-1-final", "mtv-a-1"), ("mtv-a-1-2-inspect", "mtv-a-1-2"), ("mtv-a-1-pass-12", "mtv-a-1"),
     ("mtv-pass-1~3f9c21-final", "mtv-pass-1~3f9c21"), ("mtv-again", "mtv-again")],
)  # fmt: skip
def test_a_points_name_says_whose_it_is(name: str, of: str) -> None:
    assert run_of(name) == of


def test_a_guest_that_cannot_be_quiet_is_taken_as_after_a_crash(
    vc: VCenter, busy: Any, caplog: pytest.LogCaptureFixture
) -> None:
    vc.inject("CreateSnapshot_Task", "ApplicationQuiesceFault", name="points-on", times=1)
    with caplog.at_level(logging.WARNING):
        point = freeze(reading(source_of(vc)), busy, quiesce=True)
    assert "could not be quiesced" in caplog.text
    assert not busy.snapshot.rootSnapshotList[0].quiesced
    run(source_of(vc).release(point))
    freeze(reading(source_of(vc)), busy, quiesce=True)
    assert busy.snapshot.rootSnapshotList[0].quiesced
    run(source_of(vc).release(point))


def test_a_full_datastore_is_seen_before_anything_is_changed(vc: VCenter, busy: Any) -> None:
    (store,) = busy.datastore
    before, free = picture(busy), int(store.summary.freeSpace)
    vc.put(store, "summary.freeSpace", 12_345)
    with pytest.raises(CheckFailed) as refused:
        freeze(reading(source_of(vc)), busy)
    vc.put(store, "summary.freeSpace", free)
    assert refused.value.fault.code == "source.no-room"
    assert picture(busy) == before


def test_a_vm_that_somebody_starts_while_we_hold_it_off_is_held(vc: VCenter, idle: Any) -> None:
    source = source_of(vc)
    point = freeze(source, idle)
    WaitForTask(idle.PowerOnVM_Task())
    with pytest.raises(Held) as held:
        export(source, idle, point)
    assert held.value.fault.code == "source.powered-on"
    off(idle)
    assert freeze(source, idle).identity != point.identity


def test_a_suspended_vm_is_refused(vc: VCenter, busy: Any) -> None:
    WaitForTask(busy.SuspendVM_Task())
    with pytest.raises(CheckFailed, match="is suspended"):
        freeze(reading(source_of(vc)), busy)
    off(busy)


def test_a_vm_that_changes_hosts_or_its_name_is_the_same(vc: VCenter, idle: Any) -> None:
    source = source_of(vc)
    point = freeze(source, idle)
    other = next(one for one in idle.runtime.host.parent.host if one != idle.runtime.host)
    WaitForTask(idle.RelocateVM_Task(vim.vm.RelocateSpec(host=other)))
    WaitForTask(idle.Rename_Task("points-elsewhere"))
    assert idle.runtime.host == other
    assert export(source, idle, point) == point.identity
    WaitForTask(idle.Rename_Task("points-off"))


def test_other_disks_than_planned_are_held(vc: VCenter, idle: Any) -> None:
    source = source_of(vc)
    one = told(source, idle)
    for disk in (replace(one.disks[0], size_bytes=1), replace(one.disks[0], key="4711")):
        with pytest.raises(Held) as held:
            run(source.freeze(one, [disk], FINAL, None, False))
        assert held.value.fault.code == "source.changed"


def test_a_disk_that_nobody_planned_is_held_before_the_last_copy(vc: VCenter, idle: Any) -> None:
    """It came after the check."""
    source = source_of(vc)
    one = told(source, idle)
    fewer = replace(one, disks=())
    with pytest.raises(Held, match="has a disk that was not planned: ") as held:
        run(source.freeze(fewer, fewer.disks, FINAL, None, False))
    assert held.value.fault.code == "source.changed"
    assert one.disks[0].key in held.value.fault.text


def test_a_vm_that_is_gone_has_no_point_to_release(vc: VCenter, admin: Any) -> None:
    vm = machine(admin, "points-gone", on=False)
    point = freeze(source_of(vc), vm)
    WaitForTask(vm.Destroy_Task())
    run(source_of(vc).release(point))
    with pytest.raises(MtvError) as gone:
        run(source_of(vc)._points.standing(point))
    assert gone.value.fault.code == "source.gone"
