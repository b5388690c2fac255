"""Any outcomes, any verbs, any crash: the same end, and no contradiction."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv import errors
from mtv.model.outcomes import Again, Done, Mark, Row, Stop, Wait
from mtv.plans.deciding.decide import decide
from mtv.plans.deciding.fold import UNSURE
from mtv.plans.runner import End, Policy, fold
from mtv.times import stamp
from tests.plans.driven import BROKEN, ENDS, FULL, LOOSE, end_of
from tests.plans.toys import START, Crash, JumpClock, reborn, toy

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
