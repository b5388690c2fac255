"""A memory pair that can lose its engine at every boundary: before and after each commit of the journal, each call to
source, target and workers, and each event of a worker. What lies in the folder and the journal's rows survive."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.outcomes import Intent, Mark, Row
from mtv.model.plans import DiskChoice, NicChoice, VmPlan
from mtv.model.tasks import Event
from mtv.model.volumes import VolumeSpec
from mtv.plans.journey import journey
from mtv.plans.papers import plain_documents, plain_seal
from mtv.plans.runner import Control, Journal, Migration, Policy, drive, fold
from mtv.plans.way import work
from mtv.plans.world import World, unheard
from mtv.providers.memory import MemorySource, MemoryTarget
from mtv.providers.memory.content import content_at
from mtv.times import stamp
from tests.plans.toys import START, Crash, JumpClock

POLICY = Policy(engine="test")


class Boundaries:
    """Counts them, and crashes at one. After that nothing outside can be reached any more: the process is gone.
    Another one may fail instead."""

    def __init__(self, crash_at: int = -1, fail_at: int = -1, error: MtvError | None = None) -> None:
        self.crash_at = crash_at
        self.fail_at = fail_at
        self.error = error
        self.names: list[str] = []
        self.gone = False
        self.look: Callable[[], None] = lambda: None

    def cross(self, name: str) -> None:
        if self.gone:
            raise Crash(name)
        self.names.append(name)
        self.look()
        if len(self.names) == self.crash_at:
            self.gone = True
            raise Crash(name)
        if len(self.names) == self.fail_at and self.error:
            raise self.error


def watched(end: object, what: str, boundaries: Boundaries, without: Sequence[str] = ()) -> Any:
    """An end whose every call has a boundary before and after it, and whose workers have one after each event. What
    it is `without` it cannot do."""

    def call(name: str) -> Callable[..., Any]:
        async def wrapper(self: object, *args: object, **more: object) -> object:
            boundaries.cross(f"before {what}.{name}")
            result = await getattr(end, name)(*args, **more)
            boundaries.cross(f"after {what}.{name}")
            return result

        return wrapper

    def stream(name: str) -> Callable[..., Any]:
        async def wrapper(self: object, *args: object) -> AsyncIterator[object]:
            boundaries.cross(f"before {what}.{name}")
            async for item in getattr(end, name)(*args):
                yield item
                boundaries.cross(f"after an event of {what}.{name}")

        return wrapper

    members: dict[str, Any] = {"name": getattr(end, "name", ""), "steady": getattr(end, "steady", False)}
    for name in [name for name in dir(end) if not name.startswith("_") and name not in without]:
        if inspect.iscoroutinefunction(getattr(end, name)):
            members[name] = call(name)
        elif inspect.isasyncgenfunction(getattr(end, name)):
            members[name] = stream(name)
    return type(f"Watched{what.title()}", (), members)()


Asks = Callable[[Sequence[Row]], bool]


@dataclass
class Rows:
    """A journal that survives. `asks` says from the rows when somebody asks for what."""

    asks: Sequence[tuple[str, Asks]] = ()
    kept: list[Row] = field(default_factory=list)
    asked: list[Intent] = field(default_factory=list)
    boundaries: Boundaries = field(default_factory=Boundaries)

    def rows(self) -> Sequence[Row]:
        return self.kept

    def intents(self) -> Sequence[Intent]:
        for verb, when in self.asks:
            if verb not in [one.verb for one in self.asked] and when(self.kept):
                self.ask(verb)
        return [one for one in self.asked if not one.taken_at]

    def ask(self, verb: str) -> None:
        self.asked.append(Intent(n=len(self.asked) + 1, verb=verb, vm="src/vm-1", who="ann", at=stamp(START)))

    async def append(self, row: Row) -> None:
        self.boundaries.cross(f"before the commit of {row.step} {row.mark}")
        self.kept.append(row)
        self.boundaries.cross(f"after the commit of {row.step} {row.mark}")

    async def took(self, intent: Intent, result: str) -> None:
        self.boundaries.cross("before the commit of an intent")
        self.asked = [replace(one, taken_at=stamp(START), result=result) if one.n == intent.n else one
                      for one in self.asked]  # fmt: skip
        self.boundaries.cross("after the commit of an intent")


def ended(step: str, round_: int = 1) -> Asks:
    """Once that step of that round is done."""
    return lambda rows: any(
        (row.step, row.round, row.mark, row.undo) == (step, round_, Mark.DONE, False) for row in rows
    )


def in_state(state: str) -> Asks:
    return lambda rows: fold(rows).state == state


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
        return work.specs(self.world(Boundaries(), self.rows))

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
        """Moved, or put back, to the last bit and with nothing left over. A target that has run is kept, halted."""
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
            kept = {"volumes", "machines"} if machine.started_at else set()
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
