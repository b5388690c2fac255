"""Engines: many migrations side by side, what people ask meanwhile, and engines that end or die."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import Held, MtvError, Refused
from mtv.model.faults import Fault
from mtv.model.outcomes import Intent, Mark, Stop
from mtv.model.plans import Limits
from mtv.plans.engine import Summary, detach, run_engine, steer
from mtv.plans.runner import Policy
from mtv.store import reading
from mtv.store.journal import ask, intent, wished
from mtv.store.place import engine_lock
from mtv.store.records import read_events, read_rows
from mtv.store.runs import migrations_of
from mtv.store.store import Store
from tests.plans.toy_engine import SETTINGS, Yard, begin
from tests.store.conftest import store as store_fixture

BROKEN = Fault("toy.broken", "the thing is broken")
ROOT = Path(__file__).parents[2]

store = store_fixture


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard")


def drive(store: Store, run: str, yard: Yard, limits: Limits | None = None) -> Summary:
    return asyncio.run(run_engine(store, run, yard.build, limits=limits, setting=SETTINGS))


def states(store: Store, run: str = "wave-1") -> dict[str, str]:
    return {one.vm: one.state for one in migrations_of(store, run)}


def say(store: Store, verb: str, *vms: str, run: str = "wave-1", yard: Yard, patience_s: float = 5) -> list[str]:
    keys = [f"lab/id-{name}" for name in vms]
    work = steer(store, run, keys, verb, "ann", yard.build, setting=SETTINGS, patience_s=patience_s)
    return [one.result for one in asyncio.run(work)]


def until(true: Callable[[], object], limit_s: float = 20) -> None:
    deadline_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


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


async def _meanwhile(
    store: Store, run: str, yard: Yard, acts: Callable[[], None], limits: Limits | None = None
) -> Summary:
    """An engine here, and a person at another terminal."""
    engine = asyncio.create_task(run_engine(store, run, yard.build, limits=limits, setting=SETTINGS))
    await asyncio.to_thread(acts)
    return await asyncio.wait_for(engine, 20)


def test_people_ask_while_it_runs(store: Store, yard: Yard) -> None:
    yard.stay = "copy"
    run, other = begin(store, "a", "b", "c"), begin(store, "x", wave="other")
    results: list[str] = []

    def acts() -> None:
        until(lambda: {"a/copy", "b/copy", "c/copy"} <= set(yard.acts))
        results.extend(say(store, "hold", "a", yard=yard, patience_s=0.1))
        results.extend(say(store, "cancel", "b", yard=yard))
        results.extend(say(store, "hold", "x", run=other, yard=yard))
        until(lambda: states(store)["b"] == "cancelled")
        for name in ("a", "c"):
            (yard.folder / run / name / "go").touch()

    summary = asyncio.run(_meanwhile(store, run, yard, acts))
    assert results == ["", "undoing", "held"], "a running step is not interrupted by a hold"
    assert states(store) == {"a": "held", "b": "cancelled", "c": "done"}
    assert states(store, other) == {"x": "held"}, "one engine a store: it answers for other runs too"
    assert summary.exit_code == 3
    assert yard.standing(run) == ["a/check", "a/copy", "c/check", "c/copy", "c/end"]
    assert intent(store, 1).result == "held"


def test_what_is_asked_while_the_last_one_ends_is_answered(
    store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine does not hear of it in time: it looks once more before it ends."""
    yard.policy = Policy(probation_s=3600)
    run = begin(store, "a")
    asked: list[Intent] = []

    def late(found: Store) -> set[tuple[str, str]]:
        if states(store) == {"a": "probation"} and not asked:
            asked.append(ask(store, run, "lab/id-a", "commit", "ann"))
        return wished(found)

    monkeypatch.setattr("mtv.plans.drivers.wished", late)
    asyncio.run(run_engine(store, run, yard.build, setting=replace(SETTINGS, watch_s=60)))
    assert intent(store, asked[0].n).result == "committing"
    assert states(store) == {"a": "done"}


