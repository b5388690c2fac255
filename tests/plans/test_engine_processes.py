"""Engines that are processes: a second one, a killed one, one left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import MtvError, Refused
from mtv.model.outcomes import Mark
from mtv.plans.engine import detach, steer
from mtv.store import reading
from mtv.store.journal import wished
from mtv.store.place import engine_lock
from mtv.store.records import read_rows
from mtv.store.store import Store
from tests.plans.engines import ROOT, drive, say, states, until
from tests.plans.toy_engine import SETTINGS, Yard, begin


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
        await asyncio.to_thread(until, lambda: wished(store))
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
