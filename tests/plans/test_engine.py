"""Engines: many migrations side by side, one after another, with what was asked before."""

import os

import pytest

from mtv.errors import Held, MtvError, Refused
from mtv.model.outcomes import Stop
from mtv.model.plans import Limits
from mtv.plans.runner import Policy
from mtv.store import reading
from mtv.store.journal import ask
from mtv.store.place import engine_lock
from mtv.store.runs import migrations_of
from mtv.store.store import Store
from tests.plans.engines import BROKEN, drive, say, states
from tests.plans.toy_engine import Yard, begin


def test_a_run_is_driven_to_its_end(store: Store, yard: Yard) -> None:
    run = begin(store, "a1", "b1", "c1")
    summary = drive(store, run, yard)
    assert (summary.exit_code, set(summary.states.values())) == (0, {"done"})
    assert len(yard.acts) == 9
    seen = store.read(reading.engine)
    assert seen is not None
    assert (seen.pid, seen.lives) == (os.getpid(), False)
    with engine_lock(store.path):
        pass
    yard.acts.clear()
    assert drive(store, run, yard).exit_code == 0
    assert yard.acts == [], "a run that ended is left alone"


def test_slots_and_width_bound_what_runs_at_once(store: Store, yard: Yard) -> None:
    run = begin(store, *(f"a{n}" for n in range(6)), *(f"b{n}" for n in range(6)))
    yard.company = 2
    drive(store, run, yard, Limits(per_datastore=1))
    assert yard.busiest == 2
    yard.busiest, yard.company = 0, 3
    drive(store, begin(store, *(f"{n:x}" for n in range(12))), yard, Limits(per_run=3))
    assert yard.busiest == 3


def test_earlier_vms_are_moved_first(store: Store, yard: Yard) -> None:
    drive(store, begin(store, "c", "a", "b"), yard, Limits(per_run=1))
    assert yard.acts[::3] == ["c/check", "a/check", "b/check"]


@pytest.mark.parametrize(("on_failure", "last"), [("stop", "pending"), ("keep", "done"), ("rollback", "done")])
def test_a_failure_stops_the_others_only_where_the_plan_says_so(
    store: Store, yard: Yard, on_failure: str, last: str
) -> None:
    yard.policy = Policy(on_failure=on_failure)  # type: ignore[arg-type]
    yard.trouble["b/copy"] = Stop(BROKEN)
    run = begin(store, "a", "b", "c", "d")
    summary = drive(store, run, yard, Limits(per_run=1))
    failed = "rolled-back" if on_failure == "rollback" else "failed"
    assert states(store) == {"a": "done", "b": failed, "c": last, "d": last}
    assert summary.exit_code == 3
    [row] = [row for row in migrations_of(store, run) if row.vm == "b"]
    assert (row.code, row.why) == ("toy.broken", "the thing is broken")
    drive(store, run, yard, Limits(per_run=1))
    assert states(store) == {"a": "done", "b": failed, "c": "done", "d": "done"}


def test_what_a_fault_held_goes_on_and_what_a_person_held_stays(store: Store, yard: Yard) -> None:
    yard.trouble["a/copy"] = Held("toy.full", "a: no space", "make room")
    run = begin(store, "a", "b")
    assert say(store, "hold", "b", yard=yard) == ["held"]
    assert drive(store, run, yard).exit_code == 1
    assert states(store) == {"a": "held", "b": "held"}
    [row] = [row for row in migrations_of(store, run) if row.vm == "a"]
    assert (row.why, row.hint, row.code) == ("a: no space", "make room", "toy.full")
    assert drive(store, run, yard).exit_code == 3
    assert states(store) == {"a": "done", "b": "held"}
    assert say(store, "resume", "b", yard=yard) == ["running"]
    assert states(store) == {"a": "done", "b": "done"}


def test_a_verb_becomes_the_engine_where_none_lives_and_of_its_vms_only(store: Store, yard: Yard) -> None:
    begin(store, "a", "b")
    assert say(store, "cancel", "a", yard=yard) == ["undoing"]
    assert states(store) == {"a": "cancelled", "b": "pending"}
    assert say(store, "cancel", "a", yard=yard) == ["it is cancelled"]
    assert say(store, "commit", "a", "b", yard=yard)[1].startswith("refused: ")
    with pytest.raises(Refused, match="no VM"):
        say(store, "hold", "z", yard=yard)


def test_an_end_that_cannot_be_reached_holds_and_tells_who_asked(store: Store, yard: Yard) -> None:
    yard.broken["a"] = MtvError("toy.away", "lab is not there")
    run = begin(store, "a", "b")
    assert drive(store, run, yard).exit_code == 3
    assert states(store) == {"a": "held", "b": "done"}
    assert say(store, "cancel", "a", yard=yard) == ["refused: lab is not there"]
    del yard.broken["a"]
    assert drive(store, run, yard).exit_code == 0


def test_a_defect_of_one_is_said_and_the_others_go_on(store: Store, yard: Yard) -> None:
    yard.broken["a"] = KeyError("oops")
    run = begin(store, "a", "b")
    ask(store, run, "lab/id-a", "hold", "ann")
    summary = drive(store, run, yard)
    assert summary.exit_code == 3
    assert summary.faults["lab/id-a"].code == "mtv.defect"
    assert states(store) == {"a": "pending", "b": "done"}


def test_probation_ends_when_its_time_is_over_and_an_engine_looks(store: Store, yard: Yard) -> None:
    run = begin(store, "a", "b")
    yard.policy = Policy(probation_s=3600)
    assert drive(store, run, yard).exit_code == 0
    assert states(store) == {"a": "probation", "b": "probation"}
    assert say(store, "rollback", "b", yard=yard) == ["undoing"]
    store.write(lambda found: found.execute("UPDATE migrations SET until = '2026-01-01T00:00:00.000Z'"))
    store.write(lambda found: found.execute("UPDATE rows SET until = '2026-01-01T00:00:00.000Z' WHERE until <> ''"))
    drive(store, run, yard)
    assert states(store) == {"a": "done", "b": "rolled-back"}


def test_a_journey_is_walked_as_it_was_begun(store: Store, yard: Yard) -> None:
    run = begin(store, "a")
    store.write(lambda found: found.execute("""UPDATE migrations SET steps = '[["copy", "x"], ["check", "y"]]'"""))
    drive(store, run, yard)
    assert yard.acts == ["a/copy", "a/check"]
    other = begin(store, "a")
    store.write(lambda found: found.execute("""UPDATE migrations SET steps = '[["fly", "x"]]' WHERE run = 'wave-2'"""))
    assert "'fly'" in drive(store, other, yard).faults["lab/id-a"].text
