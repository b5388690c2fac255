"""Change tracking in the simulator tells the truth, and begins and ends when ESXi's does."""

import random
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

from tests.vcenter.machines import MIB, Wish, make, write
from tests.vcenter.server import VCenter
from tests.vcenter.test_power import running, until
from tests.vcenter.test_snapshots import disk_of, snap

BLOCK = 64 << 10


def tracked(vc: VCenter, service: Any, name: str, size: int = 8 * MIB) -> Any:
    """A running VM whose tracking has begun."""
    vm = make(service, Wish(name, disks=(size,), tracked=True))
    WaitForTask(vm.PowerOnVM_Task())
    assert until(lambda: tracking(vm))
    return vm


def tracking(vm: Any) -> bool:
    """It is in effect as soon as an allocated area can be asked for."""
    probe = snap(vm, "probe")
    try:
        return bool(disk_of(probe).backing.changeId)
    finally:
        WaitForTask(vm.RemoveAllSnapshots_Task())


def changed(vm: Any, since: str, snapshot: Any = None) -> set[int]:
    """The blocks of all answers together; each has to go on where the last one ended."""
    blocks, offset, size = set(), 0, disk_of(vm).capacityInBytes
    while offset < size:
        answer = vm.QueryChangedDiskAreas(snapshot, disk_of(vm).key, offset, since)
        assert answer.startOffset == offset
        for area in answer.changedArea:
            assert offset <= area.start < area.start + area.length <= offset + answer.length
            blocks |= set(range(area.start // BLOCK, (area.start + area.length + BLOCK - 1) // BLOCK))
        offset += answer.length
    return blocks


def test_what_was_written_is_what_has_changed(vc: VCenter, admin: Any) -> None:
    vm = tracked(vc, admin, "cbt-truth")
    one = snap(vm, "one")
    since = disk_of(one).backing.changeId
    write(vc, "cbt-truth", 3 * BLOCK + 5, b"x")
    write(vc, "cbt-truth", 7 * BLOCK - 1, b"two blocks")
    two = snap(vm, "two")
    write(vc, "cbt-truth", 20 * BLOCK, b"after the second")
    assert changed(vm, since, two) == {3, 6, 7}
    assert changed(vm, since, one) == set()
    WaitForTask(one.RemoveSnapshot_Task(removeChildren=False))
    assert changed(vm, since, two) == {3, 6, 7}  # a change id outlives its snapshot


def test_without_a_snapshot_the_vm_has_to_be_off(vc: VCenter, admin: Any) -> None:
    vm = tracked(vc, admin, "cbt-off")
    since = disk_of(snap(vm, "one")).backing.changeId
    write(vc, "cbt-off", 0, b"last words")
    with pytest.raises(vim.fault.FileFault):
        changed(vm, since)
    WaitForTask(vm.PowerOffVM_Task())
    assert changed(vm, since) == {0}


def test_the_star_tells_what_is_allocated(vc: VCenter, admin: Any) -> None:
    vm = tracked(vc, admin, "cbt-star")
    write(vc, "cbt-star", 10 * BLOCK, b"x" * 2 * BLOCK)
    assert changed(vm, "*", snap(vm, "one")) == {10, 11}


def test_answers_come_in_parts_and_some_are_empty(vc: VCenter, admin: Any) -> None:
    vm = tracked(vc, admin, "cbt-parts")
    since = disk_of(snap(vm, "one")).backing.changeId
    draw = random.Random(3)
    written = set(draw.sample(range(0, 64), 20)) | {127}
    for block in written:
        write(vc, "cbt-parts", block * BLOCK, draw.randbytes(16))
    two = snap(vm, "two")
    vc.timings(changed_areas=3)
    assert changed(vm, since, two) == written
    vc.timings(changed_areas=2000, changed_window=5 * BLOCK)
    assert changed(vm, since, two) == written
    assert vm.QueryChangedDiskAreas(two, disk_of(two).key, 70 * BLOCK, since).changedArea == []


def test_tracking_begins_with_a_stun_and_not_before(vc: VCenter, admin: Any) -> None:
    vm = running(admin, "cbt-begin")
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(changeTrackingEnabled=True)))
    one = snap(vm, "one")
    assert not disk_of(one).backing.changeId
    two = snap(vm, "two")
    assert disk_of(two).backing.changeId


def test_what_is_asked_wrongly_is_refused_as_esxi_refuses_it(vc: VCenter, admin: Any) -> None:
    vm = tracked(vc, admin, "cbt-wrong")
    snapshot = snap(vm, "one")
    since = disk_of(snapshot).backing.changeId
    key = disk_of(vm).key
    for device, offset, change, wrong in (
        (key + 999, 0, since, "deviceKey"),
        (key, 8 * MIB, since, "startOffset"),
        (key, 0, "nonsense", "changeId"),
    ):
        with pytest.raises(vmodl.fault.InvalidArgument) as refused:
            vm.QueryChangedDiskAreas(snapshot, device, offset, change)
        assert refused.value.invalidProperty == wrong


def fault_key(vm: Any, snapshot: Any, since: str) -> str:
    with pytest.raises(vim.fault.FileFault) as refused:
        vm.QueryChangedDiskAreas(snapshot, disk_of(vm).key, 0, since)
    return str(refused.value.faultMessage[0].key)


def test_a_vm_without_tracking_says_so(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("cbt-none"))
    assert fault_key(vm, snap(vm, "one"), "*") == "vim.hostd.vmsvc.cbt.noTrack"


@pytest.mark.parametrize("how", ["revert", "power loss"])
def test_after_a_loss_earlier_ids_mean_nothing(vc: VCenter, admin: Any, how: str) -> None:
    vm = tracked(vc, admin, f"cbt-{how}")
    one = snap(vm, "one")
    since = disk_of(one).backing.changeId
    if how == "revert":
        WaitForTask(one.RevertToSnapshot_Task())
    else:
        vc.lose_tracking(f"cbt-{how}")
    two = snap(vm, "two")
    assert disk_of(two).backing.changeId.partition("/")[0] != since.partition("/")[0]
    assert fault_key(vm, two, since) == "vim.hostd.vmsvc.cbt.noEpoch"
