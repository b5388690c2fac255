"""Bytes move: pass by pass while the guest runs, and the last of them while it is off."""

from datetime import timedelta

from mtv import codec
from mtv.model.outcomes import Done, Outcome, Wait
from mtv.model.points import Point
from mtv.plans.deciding.fold import History
from mtv.plans.way.before import drop
from mtv.plans.way.disks import are_there, copies, moving, targets
from mtv.plans.way.work import employ, end_earlier, having, holds
from mtv.plans.world import World
from mtv.times import moment, stamp

COPY_AGAIN = frozenset({"verify.differs", "verify.no-journal", "verify.truncated"})


def slots(world: World) -> tuple[str, ...]:
    """What reading the source takes: one of its run, and one of host and datastore for each open disk."""
    vm = world.plan.vm
    hosts = [f"host:{vm.source}/{vm.host}" for _ in moving(world) if vm.host]
    datastores = [f"datastore:{vm.source}/{disk.datastore}" for disk in moving(world) if disk.datastore]
    return (f"run:{world.run}", *hosts, *datastores)


async def freeze(world: World) -> Outcome:
    """Before: no point of ours is on the VM. After: one is, and can tell what changed since the last round's."""
    history = world.history
    since = last_point(history) if world.tracks else None
    point = await world.source.freeze(world.plan.vm, moving(world), _pass(world, history), since, False)
    return Done({"point": codec.dump(point), "at": stamp(world.clock.now())})


def _pass(world: World, history: History) -> str:
    return f"mtv-{world.run}-pass-{history.round}"


def last_point(history: History) -> Point | None:
    """Of the last round whose freezing ended."""
    told = history.of("freeze").get("point")
    return codec.load(Point, told) if told else None


async def undo_freeze(world: World) -> None:
    """Of all rounds only the last can have left its point."""
    await drop(world, _pass(world, world.history))


@holds
async def copy(world: World) -> Outcome:
    """Before: the volumes hold the last round's point, or nothing. After: this round's."""
    return await employ(world, "transfer", await copies(world, having(last_point(world.history), "a frozen point")))


@holds
async def verify_pass(world: World) -> Outcome:
    """Before: workers say what they wrote. After: it was read back."""
    return await employ(world, "verify", await targets(world, last_point(world.history)))


async def release(world: World) -> Outcome:
    """Before: this round's point is on the VM. After: none of ours is."""
    await drop(world, _pass(world, world.history))
    return Done()


async def pause(world: World) -> Outcome:
    """Before: a round is done. After: the next one is due, or the cutover was asked for."""
    history = world.history
    if "cutover" in history.asked:
        return Done()
    due = moment(str(history.of("freeze")["at"])) + timedelta(seconds=world.plan.precopy_every_s)
    if world.clock.now() >= due:
        return Done(back="freeze")
    return Wait(f"round {history.round} is copied, the next one comes at {stamp(due)}", stamp(due))


async def wait_cutover(world: World) -> Outcome:
    """Before: the target lags by a delta. After: somebody wants it, and how the source's power is now is known."""
    if "cutover" not in world.history.asked:
        until = world.clock.now() + timedelta(seconds=world.settings.cutover_poll_s)
        return Wait("its cutover was not asked for yet", stamp(until))
    return Done({"power": (await world.source.vm(world.plan.vm.id)).power})


@holds
async def last_delta(world: World) -> Outcome:
    """Before: the source is off and lags behind nothing. After: the volumes hold all that it wrote."""
    return await employ(world, "transfer", await copies(world, await final_point(world)))


@holds
async def transfer(world: World) -> Outcome:
    """Before: the source does not change any more, the volumes are empty. After: they hold its bytes."""
    return await employ(world, "transfer", await copies(world, await final_point(world)))


@holds
async def verify(world: World) -> Outcome:
    """Before: workers say what they wrote. After: what came since the last round, or all, was read back. Where that
    is not there any more it is copied again."""
    if await _lost(world):
        return Done(back=copying_step(world))
    return await employ(world, "verify", await targets(world, await final_point(world)))


async def _lost(world: World) -> bool:
    """A volume is gone; or the last attempt found that one differs, and somebody wants another try."""
    history = world.history
    ended = [row for row in world.journal.rows() if row.step == history.step and row.fault and not row.undo]
    if ended and ended[-1].round == history.round and ended[-1].fault and ended[-1].fault.code in COPY_AGAIN:
        return True
    return not await are_there(world)


def copying_step(world: World) -> str:
    """The step of this journey that brings the source's bytes last."""
    return "last-delta" if world.plan.journey == "warm" else "transfer"


async def final_point(world: World) -> Point:
    """The last point on the VM, made or found again; it stays until the migration is accepted or undone."""
    since = last_point(world.history) if world.tracks else None
    return await world.source.freeze(world.plan.vm, moving(world), final(world), since, False)


def final(world: World) -> str:
    return f"mtv-{world.run}-final"


async def undo_work(world: World) -> None:
    await end_earlier(world)


async def undo_transfer(world: World) -> None:
    await end_earlier(world)
    await drop(world, final(world))
