"""Engines that die, that are two, that are asked to end: one writer a VM, and a way on from everywhere."""

import os
import signal
import time
from pathlib import Path

import pytest

from mtv.converters.worker import lock
from mtv.model.outcomes import Mark
from tests.converters.worker.holding import holding
from tests.e2e.yard import MIB, Move, Yard, held, lives, moving, until

SLOWLY = f"{{bytes_per_second: {12 * MIB}}}"
pytestmark = pytest.mark.slow


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path, (24,), limits=SLOWLY)


def copying(yard: Yard, move: Move, part: float = 0.2) -> list[int]:
    """The worker's processes, once that much is copied."""
    until("it copies", lambda: yard.reached() > part or move.ended)
    assert not move.ended, move.said()
    return move.find("worker")


def test_a_dead_engine_s_worker_is_gone_before_the_next_one_writes(yard: Yard) -> None:
    move = yard.start()
    old = copying(yard, move)
    for pid in old:
        os.kill(pid, signal.SIGSTOP)  # it cannot end of itself
    move.child.kill()
    died = time.monotonic()
    with moving(yard, "run", "plan.yaml") as second:
        gone_s = None
        while not (new := second.find("worker")):
            if gone_s is None and not any(map(lives, old)):
                gone_s = time.monotonic() - died
            assert not second.ended, second.said()
        assert not any(map(lives, old)), f"{old} still live beside {new}"
        assert gone_s is not None
        assert gone_s < 1
        move.child.wait()
        assert second.wait() == 0
    yard.ended_well()


def test_what_a_dead_worker_left_is_ended_before_the_next_one_writes(yard: Yard) -> None:
    move = yard.start()
    copying(yard, move)
    move.kill()
    with holding(lock.lock_path(yard.scratch), tagged=True) as left:
        yard.run()
        assert left.poll() == -signal.SIGKILL
    yard.ended_well()


@pytest.mark.parametrize("verb", ["run", "cancel"])
def test_nothing_is_written_or_removed_while_another_has_the_lock(yard: Yard, verb: str) -> None:
    move = yard.start()
    copying(yard, move)
    move.kill()
    known = len(yard.rows())
    words = ("run", "plan.yaml") if verb == "run" else ("cancel", "wave-1", "--yes")
    with moving(yard, *words) as next_one:
        with holding(lock.lock_path(yard.scratch), tagged=False):
            before = yard.disk().stat()
            until("it has begun", lambda: yard.rows()[-1].mark is Mark.BEGIN and len(yard.rows()) > known)
            time.sleep(0.7)
            after = yard.disk().stat()
            assert (after.st_mtime_ns, after.st_blocks) == (before.st_mtime_ns, before.st_blocks)
            assert not next_one.ended, next_one.said()
        assert next_one.wait() == 0, next_one.said()
    if verb == "run":
        yard.ended_well()
    else:
        assert yard.state() == "cancelled"
        assert not yard.target.exists()
        assert yard.left_behind() == []


def test_an_interrupted_run_cleans_up_says_how_to_go_on_and_goes_on(yard: Yard) -> None:
    with moving(yard, "run", "plan.yaml") as move:
        workers = copying(yard, move, 0.4)
        since = time.monotonic()
        move.child.send_signal(signal.SIGINT)
        assert move.wait() == 130, move.said()
        assert time.monotonic() - since < 5
        assert "mtv run plan.yaml" in move.said()
        assert not any(map(lives, workers))
    assert yard.alive() == []
    rows = yard.journal()
    journaled = held(rows)[0]
    assert journaled  # the last of it was flushed when it was told to stop
    yard.run()
    assert yard.facts("transfer")["written_bytes"] == yard.data_bytes - len(journaled) * MIB
    yard.ended_well()


def test_neither_a_second_engine_nor_a_terminal_that_goes_away_ends_it(yard: Yard) -> None:
    with moving(yard, "run", "plan.yaml") as move:
        copying(yard, move)
        move.child.send_signal(signal.SIGHUP)
        said = yard.mtv("run", "plan.yaml", code=2)
        assert f"driven by process {move.child.pid} on " in said
        assert "mtv status" in said
        assert move.wait() == 0, move.said()
    yard.ended_well()
