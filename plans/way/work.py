"""How a step has a worker do its part: a task out of the world, its events followed, its end seen and judged.

At most one worker writes a VM's disks: before one starts, earlier attempts of its step are ended; a step ends only
when its own worker was seen to end; undoing a step begins with both.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import TypeVar

from mtv import codec
from mtv.errors import Held, MtvError, Temporary
from mtv.model.estate import Disk, Facts
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Outcome, Stop
from mtv.model.points import Extent, Point
from mtv.model.tasks import GUEST_KEY_FILE, Ended, Op, Task, TaskDisk, worker_name
from mtv.model.volumes import Volume, VolumeSpec
from mtv.plans.fold import History
from mtv.plans.world import World
from mtv.providers.base import Clears

T = TypeVar("T")
EXTENTS_LIMIT = 8192  # of a task: it has room for some 15,000
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
        await world.workers.clear(await world.target.scratch(world.run, world.plan.machine))


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
        scratch=await world.target.scratch(world.run, world.plan.machine),
    )


def judged(ended: Ended, attempt: int, reached_bytes: int) -> Outcome:
    if ended.outcome == "done":
        return Done({**ended.facts, "attempt": attempt})
    fault = replace(ended.fault or SILENT, kind=KINDS[ended.outcome])
    return Again(fault, progress=reached_bytes) if ended.outcome == "temporary" else Stop(fault)


def moving(world: World) -> list[Disk]:
    """Disks that hold something; blank ones are only made."""
    return [disk for disk in world.plan.vm.disks if not disk.blank]


def specs(world: World) -> list[VolumeSpec]:
    choices = {choice.disk: choice for choice in world.plan.disks}
    return [
        VolumeSpec(
            run=world.run,
            vm=world.plan.vm.key,
            machine=world.plan.machine,
            disk=disk.key,
            index=index,
            size_bytes=disk.size_bytes,
            to=choices[disk.key].to,
            access=choices[disk.key].access,
            mode=choices[disk.key].volume,
        )
        for index, disk in enumerate(world.plan.vm.disks)
    ]


def volumes_of(history: History) -> tuple[Volume, ...]:
    """In the VM's order, as create-volumes told them."""
    told = history.of("create-volumes").get("volumes")
    return tuple(codec.load(Volume, one) for one in told) if isinstance(told, list) else ()


async def sources(world: World, point: Point) -> tuple[TaskDisk, ...]:
    """Each disk of that point with its volume, and what changed where the source can tell. A volume is believed
    zero only by the first attempt that ever wrote to it."""
    history = world.history
    first = history.attempt == 1 and not history.has("copy")
    volumes = {volume.disk: volume for volume in volumes_of(history)}
    made = []
    for disk in moving(world):
        volume = volumes.get(disk.key)
        made.append(
            TaskDisk(
                id=disk.key,
                size_bytes=disk.size_bytes,
                export=await world.source.export(point, disk),
                volume=replace(volume, zeroed=volume.zeroed and first) if volume else None,
                extents=await _changed(world, point, disk),
            )
        )
    return tuple(made)


async def targets(world: World, point: Point | None) -> tuple[TaskDisk, ...]:
    """Each disk's volume, to be read back: what was written since the point before this one, or all of it."""
    volumes = {volume.disk: volume for volume in volumes_of(world.history)}
    return tuple(
        [
            TaskDisk(
                id=disk.key,
                size_bytes=disk.size_bytes,
                volume=volumes[disk.key],
                extents=await _changed(world, point, disk) if point else None,
            )
            for disk in moving(world)
        ]
    )


async def _changed(world: World, point: Point, disk: Disk) -> tuple[Extent, ...] | None:
    if world.tracks is None or not point.since:
        return None
    told = await world.tracks.extents(point, disk)
    return None if told is None else thinned(told, EXTENTS_LIMIT // len(moving(world)))


def thinned(extents: Sequence[Extent], most: int) -> tuple[Extent, ...]:
    """At most so many, in order: those with the smallest gaps are joined, and what lies between is copied too."""
    ordered = sorted(extents)
    gaps = sorted(range(1, len(ordered)), key=lambda at: ordered[at].offset - _end(ordered[at - 1]))
    joined = set(gaps[: max(0, len(ordered) - most)])
    made: list[Extent] = []
    for at, one in enumerate(ordered):
        if at in joined:
            made[-1] = Extent(made[-1].offset, _end(one) - made[-1].offset)
        else:
            made.append(one)
    return tuple(made)


def _end(extent: Extent) -> int:
    return extent.offset + extent.length


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
