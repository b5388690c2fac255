"""`mtv serve` as a program: runs are made by others, and driven by it."""

import os
import signal
from pathlib import Path

import pytest

from tests.cli.sandbox import Sandbox

pytestmark = pytest.mark.slow  # whole moves by the command line


def test_a_run_is_made_by_one_and_driven_by_the_engine_that_serves(box: Sandbox) -> None:
    assert box.mtv("serve", "--alive").code == 2, "there is no store yet"
    with box.running("serve") as engine:
        box.until(lambda: box.engine() == engine.pid, "it serves")
        assert box.mtv("serve", "--alive").code == 0
        box.plan()
        done = box.mtv("run", "plan.yaml")
        assert done.code == 0, done
        assert done.out.startswith("db01: done in ")
        assert box.engine() == engine.pid, "it stays"
        assert (box.folder / "out" / "db01" / "disk0.raw").read_bytes() == (box.folder / "db01.raw").read_bytes()
        assert box.mtv("run", "plan.yaml").err.startswith("demo-1 has ended already")
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(20) == 0
    assert box.mtv("serve", "--alive").code == 1


def test_what_was_refused_is_tried_anew_when_its_plan_is_run_again(box: Sandbox) -> None:
    foreign = box.folder / "out" / "db01" / "precious.txt"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    with box.running("serve") as engine:
        box.until(lambda: box.engine() == engine.pid, "it serves")
        box.plan()
        assert box.mtv("run", "plan.yaml").code == 4
        foreign.unlink()
        left = box.mtv("run", "plan.yaml", "--detach")
        assert (left.code, "`mtv serve` drives it" in left.err) == (0, True), left
        box.until(lambda: box.states("demo-1") == {"db01": "done"}, "it is moved")


def test_a_second_one_waits_and_takes_over(box: Sandbox) -> None:
    with box.running("serve") as first, box.running("serve") as second:
        box.until(box.engine, "one serves")
        holder, waiter = (first, second) if box.engine() == first.pid else (second, first)
        note = Path(f"{box.store}.waiting")
        box.until(lambda: note.exists() and waiter.poll() is None, "the other one waits, and says so")
        os.kill(holder.pid, signal.SIGKILL)
        box.until(lambda: box.engine() == waiter.pid, "it took over")
        box.plan()
        assert box.mtv("run", "plan.yaml").code == 0
