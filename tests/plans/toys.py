"""A clock that jumps, a journal in memory that can crash, and toy journeys whose world is a set of names."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mtv.model.estate import Json
from mtv.model.outcomes import Done, Intent, Mark, Outcome, Row
from mtv.plans.runner import History, Migration, Policy, Step, fold
from mtv.times import stamp

START = datetime(2026, 1, 3, 22, 0, tzinfo=UTC)
ENDINGS = {Mark.DONE, Mark.AGAIN, Mark.WAIT, Mark.FAILED, Mark.CANCELLED}


class Crash(BaseException):
    """The process is gone: nothing catches this on the way up."""


class JumpClock:
    """Sleeping moves it on; several sleepers wake in the order of their times."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._sleepers: list[datetime] = []

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        target = self._now + timedelta(seconds=seconds)
        self._sleepers.append(target)
        try:
            for _ in range(10):  # whoever else can go on does so first
                await asyncio.sleep(0)
            while min(self._sleepers) < target:
                await asyncio.sleep(0)
            self._now = max(self._now, target)
        finally:
            self._sleepers.remove(target)


@dataclass
class MemoryJournal:
    """Crashes at boundary `crash_at`: each append has two, before and after it is durable; each act has two too."""

    kept: list[Row] = field(default_factory=list)
    asked: list[Intent] = field(default_factory=list)
    crash_at: int = -1
    passed: int = 0

    def boundary(self) -> None:
        self.passed += 1
        if self.passed == self.crash_at:
            raise Crash

    def rows(self) -> Sequence[Row]:
        return self.kept

    def intents(self) -> Sequence[Intent]:
        return [intent for intent in self.asked if not intent.taken_at]

    async def append(self, row: Row) -> None:
        self.boundary()
        assert row.n == len(self.kept) + 1
        self.kept.append(row)
        self.boundary()

    async def took(self, intent: Intent, result: str) -> None:
        self.boundary()
        place = [one.n for one in self.asked].index(intent.n)
        assert not self.asked[place].taken_at
        self.asked[place] = replace(intent, taken_at=stamp(START), result=result)
        self.boundary()

    def ask(self, verb: str) -> Intent:
        intent = Intent(n=len(self.asked) + 1, verb=verb, vm="s/1", who="ann", at=stamp(START))
        self.asked.append(intent)
        return intent

    def result(self, intent: Intent) -> str:
        return self.asked[intent.n - 1].result

    def endings(self) -> list[tuple[str, int, bool, Mark, Mapping[str, Json]]]:
        """What happened, without what a crash may change: begins, numbers, times, the texts of exceptions."""
        return [
            (row.step, row.round, row.undo, row.mark, {"state": row.facts.get("state")})
            for row in self.kept
            if row.mark is not Mark.BEGIN
        ]


Script = Mapping[str, Sequence[Outcome | BaseException]]


@dataclass
class ToyWorld:
    """What survives a crash is `standing` and the journal. A step's outcome is a function of both."""

    journal: MemoryJournal
    script: Script = field(default_factory=dict)
    undo_script: Script = field(default_factory=dict)
    standing: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)
    absent: frozenset[str] = frozenset()

    @property
    def history(self) -> History:
        return fold(self.journal.kept)

    def outcome(self, step: str, undo: bool) -> Outcome:
        """The next of its script, by how many of its attempts ended so far; then done."""
        ended = sum(row.step == step and row.undo == undo and row.mark in ENDINGS for row in self.journal.kept)
        script = (self.undo_script if undo else self.script).get(step, ())
        outcome = script[ended] if ended < len(script) else Done({"by": step})
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def toy_step(name: str, **more: object) -> Step[ToyWorld]:
    async def run(world: ToyWorld) -> Outcome:
        world.journal.boundary()
        world.acts.append(name)
        if name not in world.standing:
            world.standing.append(name)
        await asyncio.sleep(0)
        world.journal.boundary()
        return world.outcome(name, undo=False)

    async def undo(world: ToyWorld) -> None:
        world.journal.boundary()
        world.acts.append(f"undo {name}")
        world.outcome(name, undo=True)
        if name in world.standing:
            world.standing.remove(name)
        world.journal.boundary()

    step = Step(name, name.upper(), run, undo, when=lambda world: name not in world.absent, by_hand=f"undo {name}")
    return replace(step, **more)  # type: ignore[arg-type]


def toy(
    names: Sequence[str] = ("a", "b", "c"),
    script: Script | None = None,
    policy: Policy | None = None,
    journal: MemoryJournal | None = None,
    steps: Sequence[Step[ToyWorld]] = (),
    undo_script: Script | None = None,
) -> Migration[ToyWorld]:
    journal = journal or MemoryJournal()
    world = ToyWorld(journal, script or {}, undo_script or {})
    journey = steps or [toy_step(name) for name in names]
    return Migration(vm="s/1", journey=journey, journal=journal, world=world, policy=policy or Policy(engine="e"))


def reborn(migration: Migration[ToyWorld], crash_at: int = -1) -> Migration[ToyWorld]:
    """The same after its engine died: the world and the store survive, nothing else does."""
    old = migration.world
    journal = MemoryJournal(old.journal.kept, old.journal.asked, crash_at)
    world = ToyWorld(journal, old.script, old.undo_script, old.standing, old.acts, old.absent)
    return replace(migration, journal=journal, world=world)
