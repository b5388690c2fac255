"""A lapsed lease ends all that could write, whichever of the two processes was stopped; a target's lines tell."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mtv import codec, process
from mtv.model.tasks import worker_name
from mtv.providers.kubevirt.jobs.places import LAPSED
from tests.providers.kubevirt.jobs.filed import Filed, task

ROOT = Path(__file__).parents[5]
DURATION_S = 2  # of which it writes 1


class Bench:
    def __init__(self, place: Path) -> None:
        self.place, self.filed, self.target = place, Filed(place), place / "target"
        self.children: list[subprocess.Popen[bytes]] = []

    def start(self, attempt: int = 1, seconds: float = 60) -> subprocess.Popen[bytes]:
        name = worker_name("r-1", "s/vm-1", "transfer", attempt)
        (self.place / f"{name}-task/secrets").mkdir(parents=True)
        (self.place / f"{name}-task/TASK.json").write_text(json.dumps(codec.dump(task(attempt, attempt=attempt))))
        self.filed.give(name, DURATION_S, epoch=attempt)
        argv = [sys.executable, "-m", "tests.providers.kubevirt.jobs.program", str(self.place), name, str(seconds)]
        child = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.children.append(child)
        if seconds > 1:
            wait(lambda: {name, "child"} <= set(self.lines()))
        return child

    def worker(self, attempt: int = 1) -> int:
        name = worker_name("r-1", "s/vm-1", "transfer", attempt)
        return int((self.place / f"{name}.pid").read_text())

    def lines(self) -> list[str]:
        return self.target.read_text().split() if self.target.exists() else []


def wait(until: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    process.kill(left(tmp_path))
    for child in made.children:
        child.kill()
        child.wait()


def left(place: Path) -> list[int]:
    """Processes that write there: a killed keeper's are nobody's, as in a Pod, which ends them."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(place).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_work_that_ends_releases_the_lease_and_leaves_nobody(bench: Bench) -> None:
    child = bench.start(seconds=0.2)
    assert child.wait(20) == 0
    assert bench.filed.lease.holder == ""
    written = bench.lines()
    time.sleep(0.1)
    assert bench.lines() == written


def test_the_engines_wishes_come_to_the_workers_folder(bench: Bench) -> None:
    bench.start()
    bench.filed.wish(stop=False, rate_bytes_per_s=7)
    name = worker_name("r-1", "s/vm-1", "transfer", 1)
    control = bench.place / name / "control.json"
    wait(lambda: json.loads(control.read_text()) == {"stop": False, "rate_bytes_per_s": 7})


def test_who_reaches_nobody_stops_writing_within_the_leases_time(bench: Bench) -> None:
    child = bench.start()
    bench.filed.away.touch()
    began = time.monotonic()
    assert child.wait(20) == LAPSED
    assert time.monotonic() - began < DURATION_S
    written = bench.lines()
    time.sleep(0.1)
    assert bench.lines() == written


def test_who_lost_it_stops_at_the_next_renewal(bench: Bench) -> None:
    child = bench.start()
    bench.filed.give("mtv-0000000000-verify-1")
    assert child.wait(20) == LAPSED
    assert bench.filed.lease.holder == "mtv-0000000000-verify-1"


@pytest.mark.parametrize("stopped", ["keeper", "worker", "both"])
def test_a_stopped_process_does_not_write_when_it_goes_on(bench: Bench, stopped: str) -> None:
    """While one of them is stopped, the other one ends all; of two that were stopped, each does when it goes on."""
    child = bench.start()
    numbers = {"keeper": [child.pid], "worker": [bench.worker()], "both": [child.pid, bench.worker()]}[stopped]
    if stopped == "both":
        numbers = [*process.descendants(child.pid), child.pid]  # a frozen Pod
    for number in numbers:
        os.kill(number, signal.SIGSTOP)
    bench.filed.away.touch()
    time.sleep(DURATION_S)
    before = bench.lines()
    bench.filed.give("mtv-0000000000-transfer-2", epoch=2)
    for number in numbers:
        process.tell(number, signal.SIGCONT)
    assert child.wait(20) == LAPSED
    names = set(bench.lines()[len(before) :])
    assert names <= {"child"}  # it asks nobody: what it was at when it was stopped, until it is ended
    assert len(bench.lines()) - len(before) <= 3


def test_sigterm_reaches_the_worker(bench: Bench) -> None:
    child = bench.start()
    child.terminate()
    assert child.wait(20) == 128 + signal.SIGTERM
    assert bench.filed.lease.holder == ""


def test_a_killed_keeper_takes_the_worker_along(bench: Bench) -> None:
    child = bench.start()
    worker = bench.worker()
    child.kill()
    child.wait()
    wait(lambda: not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text())
