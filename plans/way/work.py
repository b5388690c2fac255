"""How a step has a worker do its part: a task out of the world, its events followed, its end seen and judged.

At most one worker writes a VM's disks: before one starts, earlier attempts of its step are ended; a step ends only
when its own worker was seen to end; undoing a step begins with both.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import TypeVar

from mtv.errors import CheckFailed, Held, MtvError, Refused, Temporary
from mtv.model.estate import Facts
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Outcome, Stop
from mtv.model.tasks import GUEST_KEY_FILE, Ended, Op, Task, TaskDisk, worker_name
from mtv.plans.deciding.fold import History
from mtv.plans.way.disks import scratch
from mtv.plans.world import World
from mtv.providers.workers import Clears

T = TypeVar("T")
Act = Callable[[World], Awaitable[Outcome]]
KINDS = {"temporary": Kind.TEMPORARY, "permanent": Kind.PERMANENT, "hold": Kind.HOLD, "cancelled": Kind.CANCELLED}
SILENT = Fault("worker.silent", "the worker ended and did not say why", "`mtv logs` shows what it printed")


async def employ(world: World, op: Op, disks: Sequence[TaskDisk], guest: Facts | None = None) -> Outcome:
    """Done with the worker's facts, or what its end means."""
    history = world.history
    await end_earlier(world)
    task = await _task(world, history, op, disks, guest)
    worker = await world.workers.start(task, _secrets(world, op, disks))
    try:
        async with world.rates.reading(world.workers, worker, task.rate_bytes_per_s):
            reached = await _follow(world, worker)
    except BaseException:  # cancelled, or nobody can follow it any more
        await world.workers.stop(worker)
        raise
    return judged(await world.workers.stop(worker), history.attempt, sum(reached.values()))


async def _follow(world: World, worker: str) -> dict[str, int]:
    """Until it ended; gives how far it got with each disk."""
    reached: dict[str, int] = {}
    async for event in world.workers.events(worker):
        if event.type == "progress":
            reached[str(event.data.get("disk"))] = _count(event.data.get("done_bytes"))
        if event.type != "end":
            world.report(event)
    return reached


async def end_earlier(world: World) -> None:
    """After it no worker of an earlier attempt of this step lives, nor what one of a dead engine left behind. Attempts
    up to the last done one were seen to end: a done step says which it was."""
    history = world.history
    earlier = range(_count(history.of(history.step).get("attempt")) + 1, history.attempt)
    for attempt in earlier:
        await world.workers.stop(worker_name(world.run, world.plan.vm.key, history.step, attempt))
    if earlier and isinstance(world.workers, Clears):
        await world.workers.clear(await scratch(world))


def _secrets(world: World, op: Op, disks: Sequence[TaskDisk]) -> dict[str, bytes]:
    names = {name for disk in disks if disk.export for name in disk.export.secrets}
    if op in ("inspect", "convert"):
        names |= {GUEST_KEY_FILE.format(n) for n in range(len(world.plan.guest.keys))}
    if missing := sorted(names - world.secrets.keys()):
        text = f"{world.plan.vm.name}: there is no secret '{missing[0]}' for its {op}"
        raise Held("worker.secret", text, "give it back where `mtv run` finds it; it goes on then")
    return {name: world.secrets[name] for name in names}


async def _task(world: World, history: History, op: Op, disks: Sequence[TaskDisk], guest: Facts | None) -> Task:
    return Task(
        run=world.run,
        vm=world.plan.vm.key,
        name=world.plan.vm.name,
        step=history.step,
        attempt=history.attempt,
        epoch=history.last.n if history.last else 0,
        op=op,
        disks=tuple(disks),
        pass_=history.round,
        guest=guest or {},
        rate_bytes_per_s=world.rates.next() if op == "transfer" else None,
        scratch=await scratch(world),
    )


def judged(ended: Ended, attempt: int, reached_bytes: int) -> Outcome:
    if ended.outcome == "done":
        return Done({**ended.facts, "attempt": attempt})
    fault = replace(ended.fault or SILENT, kind=KINDS[ended.outcome])
    return Again(fault, progress=reached_bytes) if ended.outcome == "temporary" else Stop(fault)


def holds(act: Act) -> Act:
    """Past the check nothing is refused any more: an end that is not as it was found then, or a stranger's file where
    ours was, holds the migration, and nothing that was copied is undone."""

    @wraps(act)
    async def held(world: World) -> Outcome:
        try:
            return await act(world)
        except (Refused, CheckFailed) as error:
            raise Held(error.fault.code, error.fault.text, error.fault.hint) from error

    return held


async def within(limit_s: float, what: str, act: Awaitable[T]) -> T:
    """Its result, or Temporary `source.slow`: no wait is without a limit."""
    try:
        async with asyncio.timeout(limit_s):
            return await act
    except TimeoutError as error:
        raise Temporary("source.slow", f"{what} did not end within {limit_s:.0f} s") from error


def having(end: T | None, what: str) -> T:
    """What the table's `when` promised."""
    if end is None:
        raise MtvError("journey.capability", f"this journey needs {what}")
    return end


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
