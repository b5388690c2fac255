"""Bytes move: pass by pass while the guest runs, and the last of them while it is off."""

from datetime import timedelta

from mtv import codec
from mtv.errors import Held, Temporary
from mtv.model.outcomes import Done, Outcome, Stop, Wait
from mtv.model.points import Point
from mtv.plans.deciding.fold import History
from mtv.plans.way.before import drop
from mtv.plans.way.disks import are_there, copies, moving, targets
from mtv.plans.way.same import difference
from mtv.plans.way.work import employ, end_earlier, having, holds
from mtv.plans.world import World
from mtv.times import moment, stamp

COPY_AGAIN = frozenset({"verify.differs", "verify.no-journal", "verify.truncated"})
AGAIN = "again"  # among the facts of a step that found so


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
    return f"{world.mark}-pass-{history.round}"


def last_point(history: History) -> Point | None:
    """Of the last round whose freezing ended."""
    told = history.of("freeze").get("point")
    return codec.load(Point, told) if told else None


async def undo_freeze(world: World) -> None:
    """Of all points only the last one frozen, or one half frozen since, can be left."""
    last = last_point(world.history)
    for name in dict.fromkeys([_pass(world, world.history), *([last.id] if last else [])]):
        await drop(world, name)


@holds
async def copy(world: World) -> Outcome:
    """Before: the volumes hold the last round's point, or nothing. After: this round's."""
    return await employ(world, "transfer", await copies(world, having(last_point(world.history), "a frozen point")))


@holds
async def verify_pass(world: World) -> Outcome:
    """Before: workers say what they wrote. After: it was read back; what differed was copied once more."""
    since = None if _again(world) else last_point(world.history)
    return _once_more(world, await employ(world, "verify", await targets(world, since)), "copy")


async def release(world: World) -> Outcome:
    """Before: this round's point is on the VM. After: none of ours is."""
    await drop(world, having(last_point(world.history), "a frozen point").id)
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
    return await _last_copy(world)


@holds
async def transfer(world: World) -> Outcome:
    """Before: the source does not change any more, the volumes are empty. After: they hold its bytes."""
    return await _last_copy(world)


async def _last_copy(world: World) -> Outcome:
    """Raises Temporary `source.changed` where the source is not as it was when its copying began: what is there counts
    for nothing then, and the next attempt compares all of it by hash. Held `source.changed` where it has other hardware
    than was planned: it may have come since the check, and would be left behind in silence."""
    vm = world.plan.vm
    if what := difference(vm, await world.source.vm(vm.id)):
        hint = "put that back and `mtv run` goes on; or `mtv rollback`, `mtv refresh`, and make the plan again"
        raise Held("source.changed", f"{vm.name}: {what}", hint)
    point = await final_point(world)
    outcome = await employ(world, "transfer", await copies(world, point))
    if isinstance(outcome, Done) and (await final_point(world)).identity != point.identity:
        raise Temporary("source.changed", f"{vm.name}: its source was changed while it was copied; it is compared anew")
    return outcome


@holds
async def verify(world: World) -> Outcome:
    """Before: workers say what they wrote. After: what came since the last round, or all, was read back. What is not
    there any more, or differs, is copied once more by itself, and as often as somebody asks for another try."""
    history, back = world.history, copying_step(world)
    if _asked_again(world) or not await are_there(world):
        return Done({AGAIN: "it is not there, or not as it was copied"}, back=back)
    since = None if _again(world) or "lost" in history.of("convert") else await final_point(world)
    return _once_more(world, await employ(world, "verify", await targets(world, since)), back)


def _again(world: World) -> bool:
    """What is read back now was copied once more: all of it is, for more than the last round was compared."""
    return AGAIN in world.history.of(world.history.step)


def _once_more(world: World, outcome: Outcome, back: str) -> Outcome:
    """Storage that loses something once may have been disturbed; one that does so twice is not to be trusted."""
    if not isinstance(outcome, Stop) or outcome.fault.code not in COPY_AGAIN or _again(world):
        return outcome
    return Done({AGAIN: outcome.fault.text, "attempt": world.history.attempt}, back=back)


def _asked_again(world: World) -> bool:
    """The last attempt found that a volume differs, and somebody wants another try."""
    history = world.history
    ended = [row for row in world.journal.rows() if row.step == history.step and row.fault and not row.undo]
    last = ended[-1] if ended else None
    return bool(last and last.round == history.round and last.fault and last.fault.code in COPY_AGAIN)


def copying_step(world: World) -> str:
    """The step of this journey that brings the source's bytes last."""
    return "last-delta" if world.plan.journey == "warm" else "transfer"


async def final_point(world: World) -> Point:
    """The last point on the VM, made or found again; it stays until the migration is accepted or undone."""
    since = last_point(world.history) if world.tracks else None
    return await world.source.freeze(world.plan.vm, moving(world), final(world), since, False)


def final(world: World) -> str:
    return f"{world.mark}-final"


async def undo_work(world: World) -> None:
    await end_earlier(world)


async def undo_transfer(world: World) -> None:
    await end_earlier(world)
    await drop(world, final(world))
