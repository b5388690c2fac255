"""The runner on toy journeys: steps, their faults, their undoing, their rounds."""

from datetime import timedelta
from typing import Any

import pytest

from mtv import errors
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Mark, Outcome, Stop, Wait
from mtv.plans.deciding.fold import UNSURE
from mtv.plans.runner import Policy
from mtv.times import stamp
from tests.plans.driven import BROKEN, FULL, LOOSE, asked, end_of, marks
from tests.plans.toys import START, JumpClock, ToyWorld, toy, toy_step


def test_each_step_begins_and_ends_in_order() -> None:
    migration = toy()
    assert end_of(migration) == "done"
    assert marks(migration)[:6] == ["a:begin", "a:done", "b:begin", "b:done", "c:begin", "c:done"]
    assert migration.world.history.of("b") == {"by": "b"}


def test_a_step_that_does_not_apply_leaves_a_skipped_row_and_is_not_undone() -> None:
    migration = toy(script={"c": [Stop(BROKEN)]})
    migration.world.absent = frozenset({"b"})
    assert end_of(migration) == "rolled-back"
    assert "b:skipped" in marks(migration)
    assert migration.world.acts == ["a", "c", "undo c", "undo a"]


def test_temporary_faults_are_tried_again_after_the_backoff_and_then_held() -> None:
    clock = JumpClock()
    migration = toy(script={"b": [Again(LOOSE)] * 9}, policy=Policy(backoff_s=(1, 5)))
    assert end_of(migration, clock) == "held"
    assert migration.world.acts == ["a", *"bbbbb"]
    assert clock.now() - START == timedelta(seconds=1 + 5 + 5 + 5)
    assert migration.world.standing == ["a", "b"], "nothing is undone"
    assert migration.world.history.fault == LOOSE


def test_a_held_migration_goes_on_with_fresh_attempts() -> None:
    migration = toy(script={"b": [Again(LOOSE)] * 9})
    end_of(migration)
    assert asked(migration, "resume") == "running"
    assert migration.world.history.state == "done"
    assert migration.world.acts == ["a", *"bbbbbbbbbb", "c"]


def test_getting_further_counts_the_attempts_from_the_start() -> None:
    migration = toy(script={"b": [Again(LOOSE, progress=n // 3) for n in range(12)]})
    assert end_of(migration) == "done"


def test_a_fault_says_itself_when_the_next_attempt_is() -> None:
    clock = JumpClock()
    assert end_of(toy(script={"a": [Again(LOOSE, after_s=77)]}), clock) == "done"
    assert clock.now() - START == timedelta(seconds=77)


@pytest.mark.parametrize("outcome", [Stop(FULL), errors.Held("toy.full", "vm1: no space")])
def test_no_space_holds_at_once_and_undoes_nothing(outcome: Outcome | BaseException) -> None:
    migration = toy(script={"b": [outcome]})
    assert end_of(migration) == "held"
    assert migration.world.acts == ["a", "b"]
    assert migration.world.history.fault == FULL


LEFT = ["a", "b"]


@pytest.mark.parametrize(
    ("on_failure", "state", "standing"),
    [("rollback", "rolled-back", []), ("stop", "failed", LEFT), ("keep", "failed", LEFT)],
)
def test_a_permanent_fault_does_what_the_plan_says(on_failure: Any, state: str, standing: list[str]) -> None:
    migration = toy(script={"b": [Stop(BROKEN)]}, policy=Policy(on_failure=on_failure))
    assert end_of(migration) == state
    assert migration.world.standing == standing
    assert migration.world.history.fault == BROKEN


def test_undo_goes_in_reverse_over_begun_steps_once_each() -> None:
    migration = toy("abcd", {"c": [Done(back="b"), Stop(BROKEN)]})
    assert end_of(migration) == "rolled-back"
    assert migration.world.acts == ["a", "b", "c", "b", "c", "undo c", "undo b", "undo a"]


def test_an_unexpected_exception_is_permanent_and_keeps_its_traceback_out_of_sight() -> None:
    migration = toy(script={"b": [ZeroDivisionError("by zero")]})
    assert end_of(migration) == "rolled-back"
    fault = migration.world.history.fault
    assert fault is not None
    assert (fault.code, fault.kind) == ("mtv.defect", Kind.PERMANENT)
    assert "Traceback" not in fault.text
    [row] = [row for row in migration.journal.rows() if row.mark is Mark.FAILED]
    assert "Traceback" in str(row.facts["traceback"])


def test_a_condition_that_breaks_is_a_failure_of_its_step() -> None:
    def broken(_: ToyWorld) -> bool:
        raise KeyError("x")

    migration = toy(steps=[toy_step("a"), toy_step("b", when=broken)])
    assert end_of(migration) == "rolled-back"
    assert migration.world.acts == ["a", "undo b", "undo a"]


def test_an_undo_that_fails_leaves_the_source_unsure_beside_the_first_error() -> None:
    slippery = Fault("toy.stuck", "vm1: the lid is stuck")
    stuck: list[Outcome | BaseException] = [errors.MtvError("toy.stuck", "vm1: the lid is stuck")]
    migration = toy(script={"c": [Stop(BROKEN)]}, undo_script={"b": stuck})
    assert end_of(migration) == UNSURE
    history = migration.world.history
    assert (history.fault, history.undo_fault) == (BROKEN, slippery)
    assert history.why == "'B' could not be undone: vm1: the lid is stuck. By hand, in this order: undo b; undo a"
    assert migration.world.standing == ["a", "b"], "what lies below waits until a person looked"
    assert asked(migration, "rollback") == "undoing"
    assert migration.world.history.state == "rolled-back"
    assert migration.world.history.fault == BROKEN


def test_an_undo_is_tried_again_for_temporary_faults() -> None:
    loose: list[Outcome | BaseException] = [errors.Temporary("toy.loose", "loose")] * 4
    migration = toy(script={"b": [Stop(BROKEN)]}, undo_script={"b": loose})
    assert end_of(migration) == "rolled-back"
    migration = toy(script={"b": [Stop(BROKEN)]}, undo_script={"b": [*loose, *loose]})
    assert end_of(migration) == UNSURE


def test_after_the_point_of_no_return_a_failure_holds() -> None:
    steps = [toy_step("a"), toy_step("b", no_return=True), toy_step("c")]
    migration = toy(steps=steps, script={"c": [Stop(BROKEN)]})
    assert end_of(migration) == "held"
    assert migration.world.standing == ["a", "b", "c"]
    assert asked(migration, "rollback") == "undoing"
    assert migration.world.standing == []


def test_rounds_repeat_and_keep_their_facts() -> None:
    migration = toy(script={"b": [Done({"pass": 1}), Done({"pass": 2})], "c": [Done(back="b")]})
    assert end_of(migration) == "done"
    assert migration.world.history.rounds("b") == [{"pass": 1}, {"pass": 2}]
    assert [row.round for row in migration.journal.rows() if row.step == "b"] == [1, 1, 2, 2]


def test_waiting_counts_no_attempt() -> None:
    clock = JumpClock()
    waits = [Wait("not yet", stamp(START + timedelta(hours=n))) for n in range(1, 9)]
    migration = toy(script={"b": waits})
    assert end_of(migration, clock) == "done"
    assert clock.now() - START == timedelta(hours=8)
    assert {row.attempt for row in migration.journal.rows() if row.step == "b"} == {1}
