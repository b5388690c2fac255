"""What a journey is made of, and what the runner needs from outside: its journal, its clock, its slots.

Nothing here knows of VMs: `W` is the world that the steps act on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from mtv.model.faults import Fault
from mtv.model.outcomes import Intent, Outcome, Row
from mtv.model.plans import OnFailure

W = TypeVar("W")


def always(_: object) -> bool:
    return True


def no_slots(_: object) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Step(Generic[W]):
    """One row of a journey. `run` and `undo` are safe to repeat and find their own objects by name.

    A name never changes its meaning: rows of old runs carry it. `when` is asked each time before the step would run.
    `slots` names what it takes while it runs, "datastore:ds1"; a name given twice takes two.
    """

    name: str
    title: str
    run: Callable[[W], Awaitable[Outcome]]
    undo: Callable[[W], Awaitable[None]] | None = None
    when: Callable[[W], bool] = always
    slots: Callable[[W], tuple[str, ...]] = no_slots
    attempts: int = 5
    no_return: bool = False  # once begun (the target was on a production network) no failure is undone by itself
    on: Literal["run", "commit", "purge"] = "run"  # commit: when the migration is accepted; purge: when asked to
    gives_back: bool = False  # its undo is still possible when the migration is done: it brings the source back
    by_hand: str = ""  # what a person does where the undo fails: "start db01 at the source"


Journey = Sequence[Step[W]]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one migration is driven."""

    on_failure: OnFailure = "rollback"
    backoff_s: tuple[float, ...] = (1, 5, 15, 60)  # between attempts; the last one repeats
    probation_s: float = 0.0  # 0: no probation
    engine: str = ""  # who writes the rows
    stop_s: float = 60.0  # a step that was asked to stop and does not is asked again after this time


class Journal(Protocol):
    """One migration's rows and intents. The runner is its only writer of rows."""

    def rows(self) -> Sequence[Row]: ...

    def intents(self) -> Sequence[Intent]:
        """Those of this migration that are not taken yet, oldest first."""
        ...

    async def append(self, row: Row) -> None:
        """Durable when it returns."""
        ...

    async def took(self, intent: Intent, result: str) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Slots(Protocol):
    """What the scheduler grants. `take` returns when all of `names` are ours; `give_back` follows it always, also
    where the waiting was broken off."""

    async def take(self, names: Sequence[str]) -> None: ...

    def give_back(self) -> None: ...


@dataclass(frozen=True)
class Act:
    """Run that step, or its undo."""

    step: str
    round: int
    attempt: int
    undo: bool = False


@dataclass(frozen=True)
class Turn:
    """The migration's state changes, because of a rule or of an intent. One row of its own, whose step is ""."""

    state: str
    why: str = ""
    intent: Intent | None = None
    verb: str = ""
    mode: str = ""  # "": as before
    goal: str = ""  # what it ends as, when what `mode` says is done
    until: str = ""
    fault: Fault | None = None
    anew: bool = False  # from the first step, after it was undone
    purged: bool = False
    gives_back: bool = False  # of one that is done: its source can be given back


@dataclass(frozen=True)
class Answer:
    """An intent that changes nothing: refused, or already so."""

    intent: Intent
    result: str


@dataclass(frozen=True)
class Sleep:
    until: str  # RFC 3339; an intent wakes earlier
    why: str = ""


@dataclass(frozen=True)
class End:
    """No more to do now: done probation held failed cancelled rolled-back refused, or "failed, source unsure"."""

    state: str


Decision = Act | Turn | Answer | Sleep | End


@dataclass
class Control:
    """What the engine tells one migration while it runs, and what it may see of it. Steps ask `stopping`, between
    requests."""

    cancelled: bool = False  # somebody asked to cancel this migration
    ending: bool = False  # the engine ends: leave everything as it is
    begun: bool = False  # a step of it was started
    resting: bool = False  # it only waits: for a time, or for a person
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    changed: Callable[[], None] = lambda: None  # called when it begins or ends to rest
    may_act: Callable[[], bool] = lambda: True  # asked before each step; False ends it

    def stopping(self) -> bool:
        return self.cancelled or self.ending

    def rest(self, resting: bool) -> None:
        self.resting = resting
        self.changed()

    def wake(self) -> None:
        """There may be intents: look."""
        self.woken.set()

    def end(self) -> None:
        self.ending = True
        self.woken.set()
