"""`mtv inspect`: look into guests' disks, read-only for the source, and keep what was found."""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

from mtv import codec
from mtv.converters.worker.local import LocalWorkers
from mtv.errors import CheckFailed, MtvError
from mtv.model.estate import VM, Facts, Json
from mtv.model.plans import GuestChoice, NicChoice
from mtv.model.points import Point
from mtv.model.tasks import Ended, Task, TaskDisk
from mtv.providers.base import Lends
from mtv.settings import settings
from mtv.store import inventory, looks
from mtv.store.looks import Look
from mtv.store.store import Store
from mtv.verbs.opening import opened, place, require_points
from mtv.verbs.plans import chosen

COLUMNS = ("name", "system", "hostname", "conversion", "addresses", "concerns", "fault")
POINT = "mtv-inspect~"  # and what tells two that look at the same time apart
LOG = logging.getLogger(__name__)


def inspect(word: str, where: str, tell: Callable[[int, str], None]) -> list[dict[str, Json]]:
    """One row a VM that `where` finds; `fault` says why one could not be looked into, or is refused."""
    with Store(settings().store) as store:
        found = place(store, word)
        require_points(found)
        vms = chosen(store, found, where)

        async def work() -> list[dict[str, Json]]:
            async with AsyncExitStack() as stack:
                source = await stack.enter_async_context(opened("sources", found))
                await drop_abandoned(source)
                rows = []
                for number, vm in enumerate(vms, 1):
                    tell(number, f"of {len(vms)}: {vm.name}")
                    rows.append(await _one(store, source, vm))
                return rows

        return asyncio.run(work())


async def drop_abandoned(source: Any) -> None:
    """Remove the points that looks from this store left at that source when they were killed."""
    for look, forget in looks.abandoned(settings().store, source.name):
        what = f"{look.name}: the point {look.point} that an `mtv inspect` left when it died"
        try:
            await source.release(Point(id=look.point, vm=look.vm, identity=""))
        except MtvError as error:
            LOG.warning("%s is still there: %s", what, error.fault.text)
        else:
            forget()
            LOG.warning("%s is removed", what)


async def _one(store: Store, source: Any, vm: VM) -> dict[str, Json]:
    try:
        facts = await _look(source, vm)
    except MtvError as error:
        return _row(vm, {}, error.fault.text)
    inventory.save_inspection(store, vm, facts)
    return _row(vm, facts, "")


async def _look(source: Any, vm: VM) -> Facts:
    """The inspect operation's facts. Raises MtvError with the worker's own fault."""
    moving = [disk for disk in vm.disks if not disk.blank]
    look = Look(point=POINT + token_hex(4), source=vm.source, vm=vm.id, name=vm.name)
    with tempfile.TemporaryDirectory(prefix="mtv-inspect-") as scratch, looks.noted(settings().store, look) as forget:
        try:
            point = await source.freeze(vm, moving, look.point, None, True)
        except CheckFailed:  # before anything was made
            forget()
            raise
        try:
            disks = tuple([TaskDisk(id=disk.key, size_bytes=disk.size_bytes, export=await source.export(point, disk))
                           for disk in moving])  # fmt: skip
            return await _employ(_task(vm, disks, scratch), source.lends() if isinstance(source, Lends) else {})
        finally:
            await source.release(point)
            forget()


def _task(vm: VM, disks: tuple[TaskDisk, ...], scratch: str) -> Task:
    nics = [codec.dump(NicChoice(nic=nic.key, to="pod", mac=nic.mac)) for nic in vm.nics]
    guest: dict[str, Json] = {"vm": codec.dump(vm), "choice": codec.dump(GuestChoice()), "nics": list(nics)}
    return Task(run="inspect", vm=vm.key, name=vm.name, step="inspect", attempt=1, epoch=1, op="inspect", disks=disks,
                guest=guest, scratch=str(Path(scratch)))  # fmt: skip


async def _employ(task: Task, secrets: Mapping[str, bytes]) -> Facts:
    workers = LocalWorkers()
    worker = await workers.start(task, secrets)
    async for event in workers.events(worker):
        if event.type == "end":
            break
    ended: Ended = await workers.stop(worker)
    if ended.outcome == "done":
        return ended.facts
    fault = ended.fault
    raise (
        MtvError(fault.code, fault.text, fault.hint) if fault else MtvError("worker.silent", f"{task.name}: no answer")
    )


def _row(vm: VM, facts: Facts, fault: str) -> dict[str, Json]:
    guest, decided = _map(facts.get("guest")), _map(facts.get("conversion"))
    network = _map(guest.get("network"))
    interfaces = [_map(one) for one in _list(network.get("interfaces"))]
    refusals = [str(_map(one).get("text") or one) for one in _list(decided.get("refusals"))]
    system = " ".join(str(guest.get(key) or "") for key in ("distro", "major")).strip()
    return {
        "name": vm.name, "system": system, "hostname": str(guest.get("hostname") or ""),
        "conversion": str(decided.get("mode") or ""), "concerns": len(_list(facts.get("concerns"))),
        "addresses": ", ".join(str(one) for face in interfaces for one in _list(face.get("addresses"))),
        "fault": fault or "; ".join(refusals),
    }  # fmt: skip


def _map(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
