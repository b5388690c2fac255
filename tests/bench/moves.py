"""Whole moves of a guest out of an OVA, beside virt-v2v with the same tools: it looks once and proves nothing."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import toolsroot
from mtv.converters.guest.appliance.session import environment
from tests.bench.pairs import Figure, compare
from tests.bench.places import Place
from tests.guests.guests import Guest, debian_guest
from tests.guests.ova import guest_ova

PEER = "`virt-v2v -i ova -o local`, not made durable"
PLAN = """\
apiVersion: mtv/v1
name: move
source: "ova:{ova}"
target: bundle:out
vms: [{vm}]
networks: [{{from: "*", to: pod}}]
storage: [{{from: "*", to: raw}}]
guest: {{conversion: auto, agent: install, addresses: keep}}
"""


def moves(place: Place) -> list[Figure]:
    return [
        _line(place, "the demo's guest, whole move with proof", debian_guest("vmware"), goal=1.25),
        _line(place, "the same guest already fit for virtio, whole move with proof", debian_guest("virtio"), goal=0.5),
    ]


def _line(place: Place, work: str, guest: Guest, goal: float) -> Figure:
    ours, theirs = _Ours(place.folder / "ours", guest), _Theirs(place.folder / "theirs", guest)
    figure = compare(work, PEER, ours.move, theirs.move, rounds=place.rounds, goal=goal, by="time", warm_up=False)
    return replace(figure, ours=f"{figure.ours}: {ours.parts}")


@dataclass
class _Ours:
    """`mtv run` as a user has it, with a store of its own, keys and receipt included."""

    folder: Path
    guest: Guest
    parts: str = ""  # where the last one's time went

    def move(self) -> float:
        _empty(self.folder)
        plan = PLAN.format(ova=guest_ova(self.guest), vm=self.guest.name)
        (self.folder / "plan.yaml").write_text(plan)
        seconds = _timed([*self._mtv("run"), "plan.yaml"], self.folder, self._environment())
        if not (self.folder / "out" / self.guest.name / "receipt.json").exists():
            raise RuntimeError(f"{self.guest.name} was moved without a receipt")
        self.parts = self._steps()
        return seconds

    def _steps(self) -> str:
        argv = [*self._mtv("get"), "steps", "-o", "json"]
        told = subprocess.run(argv, cwd=self.folder, env=self._environment(), check=True, stdout=subprocess.PIPE).stdout
        steps = [(str(row["step"]), float(row["seconds"] or 0)) for row in json.loads(told)]
        return ", ".join(f"{step} {seconds:.1f}" for step, seconds in steps if seconds >= 0.1)

    def _mtv(self, verb: str) -> list[str]:
        return [str(Path(sys.executable).with_name("mtv")), verb]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "MTV_DATA": str(self.folder / "data")}


@dataclass(frozen=True)
class _Theirs:
    folder: Path
    guest: Guest

    def move(self) -> float:
        """In the tools root where ours would use it."""
        _empty(self.folder)
        ova = guest_ova(self.guest)
        argv = ["virt-v2v", "-i", "ova", str(ova), "-o", "local", "-os", str(self.folder), "-of", "raw"]
        if toolsroot.needed():
            argv = toolsroot.command(argv, reads=[ova], writes=[self.folder])
        seconds = _timed(argv, self.folder, {**os.environ, **environment()})
        if not (self.folder / f"{self.guest.name}-sda").exists():
            raise RuntimeError(f"virt-v2v made no disk of {self.guest.name}")
        return seconds


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def _timed(argv: Sequence[str], folder: Path, environment: dict[str, str]) -> float:
    """Raises RuntimeError with what it said unless it ended well."""
    since = time.perf_counter()
    done = subprocess.run(
        list(argv), cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - since
    if done.returncode:
        said = done.stdout.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{argv[0]} ended with status {done.returncode}:\n{said}")
    return seconds
