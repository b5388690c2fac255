"""The runner on toy journeys: every ending, every verb, every crash."""

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv import errors
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Mark, Outcome, Row, Stop, Wait
from mtv.plans.deciding.decide import decide
from mtv.plans.deciding.fold import UNSURE
from mtv.plans.runner import Control, End, Migration, Policy, drive, fold
from mtv.times import stamp
from tests.plans.toys import START, Crash, JumpClock, MemoryJournal, ToyWorld, reborn, toy, toy_step

T = TypeVar("T")
BROKEN = Fault("toy.broken", "vm1: the thing is broken")
LOOSE = Fault("toy.loose", "vm1: the thing is loose", kind=Kind.TEMPORARY)
FULL = Fault("toy.full", "vm1: no space", kind=Kind.HOLD)
ENDS = {"done", "probation", "held", "failed", "cancelled", "rolled-back", "refused", UNSURE}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def end_of(migration: Migration[ToyWorld], clock: JumpClock | None = None) -> str:
    return run(drive(migration, clock or JumpClock())).state


def marks(migration: Migration[ToyWorld]) -> list[str]:
    return [f"{row.step or row.facts['state']}:{row.mark}" for row in migration.journal.rows()]


def asked(migration: Migration[ToyWorld], verb: str) -> str:
    """Ask, drive on, and give the result."""
    intent = migration.world.journal.ask(verb)
    end_of(migration)
    return migration.world.journal.result(intent)


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


def test_purge_removes_what_a_failed_one_left_and_no_retry_follows() -> None:
    steps = [toy_step("a"), toy_step("b"), toy_step("drop", on="purge")]
    migration = toy(steps=steps, script={"b": [Stop(BROKEN)]}, policy=Policy(on_failure="keep"))
    end_of(migration)
    assert asked(migration, "purge") == "purging"
    assert migration.world.acts == ["a", "b", "drop"]
    assert migration.world.history.state == "failed"
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


OUTCOMES = st.sampled_from(
    [Done({"x": 1}), Again(LOOSE), Again(LOOSE), Again(LOOSE, progress=3), Stop(FULL), Stop(BROKEN), ValueError("v"),
     Wait("w", stamp(START + timedelta(minutes=5))), Done({"x": 2}, back="a"), errors.Temporary("t.t", "t")]
)  # fmt: skip
SCRIPTS = st.dictionaries(st.sampled_from("abcd"), st.lists(OUTCOMES, max_size=8), max_size=4)
UNDO = st.sampled_from([errors.Temporary("u.u", "u"), errors.MtvError("u.p", "p"), Done()])
UNDO_SCRIPTS = st.dictionaries(st.sampled_from("abcd"), st.lists(UNDO, max_size=6), max_size=2)
POLICIES = st.builds(
    Policy, on_failure=st.sampled_from(["rollback", "stop", "keep"]), probation_s=st.sampled_from([0, 60])
)
VERBS = st.sampled_from(["hold", "resume", "retry", "cancel", "cutover", "rollback", "commit", "purge"])


@settings(deadline=None, max_examples=30)
@given(SCRIPTS, UNDO_SCRIPTS, POLICIES)
def test_any_crash_leads_to_the_same_end(script: Any, undo: Any, policy: Policy) -> None:
    """Exhaustive: once at every boundary of the undisturbed run."""
    still = toy("abcd", script, policy, undo_script=undo)
    state = end_of(still)
    for crash_at in range(1, still.world.journal.passed + 1):
        broken = toy("abcd", script, policy, undo_script=undo)
        broken.world.journal.crash_at = crash_at
        with pytest.raises(Crash):
            end_of(broken)
        after = reborn(broken)
        assert end_of(after) == state
        assert after.world.standing == still.world.standing
        assert after.world.history.fault == still.world.history.fault
        assert after.world.journal.endings() == still.world.journal.endings()


@settings(deadline=None)
@given(SCRIPTS, UNDO_SCRIPTS, POLICIES, st.lists(st.tuples(VERBS, st.integers(1, 25)), max_size=6))
def test_any_verbs_and_crashes_at_any_time_leave_no_contradiction(
    script: Any, undo: Any, policy: Policy, asks: list[tuple[str, int]]
) -> None:
    """Each verb is taken once; the migration comes to an end; what its end says is what stands."""
    migration = toy("abcd", script, policy, undo_script=undo)
    for verb, crash_at in asks:
        migration.world.journal.ask(verb)
        migration = reborn(migration, crash_at)
        with contextlib.suppress(Crash):
            end_of(migration)
    migration = reborn(migration)
    state = end_of(migration)
    history = migration.world.history
    assert state == history.state
    assert state in ENDS
    assert all(intent.result for intent in migration.world.journal.asked)
    if state in ("cancelled", "rolled-back"):
        assert migration.world.standing == []
    if state in ("done", "probation"):
        assert set(migration.world.standing) >= set("abcd")
    assert (history.undo_fault is not None) >= (state == UNSURE)
    _check_rows(list(migration.journal.rows()))


def _check_rows(rows: list[Row]) -> None:
    """Numbers rise; no attempt's number serves two attempts; failures between two turns are bounded."""
    assert [row.n for row in rows] == list(range(1, len(rows) + 1))
    seen: set[tuple[str, int]] = set()
    failures = 0
    for before, row in zip([None, *rows], rows, strict=False):
        failures = 0 if row.mark is Mark.DONE or not row.step else failures + (row.mark is Mark.AGAIN)
        assert failures <= 5 * 2, "five without getting further, and once five more after it did"
        if row.mark is Mark.BEGIN:
            waited = before is not None and before.mark is Mark.WAIT and before.step == row.step
            waited = waited or any(
                one.mark is Mark.WAIT and one.attempt == row.attempt for one in rows if one.step == row.step
            )
            assert waited or (row.step, row.attempt) not in seen
            seen.add((row.step, row.attempt))


@settings(deadline=None)
@given(SCRIPTS, UNDO_SCRIPTS, POLICIES)
def test_an_end_is_an_end(script: Any, undo: Any, policy: Policy) -> None:
    migration = toy("abcd", script, policy, undo_script=undo)
    clock = JumpClock()
    state = end_of(migration, clock)
    acts = len(migration.world.acts)
    assert decide(migration.journey, migration.journal.rows(), [], policy, clock.now()) == End(state)
    assert end_of(migration, clock) == state
    assert len(migration.world.acts) == acts


@settings(deadline=None)
@given(SCRIPTS, POLICIES)
def test_rollback_undoes_exactly_what_was_begun_in_reverse(script: Any, policy: Policy) -> None:
    migration = toy("abcd", script, policy)
    state = end_of(migration)
    rows = migration.journal.rows()
    begun = list(dict.fromkeys(row.step for row in rows if row.mark is Mark.BEGIN and not row.undo))
    undone = [row.step for row in rows if row.undo and row.mark is Mark.DONE]
    assert undone == (begun[::-1] if state == "rolled-back" else [])


@given(SCRIPTS, POLICIES, st.integers(0, 60))
def test_every_prefix_of_rows_is_a_state_with_a_next_decision(script: Any, policy: Policy, length: int) -> None:
    migration = toy("abcd", script, policy)
    end_of(migration)
    rows = migration.journal.rows()[:length]
    decision = decide(migration.journey, rows, [], policy, START)
    assert isinstance(decision, End) == (fold(rows).state in ENDS)


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
