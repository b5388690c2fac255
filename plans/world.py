"""What a journey's steps act on: one VM's plan, its two ends, its workers, its rows."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mtv.model.estate import Facts, Json
from mtv.model.plans import VmPlan
from mtv.model.tasks import Event
from mtv.model.volumes import Volume
from mtv.plans.deciding.fold import History, fold
from mtv.plans.steps import Clock, Journal
from mtv.plans.way.rates import Rates
from mtv.providers.base import Estate, Machines, Points, Power, Snapshots, Starts, Tracks, Volumes
from mtv.providers.workers import Workers
from mtv.settings import Settings, settings


class Source(Estate, Points, Protocol):
    """What every source of a journey has."""


class Target(Volumes, Machines, Protocol):
    """What every target of a journey has."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What is known of a VM when its machine is made: for manifests and receipts."""

    run: str
    plan: VmPlan
    volumes: tuple[Volume, ...]  # in the VM's order
    scratch: str  # its journals and hash tables
    at: str
    inspected: Facts
    copied: Facts  # the last transfer's
    verified: Facts
    converted: Facts  # empty where nothing was converted


Document = Mapping[str, Json]
Documents = Callable[[Moved], Sequence[Document]]
"""The manifests of a moved VM: pure."""

Seal = Callable[[Moved, Sequence[Document]], Awaitable[Mapping[str, bytes]]]
"""The files that go beside it, its signed receipt among them; asked again after a crash."""


def unheard(_: Event) -> None:
    """Nobody follows the workers' events."""


@dataclass(frozen=True, kw_only=True)
class World:
    """`report` is given every event of every worker but its end."""

    run: str
    plan: VmPlan
    source: Source
    target: Target
    workers: Workers
    clock: Clock
    journal: Journal
    documents: Documents
    seal: Seal
    report: Callable[[Event], None] = unheard
    secrets: Mapping[str, bytes] = field(default_factory=dict)  # by the names that exports carry
    rates: Rates = field(default_factory=Rates)  # shared by all migrations of a run
    settings: Settings = field(default_factory=settings)
    made_at: str = ""  # its run

    @property
    def mark(self) -> str:
        """Names what is ours at the source: mtv-RUN, and what tells it from a run of that name in another store."""
        which = hashlib.blake2b(self.made_at.encode(), digest_size=3).hexdigest() if self.made_at else ""
        return f"mtv-{self.run}~{which}" if which else f"mtv-{self.run}"

    @property
    def history(self) -> History:
        """As the rows say now; while a step runs, `step`, `round` and `attempt` are its own."""
        return fold(self.journal.rows())

    @property
    def power(self) -> Power | None:
        return self.source if isinstance(self.source, Power) else None

    @property
    def tracks(self) -> Tracks | None:
        return self.source if isinstance(self.source, Tracks) else None

    @property
    def starts(self) -> Starts | None:
        return self.target if isinstance(self.target, Starts) else None

    @property
    def snapshots(self) -> Snapshots | None:
        return self.target if isinstance(self.target, Snapshots) else None
