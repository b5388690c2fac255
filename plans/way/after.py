"""After the bytes: the guest is made to fit, its machine is made, started, looked at, and accepted or removed."""

import logging
from datetime import timedelta

from mtv.errors import CheckFailed, Held
from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Done, Outcome, Stop, Wait
from mtv.model.tasks import TaskDisk
from mtv.plans.concerns import of_plan, refuse_critical
from mtv.plans.way import judging, keeping, ladder
from mtv.plans.way.before import drop, guest_of, inspects, remove_volumes
from mtv.plans.way.copying import copying_step, final
from mtv.plans.way.cutover import power_before, runs_again
from mtv.plans.way.disks import scratch, volumes
from mtv.plans.way.work import employ, having, holds
from mtv.plans.world import Moved, World
from mtv.times import moment, stamp

OVERLAY_LOST = "convert.overlay-lost"
RUNNING = "is it needed? then `mtv rollback`; else shut it down, then `mtv run`: what it wrote stays behind"
LOG = logging.getLogger(__name__)


def starts(world: World) -> bool:
    """The target can start what it holds, and the plan wants that."""
    wanted = {"always": True, "never": False, "as_source": power_before(world.history) == "on"}
    return world.starts is not None and wanted[world.plan.start]


def snapshots(world: World) -> bool:
    """Of what was never started there is nothing to keep: its source has it."""
    return starts(world) and keeping.asked(world)


@holds
async def convert(world: World) -> Outcome:
    """Before: the volumes equal the source. After: they hold a guest that fits its new machine. A guest that could
    not be read at the source is inspected now: what is critical about it goes back before anything of it starts."""
    known = world.history.of("inspect")
    facts: dict[str, Json] = {} if "unknown" in known else {k: v for k, v in known.items() if k != "attempt"}
    disks = [TaskDisk(id=one.disk, size_bytes=one.size_bytes, volume=one) for one in await volumes(world)]
    outcome = await employ(world, "convert", disks, {**facts, **guest_of(world)})
    if isinstance(outcome, Stop) and outcome.fault.code == OVERLAY_LOST:
        # Half committed: the source's bytes come back by hash, and the conversion begins anew.
        return Done({"lost": outcome.fault.text, "attempt": world.history.attempt}, back=copying_step(world))
    return _accepted(world, outcome) if "unknown" in known else outcome


def _accepted(world: World, outcome: Outcome) -> Outcome:
    try:
        if isinstance(outcome, Done):
            refuse_critical(world.plan.vm.name, of_plan(world.plan, outcome.facts), world.plan.accept)
    except CheckFailed as error:
        return Stop(error.fault)
    return outcome


@holds
async def create_vm(world: World) -> Outcome:
    """Before: the volumes are final, and the source is still off. After: a halted machine has them, with its manifest
    and its receipt."""
    if await runs_again(world):
        raise Held("source.powered-on", _running(world), RUNNING)
    moved = await _moved(world)
    documents = world.documents(moved)
    broken = await judging.judge(world, documents)
    extras = await world.seal(moved, documents)
    machine = await world.target.create_machine(world.plan.machine, documents, extras)
    facts: dict[str, Json] = {"machine": machine.name, "path": machine.path}
    for key, said in (("warnings", list[Json](machine.warnings)), ("broken", list[Json](broken))):
        if said:
            facts[key] = said
    return Done(facts)


def _running(world: World) -> str:
    return f"{world.plan.vm.name} was off, and somebody started it: what it writes since its copy is not at the target"


async def _moved(world: World) -> Moved:
    history = world.history
    return Moved(
        run=world.run,
        plan=world.plan,
        volumes=await volumes(world),
        scratch=await scratch(world),
        at=stamp(world.clock.now()),
        inspected=history.of("inspect"),
        copied=history.of("last-delta") or history.of("transfer"),
        verified=history.of("verify"),
        converted=history.of("convert"),
    )


async def undo_create_vm(world: World) -> None:
    """No machine is left, unless it has run: then it stays, stopped, for `mtv purge`."""
    if not (await world.target.machine(world.plan.machine)).started_at:
        await world.target.remove_machine(world.plan.machine)


async def start(world: World) -> Outcome:
    """Before: the machine is halted. After: it runs; from here on nothing is undone by itself."""
    await having(world.starts, "a target that starts machines").start_machine(world.plan.machine)
    return Done({"at": stamp(world.clock.now())})


async def undo_start(world: World) -> None:
    await having(world.starts, "a target that starts machines").stop_machine(world.plan.machine)


async def verify_guest(world: World) -> Outcome:
    """Before: the machine runs. After: its guest said who it is, and that is who it was, with its cards and addresses;
    each rung of that is told."""
    facts = await having(world.starts, "a target that starts machines").guest(world.plan.machine)
    if facts:
        return _climbed(world, facts)
    if not inspects(world) or world.plan.guest.agent == "none":
        return Done({"guest": "unknown"})
    return _waits(world, "its guest does not answer yet") or Stop(_silent(world))


def _climbed(world: World, facts: Facts) -> Outcome:
    rungs = ladder.rungs(world, facts)
    wrong = next((one for one in rungs if not one.ok), None)
    if wrong is None:
        return Done({"guest": dict(facts), "rungs": dict(ladder.facts_of(rungs))})
    waits = _waits(world, wrong.text) if wrong.waits else None
    text, is_other = f"{world.plan.machine}: {wrong.text}", wrong.name == "hostname"
    fault = Fault("guest.other" if is_other else "guest.cards", text, "look at its console", Kind.HOLD)
    return waits or Stop(fault)


def _waits(world: World, why: str) -> Wait | None:
    """None where it was waited for long enough."""
    now = world.clock.now()
    if _waited_s(world) >= world.settings.guest_timeout_s:
        return None
    return Wait(why, stamp(now + timedelta(seconds=world.settings.guest_poll_s)))


def _waited_s(world: World) -> float:
    return (world.clock.now() - moment(str(world.history.of("start")["at"]))).total_seconds()


def _silent(world: World) -> Fault:
    text = f"{world.plan.machine}: its guest did not answer within {_waited_s(world):.0f} s"
    return Fault("guest.silent", text, "`mtv why RUN` asks the target; look at its console", Kind.HOLD)


async def accept(world: World) -> Outcome:
    """Before: the migration is accepted. After: nothing of ours is left at the source but its fence, nor any scratch
    at the target."""
    if started := await runs_again(world):
        LOG.warning("%s", _running(world))
    await drop(world, final(world))
    if world.tracks and "previous" in world.history.of("track"):
        await world.tracks.track(world.plan.vm, world.history.of("track")["previous"] is True)
    await world.target.tidy(world.run, world.plan.machine)
    return Done({"source": _running(world)} if started else {})


async def purge(world: World) -> Outcome:
    """Before: the migration failed or was taken back. After: the target holds nothing of it."""
    if keeping.asked(world):
        await keeping.undo_snapshot(world)
    if world.starts:
        await world.starts.stop_machine(world.plan.machine)
    await world.target.remove_machine(world.plan.machine)
    await remove_volumes(world)
    await world.target.tidy(world.run, world.plan.machine)
    return Done()
