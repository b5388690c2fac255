"""A whole vCenter into the store, beside what only reads the bytes, and beside pyVmomi."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import asking
from tests.bench.pairs import Figure, figure, take_turns
from tests.bench.places import MIB, Place
from tests.vcenter.estate import estate
from tests.vcenter.lax import Lax, lax

FEW, VMS, CHANGED = 1_000, 10_000, 100
PEAK_BYTES = 150 * MIB
SERVERS = {True: "govmomi's simulator 0.24.2", False: "govmomi's simulator 0.55"}
DRAIN = "the same pages read one after another, and nothing done with them"


@dataclass(frozen=True)
class Read:
    seconds: float
    vms: int
    peak_bytes: int


class Asker:
    """A process that reads once, and again whenever it is asked."""

    def __init__(self, how: str, server: Lax, store: Path) -> None:
        argv = [sys.executable, asking.__file__, how, server.url, str(server.ca), str(store)]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def told(self) -> Read:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that asks ended")
        return Read(**json.loads(line))

    def again(self, changed: int) -> Read:
        assert self._process.stdin
        self._process.stdin.write(f"{changed}\n")
        self._process.stdin.flush()
        read = self.told()
        if read.vms != changed:
            raise RuntimeError(f"{changed} VMs were to be read, and {read.vms} were")
        return read

    def close(self) -> None:
        self._process.communicate()


@contextmanager
def asker(how: str, server: Lax, store: Path) -> Iterator[Asker]:
    made = Asker(how, server, store)
    try:
        yield made
    finally:
        made.close()


class Reads:
    """One way to read all of a server's VMs, each time by a process of its own."""

    def __init__(self, how: str, server: Lax, place: Place) -> None:
        self._how, self._server, self._store = how, server, place.folder / f"{how}.db"
        self.peaks: list[int] = []

    def seconds(self) -> float:
        for file in self._store.parent.glob(f"{self._store.name}*"):
            file.unlink()
        with asker(self._how, self._server, self._store) as one:
            read = one.told()
        if read.vms not in (FEW, VMS):
            raise RuntimeError(f"{self._how} read {read.vms} VMs")
        self.peaks.append(read.peak_bytes)
        return read.seconds


def old(place: Place) -> list[Figure]:
    """An old server is the fast one: what is measured is the client."""
    with (
        lax(place.folder / "few", estate(FEW), old=True) as small,
        lax(place.folder / "old", estate(VMS), old=True) as server,
    ):
        ours = Reads("full", server, place)
        drained = _beside(place, ours, Reads("drain", server, place), True, 1.25, "time", DRAIN)
        built = _beside(place, ours, Reads("pyvmomi", server, place), True, 4, "speed", "pyVmomi's objects of the same")
        growth = _growth(place, ours, Reads("full", small, place))
    return [drained, built, _room(place, ours), growth]


def current(place: Place) -> list[Figure]:
    with lax(place.folder / "current", estate(VMS)) as server:
        ours, drain = Reads("full", server, place), Reads("drain", server, place)
        first = _beside(place, ours, drain, False, 1.1, "time", DRAIN)
        return [first, *_again(place, server, float(first.ours.split()[0]))]


def _beside(place: Place, ours: Reads, theirs: Reads, is_old: bool, goal: float, by: Any, peer: str) -> Figure:
    work = f"inventory of {VMS:,} VMs, all kinds, into the store; {SERVERS[is_old]}"
    pairs = take_turns(f"{work}; {peer}", ours.seconds, theirs.seconds, place.rounds, warm_up=False)
    return figure(work, peer, pairs, goal, by)


def _room(place: Place, ours: Reads) -> Figure:
    return Figure(
        work=f"memory of that process, {VMS:,} VMs", peer="none", goal=f"< {PEAK_BYTES // MIB} MiB",
        found=f"{max(ours.peaks) // MIB} MiB", spread=f"{min(ours.peaks) // MIB} to {max(ours.peaks) // MIB} MiB",
        ours="", theirs="", rounds=place.rounds, is_met=max(ours.peaks) < PEAK_BYTES,
    )  # fmt: skip


def _growth(place: Place, many: Reads, few: Reads) -> Figure:
    """Ten times as many VMs may take a fifth longer each. In turns, too: a busy minute falls on both."""
    work, peer = f"the same of {VMS:,} VMs", f"of {FEW:,} VMs"
    pairs = take_turns(f"{work}; {peer}", many.seconds, few.seconds, place.rounds, warm_up=False)
    return figure(work, peer, pairs, 1.2 * VMS / FEW, "time")


def _again(place: Place, server: Lax, full_s: float) -> list[Figure]:
    """After some VMs changed: by the process that read all, and by others, which have only the store."""
    store = place.folder / "again.db"
    with asker("full", server, store) as one:
        one.told()
        one.again(CHANGED)  # begins to watch: as long as an update by another process, which is measured below
        within = [one.again(CHANGED) for _ in range(place.rounds)]
    across = [_changed(server, store, number) for number in range(place.rounds)]
    return [
        _update("by the same process, which watches", within, full_s, 0.01),
        _update("by another one", across, full_s, 0.1),
    ]


def _changed(server: Lax, store: Path, number: int) -> Read:
    change(server, number)
    with asker("full", server, store) as one:
        found = one.told()
    if found.vms != CHANGED:
        raise RuntimeError(f"{CHANGED} VMs were changed, and {found.vms} were read")
    return found


def change(server: Lax, number: int) -> None:
    """Other names for some VMs, by pyVmomi."""
    from pyVmomi import vim

    content = asking.Asking(server.url, str(server.ca), "").connected()
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    for place, one in enumerate(view.view[:CHANGED]):
        one.Rename_Task(f"renamed-{number}-{place}")
    view.Destroy()
    content.sessionManager.Logout()


def _update(who: str, reads: list[Read], full_s: float, goal: float) -> Figure:
    parts = [one.seconds / full_s for one in reads]
    middle, seconds = statistics.median(parts), statistics.median([one.seconds for one in reads])
    return Figure(
        work=f"update after {CHANGED} of {VMS:,} VMs changed, {who}; {SERVERS[False]}", peer="reading all",
        goal=f"< {goal:.0%}", found=f"{middle:.1%}", spread=f"{min(parts):.1%} to {max(parts):.1%}",
        ours=f"{seconds:.3f} s", theirs=f"{full_s:.3f} s", rounds=len(reads), is_met=middle < goal,
    )  # fmt: skip
