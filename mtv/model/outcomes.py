"""How a step ends, and the rows that remember it. All state of a migration is a fold over its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault


@dataclass(frozen=True)
class Done:
    facts: Facts = field(default_factory=dict)
    back: str | None = None  # the next round starts at that earlier step


@dataclass(frozen=True)
class Wait:
    """Not yet, and nobody's fault: counts no attempt."""

    why: str
    until: str  # RFC 3339; asked again then


@dataclass(frozen=True)
class Again:
    fault: Fault
    after_s: float | None = None  # None: the runner's own backoff
    progress: int = 0  # any measure of how far it got (durable bytes): further than before resets the count of attempts


@dataclass(frozen=True)
class Stop:
    fault: Fault


Outcome = Done | Wait | Again | Stop


class Mark(StrEnum):
    BEGIN = "begin"
    DONE = "done"
    WAIT = "wait"
    AGAIN = "again"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Append-only. `undo` rows tell of a step's undo; `engine` is who wrote it."""

    n: int
    step: str
    round: int
    attempt: int
    undo: bool
    at: str
    mark: Mark
    facts: Facts = field(default_factory=dict)
    fault: Fault | None = None
    until: str = ""
    back: str = ""
    engine: str = ""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """What somebody asked for. Verbs: hold resume retry cancel cutover rollback commit purge."""

    n: int
    verb: str
    vm: str  # VM key; "" for the whole run
    who: str
    at: str
    args: Mapping[str, Json] = field(default_factory=dict)
    taken_at: str = ""
    result: str = ""
