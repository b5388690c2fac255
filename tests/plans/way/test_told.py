"""What workers tell decides the way: a critical concern that only inspection finds, an overlay lost in a commit."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from mtv.model.faults import Fault
from mtv.model.tasks import Ended, Task
from mtv.providers.memory import MemoryTarget
from tests.crash.pair import Case
from tests.plans.way.made import driven, ran

CONCERN = {"id": "network.no-nic-fits", "level": "critical", "text": "no card fits eth7", "hint": "look at its files"}


class Telling(MemoryTarget):
    """Workers of the memory pair whose ends say something more."""

    ops: ClassVar[dict[str, str]] = {}

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        worker = await super().start(task, secrets)
        self.ops[worker] = task.op
        return worker


class Worried(Telling):
    """Whoever looks into the guest finds something critical: at the source, or in the copy of what is a stream."""

    async def stop(self, worker: str) -> Ended:
        ended = await super().stop(worker)
        if self.ops.get(worker) not in ("inspect", "convert") or ended.outcome != "done":
            return ended
        return replace(ended, facts={**ended.facts, "concerns": [dict(CONCERN)]})


class Losing(Telling):
    """The first conversion changes nothing and says that its overlay was lost."""

    lost: ClassVar[set[str]] = set()

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        if task.op != "convert" or self.lost:
            return await super().start(task, secrets)
        worker = await super().start(replace(task, op="journal"), secrets)
        self.ops[worker] = "convert"
        return worker

    async def stop(self, worker: str) -> Ended:
        ended = await super().stop(worker)
        if self.ops.get(worker) != "convert" or self.lost:
            return ended
        self.lost.add(worker)
        return Ended(outcome="permanent", fault=Fault("convert.overlay-lost", "vm001: its overlay was lost"))


@pytest.mark.parametrize(
    ("flavour", "end", "never"), [("snapshots", "refused", "create-volumes"), ("streams", "rolled-back", "create-vm")]
)
def test_a_critical_concern_that_only_inspection_finds_stops_the_vm_unless_it_is_accepted(
    tmp_path: Path, flavour: str, end: str, never: str
) -> None:
    case = Case("cold", flavour, target=Worried)
    pair, history = driven(case, tmp_path / "refused", end)
    pair.assert_ended(end)
    assert history.fault is not None
    assert (history.fault.code, history.fault.exit_code) == ("check.concern", 4)
    assert "network.no-nic-fits" in history.fault.text
    assert never not in ran(pair)
    accepting = replace(case, planned=lambda plan: replace(plan, accept=("network.no-nic-fits",)))
    driven(accepting, tmp_path / "accepted")


class Rotting(Telling):
    """A disk that differs from what was copied so often as `left` says, the first times that `step` looks."""

    left: ClassVar[list[str]] = []
    given: ClassVar[dict[str, Task]] = {}

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        worker = await super().start(task, secrets)
        self.given[worker] = task
        return worker

    async def stop(self, worker: str) -> Ended:
        ended = await super().stop(worker)
        if not self.left or worker not in self.given or self.given[worker].step != self.left[0]:
            return ended
        self.left.pop()
        return Ended(outcome="permanent", fault=Fault("verify.differs", "vm001: it differs"))


@pytest.mark.parametrize(
    ("kind", "flavour", "step", "copy"),
    [
        ("cold", "snapshots", "verify", "transfer"),
        ("warm", "snapshots", "verify", "last-delta"),
        ("warm", "snapshots", "verify-pass", "copy"),
        ("warm", "backups", "verify-pass", "copy"),
    ],
)
def test_what_differs_once_is_copied_once_more_and_read_back_whole(
    tmp_path: Path, kind: str, flavour: str, step: str, copy: str
) -> None:
    Rotting.given.clear()
    Rotting.left[:] = [step]
    pair, _ = driven(Case(kind, flavour, target=Rotting), tmp_path)
    assert Rotting.left == []
    copies = [task for task in Rotting.given.values() if task.step == copy]
    looks = [task for task in Rotting.given.values() if task.step == step]
    assert len(copies) == len(looks) == max(2, ran(pair).count("freeze") * (copy == "copy") + 1)
    assert all(disk.extents is None for disk in looks[1].disks)
    pair.assert_ended("done")


@pytest.mark.parametrize("step", ["verify", "verify-pass"])
def test_what_differs_twice_fails(tmp_path: Path, step: str) -> None:
    Rotting.left[:] = [step, step]
    pair, history = driven(Case("warm", "snapshots", target=Rotting), tmp_path, "rolled-back")
    assert history.fault is not None
    assert history.fault.code == "verify.differs"
    pair.assert_ended("rolled-back")


@pytest.mark.parametrize(("kind", "step"), [("cold", "transfer"), ("warm", "last-delta")])
def test_an_overlay_lost_in_its_commit_brings_the_source_s_bytes_back(tmp_path: Path, kind: str, step: str) -> None:
    Losing.lost.clear()
    pair, history = driven(Case(kind, "snapshots", target=Losing), tmp_path)
    assert history.state == "done"
    steps = [row.step for row in pair.rows.rows() if row.mark == "begin" and not row.undo]
    assert steps.count(step) == 2
    assert steps.count("convert") == 2
