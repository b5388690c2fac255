"""`mtv verify` of disks that lie in a cluster: a worker there reads them again and tells their hashes, which are held
against the receipts in the store. Nothing is written, and the source is not asked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtv.converters.receipts.holding import Held
from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.plans import VmPlan
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.tasks import Ended, Task, TaskDisk, worker_name
from mtv.model.volumes import Volume
from mtv.plans.deciding.fold import fold
from mtv.plans.way.disks import specs_of
from mtv.plans.way.work import SILENT
from mtv.providers.base import Housed
from mtv.store import proofs, records, runs
from mtv.store.records import MigrationRow
from mtv.store.store import Store
from mtv.verbs.opening import opened, place

STEP = "reread"
ABREAST = 4  # VMs whose disks are read at a time
OTHER = "holds something else than was handed over; somebody wrote to it, its guest has run, or its storage is at fault"
Tell = Callable[[str, int, int], None]
Verdicts = Sequence[tuple[Receipt, Held]]


@dataclass(frozen=True)
class _Vm:
    """One that was moved. `epoch`: of the lease that its worker gets."""

    run: str
    plan: VmPlan
    receipt: Receipt
    epoch: int
    is_over: bool  # its scratch space is gone, and this one's goes, too

    def fault(self, text: str) -> Verdicts:
        """None of its disks was read."""
        return [(self.receipt, _held(one, fault=text, is_read=False)) for one in self.receipt.handed_over]


def reread(store: Store, run: str, rows: Sequence[MigrationRow], tell: Tell) -> Verdicts:
    """Of all disks of these VMs. Raises MtvError where the cluster cannot be reached."""
    plan = runs.plan_of(store, run)
    parts = {one.vm.key: one for one in plan.vms}
    receipts = {one.vm: one for one in proofs.receipts(store, run)}
    vms = [
        _Vm(run, parts[row.vm_key], receipts[row.vm_key], _epoch(store, row), row.state == "done")
        for row in rows if row.vm_key in receipts
    ]  # fmt: skip

    async def all_() -> Verdicts:
        async with opened("targets", place(store, plan.target)) as target:
            if isinstance(target, Housed):
                target.house(plan.namespace, run)
            gate = asyncio.Semaphore(ABREAST)
            found = await asyncio.gather(*(_in_turn(gate, target, vm, tell) for vm in vms))
        return [one for verdicts in found for one in verdicts]

    return asyncio.run(all_())


def _epoch(store: Store, row: MigrationRow) -> int:
    last = fold(store.read(lambda found: records.read_rows(found, row.run, row.vm_key))).last
    return last.n if last else 0


async def _in_turn(gate: asyncio.Semaphore, target: Any, vm: _Vm, tell: Tell) -> Verdicts:
    async with gate:
        machine = await target.machine(vm.plan.machine)
        if machine.state not in ("halted", "absent"):
            return vm.fault(
                f"{machine.path or machine.name} is {machine.state}: the disks of a VM are read while it is off"
            )
        specs = specs_of(vm.run, vm.plan)
        there = {spec.disk: await target.find(spec) for spec in specs}
        if gone := [spec.name for spec in specs if there[spec.disk] is None]:
            return vm.fault(f"its claim {gone[0]} is gone, or is not ours any more")
        disks = [TaskDisk(id=one.disk, size_bytes=one.size_bytes, volume=one) for one in there.values() if one]
        try:
            scratch = await target.scratch(vm.run, vm.plan.machine, specs)
            ended = await _read(target, vm, disks, scratch, tell)
        finally:
            if vm.is_over:
                await target.tidy(vm.run, vm.plan.machine)
        return _judged(vm, ended, there)


async def _read(target: Any, vm: _Vm, disks: Sequence[TaskDisk], scratch: str, tell: Tell) -> Ended:
    """One worker, seen to end; what an earlier one of this name said is not taken for it."""
    task = Task(
        run=vm.run, vm=vm.plan.vm.key, name=vm.plan.vm.name, step=STEP, attempt=1, epoch=vm.epoch, op="hash",
        disks=tuple(disks), scratch=scratch,
    )  # fmt: skip
    worker = worker_name(vm.run, vm.plan.vm.key, STEP, 1)
    await target.stop(worker)
    await target.start(task, {})
    try:
        async for event in target.events(worker):
            done, total = event.data.get("done_bytes"), event.data.get("total_bytes")
            if event.type == "progress" and isinstance(done, int) and isinstance(total, int):
                tell(f"{vm.plan.vm.name}, disk {event.data.get('disk')}", done, total)
    finally:
        ended: Ended = await target.stop(worker)
    return ended


def _judged(vm: _Vm, ended: Ended, there: Mapping[str, Volume | None]) -> Verdicts:
    told = ended.facts.get("disks")
    if ended.outcome != "done" or not isinstance(told, dict):
        fault = ended.fault or SILENT
        return vm.fault(f"{fault.text} ({fault.code})")
    return [(vm.receipt, _compared(one, told.get(one.disk))) for one in vm.receipt.handed_over]


def _compared(one: DiskTable, told: Json) -> Held:
    if not isinstance(told, dict) or not told.get("root"):
        raise MtvError("receipt.untold", f"no worker told the hash of disk '{one.disk}'", "`mtv verify` again")
    return _held(one, fault="" if told["root"] == one.root else OTHER, read_back=str(told.get("read_back", "")))


def _held(one: DiskTable, fault: str, read_back: str = "", is_read: bool = True) -> Held:
    return Held(
        disk=one.disk, file=one.file, size_bytes=one.size_bytes, data_bytes=one.data_bytes, read_back=read_back,
        fault=fault, is_read=is_read,
    )  # fmt: skip