def test_a_stop_lets_those_that_have_begun_go_on(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "copy", Policy(on_failure="stop")
    yard.trouble["b/check"] = Stop(BROKEN)
    run = begin(store, "a1", "a2", "b")

    def acts() -> None:
        until(lambda: states(store)["b"] == "failed")
        until(lambda: "a1/copy" in yard.acts)
        assert states(store)["a2"] == "running"
        for name in ("a1", "a2"):
            (yard.folder / run / name).mkdir(parents=True, exist_ok=True)
            (yard.folder / run / name / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    assert states(store) == {"a1": "done", "a2": "done", "b": "failed"}


def test_who_waits_for_a_slot_has_not_begun_and_can_be_held(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "check", Policy(on_failure="stop")
    run = begin(store, "a1", "a2", "a3")

    def acts() -> None:
        until(lambda: "a1/check" in yard.acts)
        assert say(store, "hold", "a2", yard=yard) == ["held"], "it is not at work: it need not end first"
        for name in ("a1", "a3"):
            (yard.folder / run / name).mkdir(parents=True, exist_ok=True)
            (yard.folder / run / name / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts, Limits(per_datastore=1)))
    assert states(store) == {"a1": "done", "a2": "held", "a3": "done"}, "its slot is not kept for it"


def test_a_stop_leaves_who_waits_for_a_slot_pending(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "check", Policy(on_failure="stop")
    yard.trouble["a1/check"] = Stop(BROKEN)
    run = begin(store, "a1", "a2")
    (yard.folder / run / "a1").mkdir(parents=True)
    (yard.folder / run / "a1" / "go").touch()
    drive(store, run, yard, Limits(per_datastore=1))
    assert states(store) == {"a1": "failed", "a2": "pending"}


def test_what_has_ended_can_be_steered_while_others_run(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "copy", Policy(probation_s=3600)
    run = begin(store, "a", "b")

    def acts() -> None:
        until(lambda: "a/copy" in yard.acts)
        (yard.folder / run / "a" / "go").touch()
        until(lambda: states(store)["a"] == "probation")
        assert say(store, "commit", "a", yard=yard) == ["committing"]
        until(lambda: states(store)["a"] == "done")
        (yard.folder / run / "b" / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    assert states(store) == {"a": "done", "b": "probation"}


def test_a_clock_that_is_set_is_noted_and_wakes_who_waits(
    store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.stay = "copy"
    run = begin(store, "a")
    real = time.time

    def acts() -> None:
        until(lambda: "a/copy" in yard.acts)
        time.sleep(SETTINGS.watch_s * 3)
        monkeypatch.setattr("mtv.plans.drivers.time.time", lambda: real() + 7)
        until(lambda: store.read(lambda found: read_events(found, "")))
        (yard.folder / run / "a" / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    [event] = store.read(lambda found: read_events(found, ""))
    assert event.text == "the wall clock jumped by 7.0 s"


def test_an_engine_whose_store_is_gone_ends(store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.stay = "copy"
    run = begin(store, "a")

    def broken(_: Store) -> set[tuple[str, str]]:
        if yard.acts:
            raise MtvError("store.damaged", "damaged")
        return set()

    monkeypatch.setattr("mtv.plans.drivers.wished", broken)
    with pytest.raises(MtvError, match="damaged"):
        drive(store, run, yard)


# Engines that are processes


@contextmanager
def engine_process(path: Path, *args: str) -> Iterator["subprocess.Popen[bytes]"]:
    argv = [sys.executable, "-m", "tests.plans.toy_engine", str(path), *args]
    child = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.fixture
def copying(store: Store, yard: Yard) -> Iterator["subprocess.Popen[bytes]"]:
    """An engine that copies "a" and has not ended, while "b" waits for nothing."""
    run = begin(store, "a", "b")
    (yard.folder / run / "b").mkdir(parents=True)
    (yard.folder / run / "b" / "go").touch()
    with engine_process(store.path, run, "copy") as child:
        until(lambda: yard.standing(run) == ["a/check", "a/copy", "b/check", "b/copy", "b/end"])
        until(lambda: states(store)["b"] == "done")
        yield child


def marks(store: Store, name: str = "a") -> list[str]:
    rows = store.read(lambda found: read_rows(found, "wave-1", f"lab/id-{name}"))
    return [f"{row.step}:{row.mark}" for row in rows if row.step]


def test_a_second_engine_is_refused_and_the_first_is_seen(
    store: Store, yard: Yard, copying: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(Refused, match=f"process {copying.pid} on .*, since ") as caught:
        drive(store, "wave-1", yard)
    assert caught.value.fault.code == "engine.second"
    seen = store.read(reading.engine)
    assert seen is not None
    assert (seen.pid, seen.lives) == (copying.pid, True)


def test_a_killed_engine_is_taken_over_and_its_step_runs_again(
    store: Store, yard: Yard, copying: "subprocess.Popen[bytes]"
) -> None:
    copying.kill()
    copying.wait()
    seen = store.read(reading.engine)
    assert seen is not None
    assert not seen.lives
    assert marks(store) == ["check:begin", "check:done", "copy:begin"]
    assert drive(store, "wave-1", yard).exit_code == 0
    assert yard.acts == ["a/copy", "a/end"], "what was done is not done again"
    rows = [row for row in store.read(lambda found: read_rows(found, "wave-1", "lab/id-a")) if row.step == "copy"]
    assert [(row.attempt, row.mark) for row in rows] == [(1, Mark.BEGIN), (2, Mark.BEGIN), (2, Mark.DONE)]
    assert rows[0].engine != rows[1].engine


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_engine_cleans_up_and_the_next_goes_on(
    store: Store, yard: Yard, copying: "subprocess.Popen[bytes]", number: signal.Signals
) -> None:
    copying.send_signal(number)
    assert copying.wait(20) == 130
    assert copying.stderr is not None
    assert copying.stderr.read() == b""
    assert marks(store)[-1] == "copy:cancelled"
    assert yard.standing("wave-1")[:2] == ["a/check", "a/copy"], "nothing is undone"
    with engine_lock(store.path):
        pass
    assert drive(store, "wave-1", yard).exit_code == 0


def test_a_terminal_that_goes_away_ends_nothing(store: Store, yard: Yard, copying: "subprocess.Popen[bytes]") -> None:
    copying.send_signal(signal.SIGHUP)
    before = store.read(reading.engine)
    until(lambda: store.read(reading.engine) != before)
    assert copying.poll() is None
    (yard.folder / "wave-1" / "a" / "go").touch()
    assert copying.wait(20) == 0
    assert states(store) == {"a": "done", "b": "done"}


def test_verbs_reach_an_engine_in_another_process(store: Store, yard: Yard, copying: "subprocess.Popen[bytes]") -> None:
    assert say(store, "cancel", "a", yard=yard) == ["undoing"]
    assert copying.wait(20) == 3
    assert states(store) == {"a": "cancelled", "b": "done"}
    assert yard.acts == [], "the verb did not become an engine"


def test_a_verb_takes_over_when_the_engine_dies_meanwhile(
    store: Store, yard: Yard, copying: "subprocess.Popen[bytes]"
) -> None:
    async def both() -> list[str]:
        asking = asyncio.create_task(
            steer(store, "wave-1", ["lab/id-a"], "hold", "ann", yard.build, setting=SETTINGS, patience_s=20)
        )
        await asyncio.sleep(0.1)
        copying.kill()
        await asyncio.to_thread(copying.wait)
        return [one.result for one in await asking]

    assert asyncio.run(both()) == ["held"]
    assert states(store)["a"] == "held"


def argv_of(store: Store, run: str, stay: str = "") -> list[str]:
    code = f"import os, sys; os.chdir({str(ROOT)!r}); sys.path.insert(0, '.'); import runpy; runpy.run_module('tests.plans.toy_engine', run_name='__main__')"  # noqa: E501
    return [sys.executable, "-c", code, str(store.path), run, stay]


def test_a_detached_engine_is_left_behind_when_it_has_the_lock(store: Store, yard: Yard, tmp_path: Path) -> None:
    run = begin(store, "a")
    pid = detach(store.path, argv_of(store, run, "copy"), tmp_path / "engine.log")
    try:
        assert os.getsid(pid) == pid
        seen = store.read(reading.engine)
        assert seen is not None
        assert (seen.pid, seen.lives) == (pid, True)
        (yard.folder / run / "a").mkdir(parents=True, exist_ok=True)
        (yard.folder / run / "a" / "go").touch()
        until(lambda: states(store) == {"a": "done"})
    finally:
        os.waitpid(pid, 0)
    with pytest.raises(MtvError, match="no run|Error") as caught:
        detach(store.path, [sys.executable, "-c", "raise SystemExit('no run there')"], tmp_path / "other.log")
    assert caught.value.fault.code == "engine.not-started"
    assert replace(caught.value.fault, text="").hint.endswith("other.log")


def test_a_detached_engine_that_had_little_to_do_is_no_failure(store: Store, tmp_path: Path) -> None:
    run = begin(store, "a")
    detach(store.path, argv_of(store, run), tmp_path / "engine.log")
    until(lambda: states(store) == {"a": "done"})
