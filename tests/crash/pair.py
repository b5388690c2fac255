"""A memory pair that can lose its engine at every boundary. What lies in its folder and its journal's rows survive."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mtv.model.estate import Json
from mtv.model.outcomes import Intent, Row
from mtv.model.plans import DiskChoice, NicChoice, VmPlan
from mtv.model.tasks import Event
from mtv.model.volumes import VolumeSpec
from mtv.plans.journey import journey
from mtv.plans.papers import plain_documents, plain_seal
from mtv.plans.runner import Control, Journal, Migration, Policy, drive, fold
from mtv.plans.way import disks
from mtv.plans.world import World, unheard
from mtv.providers.memory import MemorySource, MemoryTarget
from mtv.providers.memory.content import content_at
from mtv.times import stamp
from tests.crash.boundaries import Asks, Boundaries, Rows, ended, watched
from tests.plans.toys import Crash, JumpClock

POLICY = Policy(engine="test")


@dataclass(frozen=True)
class Case:
    """One journey of one VM on a memory pair of one flavour, and what is asked or fails on the way."""

    kind: str  # cold | warm
    flavour: str
    name: str = "done"
    end: str = "done"
    asks: Sequence[tuple[str, Asks]] = ()
    policy: Policy = POLICY
    prepare: Callable[["Pair"], None] = lambda pair: None
    planned: Callable[[VmPlan], VmPlan] = lambda plan: plan
    without: tuple[str, ...] = ()  # what neither end can do
    target: type[MemoryTarget] = MemoryTarget
    secrets: Mapping[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind}-{self.flavour}-{self.name}"


@dataclass
class Pair:
    """The world of one case: a folder and rows. Each drive has new objects, as a new process would."""

    case: Case
    folder: Path
    rows: Rows = field(default_factory=Rows)
    clock: JumpClock = field(default_factory=JumpClock)

    def __post_init__(self) -> None:
        self.rows.asks = (("cutover", ended("verify-pass", 2)), *self.case.asks)
        self.case.prepare(self)

    def source(self) -> MemorySource:
        return MemorySource("src", f"{self.folder}/source?flavour={self.case.flavour}&vms=1&seed=7")

    def target(self) -> MemoryTarget:
        target = self.case.target("dst", f"{self.folder}/target")
        target.now = lambda: stamp(self.clock.now())
        return target

    def plan(self) -> VmPlan:
        vm = self.source().estate.vms[0]
        plan = VmPlan(
            vm=vm,
            machine="vm001",
            disks=tuple(DiskChoice(disk=disk.key, to="memory") for disk in vm.disks),
            nics=tuple(NicChoice(nic=nic.key, to="pod", mac=nic.mac) for nic in vm.nics),
            journey="warm" if self.case.kind == "warm" else "cold",
        )
        return self.case.planned(plan)

    def specs(self) -> list[VolumeSpec]:
        return disks.specs(self.world(Boundaries(), self.rows))

    def world(self, boundaries: Boundaries, journal: Journal, report: Callable[[Event], None] = unheard) -> World:
        target = watched(self.target(), "target", boundaries, self.case.without)
        return World(
            run="p-1",
            plan=self.plan(),
            source=watched(self.source(), "source", boundaries, self.case.without),
            target=target,
            workers=target,
            clock=self.clock,
            journal=journal,
            documents=plain_documents,
            seal=plain_seal,
            report=report,
            secrets=self.case.secrets,
        )

    def drive(
        self,
        boundaries: Boundaries | None = None,
        journal: Journal | None = None,
        report: Callable[[Event], None] = unheard,
        control: Control | None = None,
    ) -> str:
        """The state that it ended in, or "crashed"."""
        boundaries = boundaries or Boundaries()
        self.rows.boundaries = boundaries
        rows = journal or self.rows
        world = self.world(boundaries, rows, report)
        migration = Migration(vm="src/vm-1", journey=journey(world), journal=rows, world=world, policy=self.case.policy)
        try:
            return asyncio.run(drive(migration, self.clock, control)).state
        except Crash:
            return "crashed"

    def survivors(self) -> "Survivors":
        files = {file: file.read_bytes() for file in self.folder.glob("**/*") if file.is_file()}
        return Survivors(files, tuple(self.rows.kept), tuple(self.rows.asked), self.clock.now())

    def revive(self, survivors: "Survivors") -> None:
        """As it was then."""
        for file in self.folder.glob("**/*"):
            if file.is_file() and file not in survivors.files:
                file.unlink()
        for file, data in survivors.files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        self.rows.kept, self.rows.asked = list(survivors.rows), list(survivors.asked)
        self.clock = JumpClock(survivors.now)

    def assert_ended(self, end: str) -> None:
        """Moved, or put back, to the last bit and with nothing left over. A target that has run, or whose move
        was done, is kept, halted."""
        left = {file.parts[len(self.folder.parts) + 1] for file in self.folder.glob("target/*/*")}
        source = self.source()
        state = source._states.get(source.estate.vms[0])
        assert (state.points, state.tracking, state.tracking_is_ours, state.checkpoints) == ({}, False, False, ())
        if end == "done":
            assert (state.power, state.fenced, left) == ("off", True, {"volumes", "machines"})
            self.assert_bytes(state.generation)
        else:
            assert (state.power, state.fenced) == ("on", False)
            machine = asyncio.run(self.target().machine("vm001"))
            was_done = any(row.facts.get("state") == "done" for row in self.rows.kept if not row.step)
            kept = {"volumes", "machines"} if machine.started_at or was_done else set()
            assert (machine.state, left) == ("halted" if kept else "absent", kept)

    def assert_bytes(self, generation: int) -> None:
        """Each volume holds what its source disk held at power-off, but for what the conversion touched."""
        touched = fold(self.rows.kept).of("convert")["touched"]
        assert isinstance(touched, dict)
        stored = {one.disk: one.content for one in self.target().volumes.all()}
        for disk in self.plan().vm.disks:
            wanted = content_at(7, f"vm-1/{disk.key}", disk.size_bytes, generation)
            changed = [[run.offset, run.length] for run in stored[disk.key].differing(wanted, 0, disk.size_bytes)]
            assert changed == touched[disk.key]
            first = changed[0][0]
            assert stored[disk.key].read(0, first) == wanted.read(0, first)

    def picture(self) -> dict[str, Json]:
        """All that a crash may not change."""
        return {**self.source_picture(), **self.target_picture()}

    def source_picture(self) -> dict[str, Json]:
        return {str(file.relative_to(self.folder)): _plain(file) for file in self.folder.glob("source/vms/*.json")}

    def target_picture(self) -> dict[str, Json]:
        files = [file for file in self.folder.glob("target/**/*") if file.is_file() and file.name != "faults.json"]
        return {str(file.relative_to(self.folder)): _plain(file) for file in sorted(files)}


@dataclass(frozen=True)
class Survivors:
    """All that a crash leaves."""

    files: Mapping[Path, bytes]
    rows: tuple[Row, ...]
    asked: tuple[Intent, ...]
    now: datetime

    def points(self) -> int:
        """How many of our points are on the source's VMs."""
        return sum(len(json.loads(data)["points"]) for file, data in self.files.items() if file.parent.name == "vms")

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Survivors)
            and (self.files, self.asked, self.now) == (other.files, other.asked, other.now)
            and len(self.rows) == len(other.rows)
        )


CHANGING = {"revision", "epoch", "identity", "written_bytes", "started_at", "at", "extras"}


def _plain(file: Path) -> Json:
    """A file without what may differ from run to run: times, identities, counters."""
    data = json.loads(file.read_bytes())
    return {key: value for key, value in data.items() if key not in CHANGING}
