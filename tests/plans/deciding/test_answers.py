"""What people ask of a migration, in every state, and what becomes of it."""

import asyncio
from datetime import timedelta

import pytest

from mtv.errors import MtvError
from mtv.model.outcomes import Done, Mark, Outcome, Stop, Wait
from mtv.plans.runner import Control, Migration, Policy, drive
from mtv.times import stamp
from tests.plans.driven import BROKEN, asked, end_of, marks, run
from tests.plans.toys import START, Crash, JumpClock, ToyWorld, reborn, toy, toy_step


class Asks(JumpClock):
    """Somebody asks for something after so many sleeps."""

    def __init__(self, migration: Migration[ToyWorld], verbs: dict[int, str]) -> None:
        super().__init__()
        self.migration, self.verbs, self.sleeps = migration, verbs, 0

    async def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        if verb := self.verbs.get(self.sleeps):
            self.migration.world.journal.ask(verb)
        await super().sleep(seconds)


def test_cutover_ends_the_wait_and_is_seen_by_steps() -> None:
    async def wait(world: ToyWorld) -> Outcome:
        if "cutover" in world.history.asked:
            return Done()
        return Wait("for cutover", stamp(START + timedelta(days=300)))

    migration = toy(steps=[toy_step("a"), toy_step("b", run=wait), toy_step("c")])
    clock = Asks(migration, {3: "cutover"})
    assert end_of(migration, clock) == "done"
    assert clock.now() - START < timedelta(days=1)


def test_probation_is_a_state_that_ends_by_time_or_by_a_person() -> None:
    steps = [toy_step("a"), toy_step("tidy", on="commit"), toy_step("drop", on="purge")]
    policy = Policy(probation_s=3600)
    migration = toy(steps=steps, policy=policy)
    clock = JumpClock()
    assert end_of(migration, clock) == "probation"
    assert end_of(migration, clock) == "probation"
    run(clock.sleep(3600))
    assert end_of(migration, clock) == "done"
    assert migration.world.acts == ["a", "tidy"]
    other = toy(steps=steps, policy=policy)
    end_of(other)
    assert asked(other, "commit") == "committing"
    assert (other.world.history.state, other.world.acts) == ("done", ["a", "tidy"])
    third = toy(steps=steps, policy=policy)
    end_of(third)
    assert asked(third, "rollback") == "undoing"
    assert (third.world.history.state, third.world.standing) == ("rolled-back", [])


def test_of_a_migration_that_is_done_the_source_is_given_back_and_the_target_stays_until_it_is_purged() -> None:
    steps = [
        toy_step("volumes"), toy_step("off", gives_back=True), toy_step("fence", gives_back=True), toy_step("machine"),
        toy_step("tidy", on="commit"), toy_step("drop", on="purge"),
    ]  # fmt: skip
    migration = toy(steps=steps)
    assert end_of(migration) == "done"
    assert asked(migration, "rollback") == "undoing"
    assert migration.world.acts[-3:] == ["tidy", "undo fence", "undo off"]
    assert migration.world.history.state == "rolled-back"
    assert asked(migration, "rollback") == "it is rolled-back"
    assert asked(migration, "purge") == "purging"
    assert migration.world.acts[-1] == "drop"


def test_a_source_that_could_not_be_given_back_is_given_back_by_the_next_try() -> None:
    steps = [toy_step("volumes"), toy_step("off", gives_back=True), toy_step("fence", gives_back=True)]
    migration = toy(steps=steps, undo_script={"fence": [MtvError(BROKEN.code, BROKEN.text)]})
    end_of(migration)
    assert asked(migration, "rollback") == "undoing"
    assert migration.world.history.state == "failed, source unsure"
    assert "By hand, in this order: undo fence; undo off" in migration.world.history.why
    assert asked(migration, "rollback") == "undoing"
    assert (migration.world.history.state, migration.world.standing) == ("rolled-back", ["volumes"])


def test_purge_removes_what_a_failed_one_left_and_no_retry_follows() -> None:
    steps = [toy_step("a"), toy_step("b"), toy_step("drop", on="purge")]
    migration = toy(steps=steps, script={"b": [Stop(BROKEN)]}, policy=Policy(on_failure="keep"))
    end_of(migration)
    assert asked(migration, "purge") == "purging"
    assert migration.world.acts == ["a", "b", "drop"]
    assert migration.world.history.state == "failed"
    assert migration.world.history.why == "vm1: the thing is broken; what was left of it at the target was removed"
    assert "--again" in asked(migration, "retry")


def test_a_retry_after_rollback_starts_from_the_first_step_under_new_numbers() -> None:
    migration = toy(script={"b": [Stop(BROKEN)]})
    end_of(migration)
    assert asked(migration, "retry") == "running"
    assert migration.world.history.state == "done"
    begins = [(row.step, row.attempt) for row in migration.journal.rows() if row.mark is Mark.BEGIN]
    assert len(begins) == len(set(begins)), "no attempt's number is used twice"


def test_hold_starts_no_further_step_and_resume_goes_on() -> None:
    migration = toy()
    assert asked(migration, "hold") == "held"
    assert migration.world.acts == []
    assert asked(migration, "resume") == "running"
    assert migration.world.history.state == "done"


@pytest.mark.parametrize("verb", ["hold", "resume", "cancel", "rollback", "cutover", "commit", "purge", "retry", "fly"])
def test_what_is_done_refuses_every_verb(verb: str) -> None:
    migration = toy()
    end_of(migration)
    rows = len(migration.journal.rows())
    assert asked(migration, verb).startswith("refused: ")
    assert len(migration.journal.rows()) == rows


def test_cancel_stops_the_running_step_and_undoes_all() -> None:
    heard: list[bool] = []

    async def forever(world: ToyWorld) -> Outcome:
        world.acts.append("b")
        world.journal.ask("cancel")
        control.wake()
        try:
            await asyncio.Event().wait()
        finally:
            heard.append(control.stopping())
        return Done()

    control = Control()
    migration = toy(steps=[toy_step("a"), toy_step("b", run=forever), toy_step("c")])
    end = run(drive(migration, JumpClock(), control))
    assert (end.state, heard) == ("cancelled", [True])
    assert migration.world.acts == ["a", "b", "undo b", "undo a"]
    assert "b:cancelled" in marks(migration)
    assert not control.cancelled, "an undo is not told to stop"


def test_an_intent_that_turned_it_before_the_crash_turns_it_once() -> None:
    migration = toy()
    migration.world.journal.ask("hold")
    migration = reborn(migration, crash_at=2)  # after the turn is durable, before the intent is marked as taken
    with pytest.raises(Crash):
        end_of(migration)
    migration = reborn(migration)
    assert end_of(migration) == "held"
    assert len(migration.journal.rows()) == 1
    assert migration.world.journal.asked[0].result == "held"
