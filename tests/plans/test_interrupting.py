"""Engines that end while a step runs, waits for its slots, or will not stop."""

import asyncio
from collections.abc import Sequence

import pytest

from mtv import errors
from mtv.model.outcomes import Done, Outcome, Row
from mtv.plans.deciding.decide import decide
from mtv.plans.runner import Control, Policy, drive
from tests.plans.driven import end_of, marks, run
from tests.plans.toys import START, JumpClock, MemoryJournal, ToyWorld, toy, toy_step


def test_an_ending_engine_interrupts_the_step_and_the_next_one_goes_on() -> None:
    control = Control()

    async def slow(world: ToyWorld) -> Outcome:
        world.acts.append("b")
        if world.acts.count("b") == 1:
            control.end()
            await asyncio.Event().wait()
        return Done()

    migration = toy(steps=[toy_step("a"), toy_step("b", run=slow), toy_step("c")])
    assert run(drive(migration, JumpClock(), control)).state == "running"
    assert marks(migration)[-1] == "b:cancelled"
    assert end_of(migration) == "done"
    assert migration.world.acts == ["a", "b", "b", "c"]


def test_an_engine_that_ends_before_a_step_is_under_way_is_not_overheard() -> None:
    control = Control()

    async def forever(_: ToyWorld) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    class Ends(MemoryJournal):
        async def append(self, row: Row) -> None:
            await super().append(row)
            control.end()
            control.woken.clear()  # as where the call was heard while slots were waited for

    migration = toy(steps=[toy_step("a", run=forever)], journal=Ends())
    assert run(drive(migration, JumpClock(), control)).state == "running"
    assert marks(migration) == ["a:begin", "a:cancelled"]


def test_slots_that_come_when_the_engine_ends_are_given_back() -> None:
    control = Control()
    given: list[str] = []

    class Last:
        async def take(self, names: Sequence[str]) -> None:
            given.append("taken")
            control.end()

        def give_back(self) -> None:
            given.append("back")

    migration = toy(steps=[toy_step("a", slots=lambda _: ("run",))])
    assert run(drive(migration, JumpClock(), control, Last())).state == "pending"
    assert given == ["taken", "back"]
    assert marks(migration) == []


def test_slots_that_break_are_not_taken_for_granted() -> None:
    class Broken:
        async def take(self, names: Sequence[str]) -> None:
            raise LookupError("no desk")

        def give_back(self) -> None:
            return None

    migration = toy(steps=[toy_step("a", slots=lambda _: ("run",))])
    with pytest.raises(LookupError, match="no desk"):
        run(drive(migration, JumpClock(), slots=Broken()))
    assert marks(migration) == []


def test_a_step_that_will_not_stop_is_asked_again() -> None:
    control = Control()
    asked_times = 0

    async def deaf(_: ToyWorld) -> Outcome:
        nonlocal asked_times
        control.end()
        while asked_times < 3:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asked_times += 1
        raise asyncio.CancelledError

    migration = toy(steps=[toy_step("a", run=deaf)], policy=Policy(stop_s=0.001))
    run(drive(migration, JumpClock(), control))
    assert asked_times == 3
    assert marks(migration)[-1] == "a:cancelled"


def test_rows_of_an_unknown_step_are_refused_by_name() -> None:
    migration = toy("abz")
    end_of(migration)
    with pytest.raises(errors.Refused, match="'z'"):
        decide(toy("ab").journey, migration.journal.rows()[:-3], [], Policy(), START)
