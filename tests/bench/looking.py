"""What it takes to look at a large estate: a list of its VMs, and the report on it."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv.store.store import Store
from tests.bench.pairs import Figure, compare
from tests.bench.places import MIB, Place, command
from tests.store.estates import filled

VMS = 10_000
WHERE = "cpus > 2 AND tags->>'app' = 'ledger' AND attributes->>'owner' LIKE 'team-%'"
LIST_S = 0.3
REPORT_S, REPORT_BYTES = 10.0, 300 * MIB


@dataclass(frozen=True)
class Took:
    seconds: float
    peak_bytes: int


def lists(place: Place) -> list[Figure]:
    """A condition over tags and attributes, which SQLite reads from their JSON for each VM."""
    argv, taken = _mtv(place, "get", "vms", "--limit", "50", "--where", WHERE), list[float]()

    def ours() -> float:
        taken.append(_run(argv, _environment(place)).seconds)
        return taken[-1]

    def theirs() -> float:
        began = time.perf_counter()
        command([sys.executable, "-c", "pass"])
        return time.perf_counter() - began

    work = f"`mtv get vms --limit 50 --where` over tags and attributes of {VMS:,} VMs"
    found = compare(work, "`python -c pass`", ours, theirs, rounds=place.rounds, goal=15, by="time")
    middle = statistics.median(taken)
    return [replace(found, goal=f"{found.goal}, < {LIST_S:g} s", is_met=found.is_met and middle < LIST_S)]


def reports(place: Place) -> list[Figure]:
    return [_report(place, form) for form in ("html", "xlsx")]


def _report(place: Place, form: str) -> Figure:
    file = place.folder / f"estate.{form}"
    argv = _mtv(place, "report", "estate", "--out", str(file))
    rounds = [_run(argv, _environment(place)) for _ in range(place.rounds)]
    seconds, peak = [one.seconds for one in rounds], max(one.peak_bytes for one in rounds)
    if file.stat().st_size < 50_000:
        raise RuntimeError(f"{file} is too small for {VMS} VMs")
    middle = statistics.median(seconds)
    return Figure(
        work=f"`mtv report estate` of {VMS:,} VMs as {form}", peer="none",
        goal=f"< {REPORT_S:g} s, < {REPORT_BYTES // MIB} MiB", found=f"{middle:.1f} s, {peak // MIB} MiB",
        spread=f"{min(seconds):.1f} to {max(seconds):.1f} s", ours=f"{middle:.1f} s", theirs="", rounds=place.rounds,
        is_met=middle < REPORT_S and peak < REPORT_BYTES,
    )  # fmt: skip


def _mtv(place: Place, *words: str) -> list[str]:
    """As a user has it, with a store that holds the estate."""
    path = _store(place)
    if not path.exists():
        path.parent.mkdir()
        with Store(path) as store:
            filled(store, VMS)
    return [str(Path(sys.executable).with_name("mtv")), *words]


def _store(place: Place) -> Path:
    return place.folder / "data" / "store.db"


def _environment(place: Place) -> dict[str, str]:
    return {**os.environ, "MTV_STORE": str(_store(place))}


def _run(argv: Sequence[str], environment: dict[str, str]) -> Took:
    """Of the whole process; its peak is what the kernel saw."""
    began = time.perf_counter()
    child = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{argv[0]} ended with status {child.returncode}")
    return Took(seconds, used.ru_maxrss << 10)
