"""Verbs that steer: with an engine that lives elsewhere, and where none does."""

import os
import signal

import pytest

from tests.cli.sandbox import Sandbox

pytestmark = pytest.mark.slow  # engines in processes of their own: a minute in all


def waiting(box: Sandbox, run: str) -> None:
    box.until(lambda: set(box.states(run).values()) == {"waiting"}, f"{run} waits for its next round")


@pytest.fixture
def left(box: Sandbox) -> Sandbox:
    """A warm run whose engine was killed while it waited for the next round."""
    box.warm()
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    waiting(box, "warm-1")
    box.kill_engine()
    return box


def test_a_warm_journey_is_steered_by_hand(box: Sandbox) -> None:
    box.warm()
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    assert box.mtv("hold", "warm-1").code == 0
    box.until(lambda: not box.engine(), "its engine has nothing to do")
    resumed = box.mtv("resume", "warm-1", "--detach")
    assert resumed.code == 0, resumed
    assert resumed.err.endswith("warm-1 runs in the background; follow it: mtv watch warm-1\n")
    assert box.mtv("cutover", "warm-1").code == 2, "asks where there is no terminal"
    waiting(box, "warm-1")
    assert box.mtv("cutover", "warm-1", "--yes").code == 0
    assert box.mtv("watch", "warm-1").code == 0
    assert box.states("warm-1") == {"vm001": "probation"}
    refused = box.mtv("resume", "warm-1")
    assert (refused.code, refused.err) == (
        4,
        "vm001: resume: refused: it is probation; `mtv retry` makes a new attempt of what failed\n",
    )
    committed = box.mtv("commit", "warm-1")
    assert committed.code == 0
    assert committed.err.endswith("vm001: commit: done\n")
    assert box.states("warm-1") == {"vm001": "done"}


def test_a_hold_where_nobody_drives_is_done_at_once(left: Sandbox) -> None:
    held = left.mtv("hold", "warm-1")
    assert (held.code, held.err, held.out) == (0, "vm001: hold: held\n", "")
    assert left.states("warm-1") == {"vm001": "held"}
    assert left.engine() == 0


def test_what_is_refused_is_said_for_each_vm(left: Sandbox) -> None:
    refused = left.mtv("commit", "warm-1")
    assert (refused.code, refused.err) == (4, "vm001: commit: refused: it is waiting, not in probation\n")
    assert left.mtv("purge", "warm-1", "--yes").code == 4
    assert left.mtv("hold", "warm-2").err == "mtv: there is no run 'warm-2'\n     see `mtv get runs`\n"
    assert left.mtv("hold", "warm-1", "--vm", "vm009").code == 2


def test_a_cancel_where_nobody_drives_undoes_everything(left: Sandbox) -> None:
    cancelled = left.mtv("cancel", "warm-1", "--yes")
    assert cancelled.code == 0, cancelled
    assert cancelled.err.endswith("vm001: cancel: cancelled\n")
    assert not [path for path in (left.folder / "target" / "volumes").rglob("*") if path.is_file()]


@pytest.mark.parametrize("words", [("run", "warm.yaml"), ("resume", "warm-1"), ("retry", "warm-1")])
def test_a_dead_engine_s_run_goes_on_and_can_be_interrupted(left: Sandbox, words: tuple[str, ...]) -> None:
    with left.running(*words) as child:
        left.until(lambda: left.engine() == child.pid, "it became the engine")
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert out.startswith("vm001: interrupted in ")
    again = "mtv run warm.yaml" if words[0] == "run" else "mtv resume warm-1"
    assert err.endswith(f"interrupted, nothing was undone; go on with: {again}\n")
    assert "Traceback" not in err
    assert left.states("warm-1")["vm001"] in ("waiting", "running")
    assert left.engine() == 0


def test_a_cutover_where_nobody_drives_goes_to_the_end_in_the_foreground(left: Sandbox) -> None:
    done = left.mtv("cutover", "warm-1", "--yes")
    assert done.code == 0, done
    assert done.out.startswith("vm001: probation in ")
    assert done.err.endswith("vm001: probation\n")


def test_a_verb_of_one_vm_leaves_the_others(box: Sandbox) -> None:
    box.warm(vms="[vm001, vm002]")
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    waiting(box, "warm-1")
    assert box.mtv("hold", "warm-1", "--vm", "vm002").err == "vm002: hold: held\n"
    assert box.states("warm-1") == {"vm001": "waiting", "vm002": "held"}
    box.kill_engine()
    done = box.mtv("cutover", "warm-1", "--vm", "vm001", "--yes")
    assert done.code == 0, done
    assert "vm002" not in done.out + done.err
    assert box.states("warm-1") == {"vm001": "probation", "vm002": "held"}


def test_an_engine_answers_for_other_runs_of_its_store_with_their_own_ends(box: Sandbox) -> None:
    """A verb for one run must never act on another's volumes."""
    box.plan("first")
    assert box.mtv("run", "first.yaml").code == 0
    other = box.plan("other", target="bundle:elsewhere", limits="{bytes_per_second: 64K}")
    assert box.mtv("run", str(other), "--detach").code == 0
    box.kill_engine()
    box.warm()
    assert box.mtv("run", "warm.yaml", "--detach").code == 0
    waiting(box, "warm-1")
    refused = box.mtv("rollback", "first-1", "--yes")
    assert (refused.code, refused.err) == (4, "db01: rollback: refused: it is done; nothing takes it back now\n")
    busy = box.mtv("run", str(other))
    assert busy.code == 2
    assert f"is driven by process {box.engine()} on {os.uname().nodename}" in busy.err
    assert box.mtv("run", "first.yaml", "--again").code == 2
    assert [row["name"] for row in box.rows("get", "runs")] == ["first-1", "other-1", "warm-1"]
    cancelled = box.mtv("cancel", "other-1", "--yes")
    assert cancelled.code == 0, cancelled
    box.until(lambda: box.states("other-1") == {"db01": "cancelled"}, "the engine of warm-1 cancels it")
    assert box.states("warm-1") == {"vm001": "waiting"}
