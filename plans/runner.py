"""Drives one migration along its journey: record begin, act, record the ending.

The types stand in steps.py, the state in fold.py, all the logic in decide.py (pure); here is what acts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from mtv.errors import MtvError
from mtv.model.outcomes import Done, Mark, Outcome, Row
from mtv.plans.deciding.answers import answer
from mtv.plans.deciding.decide import decide, find
from mtv.plans.deciding.endings import ending, interrupted, outcome_of, surprise, turning
from mtv.plans.deciding.fold import History, fold
from mtv.plans.steps import (
    Act,
    Answer,
    Clock,
    Control,
    Decision,
    End,
    Journal,
    Journey,
    Policy,
    Sleep,
    Slots,
    Step,
    Turn,
    W,
    always,
    no_slots,
)
from mtv.times import moment, stamp

__all__ = [
    "Act",
    "Answer",
    "Clock",
    "Control",
    "Decision",
    "End",
    "History",
    "Journal",
    "Journey",
    "Migration",
    "Policy",
    "Sleep",
    "Slots",
    "Step",
    "Turn",
    "W",
    "always",
    "decide",
    "drive",
    "fold",
    "no_slots",
]

T = TypeVar("T")
LOOK_AGAIN_S = 60.0  # the longest sleep: a wall clock that was set wrong is noticed after it


@dataclass(frozen=True, kw_only=True)
class Migration(Generic[W]):
    """One VM's way, ready to be driven."""

    vm: str  # VM key
    journey: Journey[W]
    journal: Journal
    world: W
    policy: Policy


class Unlimited:
    """Slots without a scheduler, for one migration alone."""

    async def take(self, names: Sequence[str]) -> None:
        return None

    def give_back(self) -> None:
        return None


async def drive(
    migration: Migration[W], clock: Clock, control: Control | None = None, slots: Slots | None = None
) -> End:
    """Until there is no more to do now, or the engine ends. The End's state is the migration's."""
    control, slots = control or Control(), slots or Unlimited()
    policy, journal = migration.policy, migration.journal
    while not control.ending:
        decision = decide(migration.journey, journal.rows(), journal.intents(), policy, clock.now())
        match decision:
            case End():
                return decision
            case Sleep(until):
                await _sleep(until, clock, control)
            case Answer(intent, result):
                await journal.took(intent, result)
            case Turn():
                await journal.append(turning(decision, _next_n(journal), policy, clock.now()))
                if decision.intent:
                    await journal.took(decision.intent, decision.state)
            case Act():
                await _act(decision, migration, clock, control, slots)
    return End(fold(journal.rows()).state)


async def _act(act: Act, migration: Migration[W], clock: Clock, control: Control, slots: Slots) -> None:
    """One attempt of one step, or of its undo, from its begin to its ending."""
    step, journal = find(migration.journey, act.step), migration.journal
    begin = Row(
        n=_next_n(journal), step=step.name, round=act.round, attempt=act.attempt, undo=act.undo,
        at=stamp(clock.now()), mark=Mark.BEGIN, engine=migration.policy.engine,
    )  # fmt: skip
    try:
        names = _wanted(step, act, migration.world)
    except Exception as error:
        await journal.append(begin)
        return await journal.append(surprise(error, begin, clock.now()))
    if names is None:
        return await journal.append(replace(begin, mark=Mark.SKIPPED))
    try:
        if await _granted(slots, names, control) and not control.ending and control.may_act():
            control.begun = True
            await journal.append(replace(begin, at=stamp(clock.now())))
            await journal.append(await _attempt(step, begin, migration, clock, control))
    finally:
        slots.give_back()
        control.cancelled = False
    return None


def _wanted(step: Step[W], act: Act, world: W) -> tuple[str, ...] | None:
    """The slots that it takes; None: the step does not apply."""
    if act.undo:
        return ()
    return step.slots(world) if step.when(world) else None


async def _granted(slots: Slots, names: Sequence[str], control: Control) -> bool:
    """False: something was asked before it was our turn, decide again."""
    if not names:
        return True
    taking = asyncio.ensure_future(slots.take(names))
    try:
        while not taking.done() and not await _either(taking, control):
            pass
        if taking.done():
            taking.result()  # what went wrong, if something did
        return taking.done()
    finally:
        await _gone(taking)


async def _attempt(step: Step[W], begin: Row, migration: Migration[W], clock: Clock, control: Control) -> Row:
    """The row of its ending."""
    work = _undo(step, migration.world) if begin.undo else step.run(migration.world)
    task = asyncio.ensure_future(work)
    try:
        await _watch(task, begin, migration, control)
    finally:
        await _gone(task)
    history = fold(migration.journal.rows())
    stopping, now = control.stopping(), clock.now()
    if task.cancelled():
        return interrupted(begin, None, now) if stopping else surprise(RuntimeError("it gave up"), begin, now)
    error = task.exception()
    if error is None:
        outcome = task.result()
    elif isinstance(error, MtvError):
        outcome = outcome_of(error)
    elif isinstance(error, Exception):
        return interrupted(begin, None, now) if stopping else surprise(error, begin, now)
    else:
        raise error
    row = ending(begin, outcome, history, migration.policy, now)
    return row if isinstance(outcome, Done) or not stopping else interrupted(begin, row.fault, now)


async def _undo(step: Step[W], world: W) -> Outcome:
    if step.undo is not None:
        await step.undo(world)
    return Done()


async def _watch(task: "asyncio.Future[Outcome]", begin: Row, migration: Migration[W], control: Control) -> None:
    """Until it ended. It is asked to stop where somebody cancelled its migration or the engine ends; asked once, and
    again only after a while: the asking interrupts what it is doing to stop."""
    asked = woken = False
    while not task.done():
        if not begin.undo and not asked and _is_cancelled(migration.journal):
            control.cancelled = True
        if control.stopping() and not (asked and woken):
            asked = True
            task.cancel()
        woken = await _either(task, control, migration.policy.stop_s if asked else None)


def _is_cancelled(journal: Journal) -> bool:
    asked = [intent for intent in journal.intents() if intent.verb == "cancel"]
    return bool(asked) and isinstance(answer(fold(journal.rows()), asked[0]), Turn)


async def _either(work: "asyncio.Future[T]", control: Control, timeout_s: float | None = None) -> bool:
    """Until `work` ended, the time is over, or the engine has something to say: then True."""
    woken = asyncio.ensure_future(control.woken.wait())
    try:
        both: set[asyncio.Future[Any]] = {work, woken}
        await asyncio.wait(both, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if woken.done():
            control.woken.clear()
        return woken.done()
    finally:
        woken.cancel()


async def _gone(work: "asyncio.Future[T]") -> None:
    """Surely ended, also where the runner itself was cancelled."""
    if not work.done():
        work.cancel()
        await asyncio.wait({work})


async def _sleep(until: str, clock: Clock, control: Control) -> None:
    left_s = max(0.0, (moment(until) - clock.now()).total_seconds())
    sleeping = asyncio.ensure_future(clock.sleep(min(left_s, LOOK_AGAIN_S)))
    control.rest(True)
    try:
        await _either(sleeping, control)
    finally:
        control.rest(False)
        await _gone(sleeping)


def _next_n(journal: Journal) -> int:
    rows = journal.rows()
    return rows[-1].n + 1 if rows else 1
