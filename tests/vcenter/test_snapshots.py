"""Snapshots in the simulator: they keep the old data, show in the backing chain, and merge as ESXi merges them."""

from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.machines import MIB, Wish, make, write
from tests.vcenter.server import VCenter
from tests.vcenter.test_leases import stream
from tests.vcenter.test_power import running


def snap(vm: Any, name: str, **more: Any) -> Any:
    task = vm.CreateSnapshot_Task(name=name, memory=False, quiesce=more.get("quiesce", False))
    WaitForTask(task)
    return vm.snapshot.currentSnapshot


def disk_of(holder: Any) -> Any:
    (disk,) = (one for one in holder.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk))
    return disk


def chain(holder: Any) -> list[str]:
    files, backing = [], disk_of(holder).backing
    while backing:
        files.append(backing.fileName.rpartition("/")[2])
        backing = backing.parent
    return files


def first_bytes(vc: VCenter, snapshot: Any, count: int) -> bytes:
    """Of a snapshot, by a lease's stream through an independent reader: none is needed for so few."""
    lease = snapshot.ExportSnapshot()
    try:
        from tests.vcenter.test_leases import convert

        return convert(stream(vc, lease), vc.folder)[:count]
    finally:
        lease.HttpNfcLeaseAbort()


def test_the_chain_grows_and_the_old_data_stays(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-chain"))
    write(vc, "snap-chain", 0, b"first")
    one = snap(vm, "one")
    write(vc, "snap-chain", 0, b"after one")
    two = snap(vm, "two")
    write(vc, "snap-chain", 0, b"after two")
    assert chain(vm) == ["snap-chain-000002.vmdk", "snap-chain-000001.vmdk", "snap-chain.vmdk"]
    assert chain(one) == ["snap-chain.vmdk"]
    assert chain(two) == ["snap-chain-000001.vmdk", "snap-chain.vmdk"]
    assert first_bytes(vc, one, 5) == b"first"
    assert first_bytes(vc, two, 9) == b"after one"
    assert [leaf.name for leaf in vm.snapshot.rootSnapshotList] == ["one"]
    assert [leaf.name for leaf in vm.snapshot.rootSnapshotList[0].childSnapshotList] == ["two"]


def test_removing_merges_into_what_nobody_else_needs(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-merge"))
    one = snap(vm, "one")
    write(vc, "snap-merge", 0, b"after one")
    two = snap(vm, "two")
    write(vc, "snap-merge", 0, b"after two")
    WaitForTask(one.RemoveSnapshot_Task(removeChildren=False))
    assert chain(vm) == ["snap-merge-000002.vmdk", "snap-merge.vmdk"]
    assert chain(two) == ["snap-merge.vmdk"]
    assert first_bytes(vc, two, 9) == b"after one"
    WaitForTask(two.RemoveSnapshot_Task(removeChildren=False))
    assert chain(vm) == ["snap-merge.vmdk"]
    assert vm.snapshot is None
    (disk,) = vc.disks("snap-merge")
    assert disk.path.name == "snap-merge-flat.vmdk"
    assert disk.path.read_bytes()[:9] == b"after two"
    left = {path.name for path in disk.path.parent.iterdir() if path.suffix == ".vmdk"}
    assert left == {"snap-merge.vmdk", "snap-merge-flat.vmdk"}


def test_removing_the_newest_goes_back_to_its_parent(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-newest"))
    one, two = snap(vm, "one"), snap(vm, "two")
    write(vc, "snap-newest", 0, b"newest")
    WaitForTask(two.RemoveSnapshot_Task(removeChildren=False))
    assert vm.snapshot.currentSnapshot == one
    assert chain(vm) == ["snap-newest-000001.vmdk", "snap-newest.vmdk"]
    assert vc.disks("snap-newest")[0].path.read_bytes()[:6] == b"newest"


def test_removing_without_merging_leaves_it_to_be_done(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-later"))
    snapshot = snap(vm, "one")
    WaitForTask(snapshot.RemoveSnapshot_Task(removeChildren=False, consolidate=False))
    assert vm.snapshot is None
    assert vm.runtime.consolidationNeeded
    assert len(chain(vm)) == 2
    WaitForTask(vm.ConsolidateVMDisks_Task())
    assert chain(vm) == ["snap-later.vmdk"]
    assert not vm.runtime.consolidationNeeded


def test_merging_takes_its_time(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-slow"))
    write(vc, "snap-slow", 0, b"x" * 4 * MIB)
    snap(vm, "one")
    vc.timings(merge_us_per_mib=50_000)
    task = vm.RemoveAllSnapshots_Task()
    assert vm.runtime.powerState == "poweredOff"  # others read it meanwhile
    assert task.info.state == "running"
    WaitForTask(task)
    assert (task.info.completeTime - task.info.startTime).total_seconds() >= 0.2


def test_revert_goes_back_to_the_old_data(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-revert"))
    write(vc, "snap-revert", 0, b"first")
    one = snap(vm, "one")
    write(vc, "snap-revert", 0, b"later")
    WaitForTask(one.RevertToSnapshot_Task())
    assert vc.disks("snap-revert")[0].path.read_bytes()[:5] == b"first"
    assert chain(vm)[1:] == ["snap-revert.vmdk"]
    assert vm.snapshot.currentSnapshot == one


def test_a_quiet_snapshot_needs_tools(vc: VCenter, admin: Any) -> None:
    vm = running(admin, "snap-quiet")
    vc.guest("snap-quiet", no_tools=True)
    with pytest.raises(vim.fault.ApplicationQuiesceFault):
        snap(vm, "refused", quiesce=True)
    vc.guest("snap-quiet", no_tools=False)
    snap(vm, "taken", quiesce=True)
    assert vm.snapshot.rootSnapshotList[0].quiesced


def test_an_independent_disk_is_left_out(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("snap-independent"))
    disk = disk_of(vm)
    disk.backing.diskMode = "independent_persistent"
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=disk)
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(deviceChange=[edit])))
    snap(vm, "one")
    assert chain(vm) == ["snap-independent.vmdk"]
