"""Which waiting step may start: deterministic, no I/O, no clock of its own. The engine asks, and so will a forecast.

At the end, how coroutines wait before it.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mtv.plans.steps import Clock


@dataclass(frozen=True)
class Request:
    """`slots` are names like "datastore:gold"; a name given twice takes two. A lower `order` goes first."""

    who: str
    slots: tuple[str, ...] = ()
    order: int = 0
    after: datetime | None = None


@dataclass
class Scheduler:
    """`limits` by a slot's whole name, or by what stands before its colon; a slot without a limit is free.

    Who is first in line and does not fit yet has everything that it wants kept for it: small ones that come later
    fill gaps, but cannot make it wait for ever.
    """

    limits: Mapping[str, int]
    _waiting: list[Request] = field(default_factory=list)
    _held: dict[str, Counter[str]] = field(default_factory=dict)

    def offer(self, request: Request) -> None:
        """Raises ValueError where `who` waits or runs already."""
        if request.who in self._held or any(one.who == request.who for one in self._waiting):
            raise ValueError(f"{request.who} was offered already")
        self._waiting.append(request)
        self._waiting.sort(key=lambda one: one.order)  # stable: of equals, who came first

    def release(self, who: str) -> None:
        """It ended, or does not want any more; one never seen is no error."""
        self._held.pop(who, None)
        self._waiting = [one for one in self._waiting if one.who != who]

    def due(self, now: datetime) -> list[str]:
        """Who starts now, in order; their slots are theirs until `release`."""
        used = sum(self._held.values(), Counter[str]())
        started: list[str] = []
        blocked = False
        for request in self._waiting:
            if request.after is not None and request.after > now:
                continue
            wanted = self._wanted(request.slots)
            if self._fits(used, wanted):
                self._held[request.who] = wanted
                started.append(request.who)
            elif blocked:
                continue
            else:
                blocked = True  # the first that does not fit: what it wants is kept for it
            used += wanted
        self._waiting = [one for one in self._waiting if one.who not in started]
        return started

    def next_at(self, now: datetime) -> datetime | None:
        """When `due` may have more to say by the time alone."""
        return min((one.after for one in self._waiting if one.after is not None and one.after > now), default=None)

    def using(self, slot: str) -> int:
        return sum(held[slot] for held in self._held.values())

    def _limit(self, slot: str) -> int | None:
        return self.limits.get(slot, self.limits.get(slot.partition(":")[0]))

    def _wanted(self, slots: Sequence[str]) -> "Counter[str]":
        """At most all there are: who wants more gets the whole, and is alone."""
        wanted = Counter(slots)
        for slot in wanted:
            if (limit := self._limit(slot)) is not None:
                wanted[slot] = min(wanted[slot], limit)
        return wanted

    def _fits(self, used: "Counter[str]", wanted: "Counter[str]") -> bool:
        limits = {slot: self._limit(slot) for slot in wanted}
        return all(limit is None or used[slot] + wanted[slot] <= limit for slot, limit in limits.items())


class Desk:
    """The scheduler, and who waits before it."""

    def __init__(self, clock: Clock, limits: Mapping[str, int]) -> None:
        self.clock, self.scheduler = clock, Scheduler(limits)
        self.waiting: dict[str, asyncio.Event] = {}

    def call(self) -> None:
        for who in self.scheduler.due(self.clock.now()):
            self.waiting.pop(who).set()


class Place:
    """steps.Slots of one migration."""

    def __init__(self, desk: Desk, who: str, order: int) -> None:
        self.desk, self.who, self.order = desk, who, order

    async def take(self, names: Sequence[str]) -> None:
        called = self.desk.waiting[self.who] = asyncio.Event()
        self.desk.scheduler.offer(Request(self.who, tuple(names), self.order))
        self.desk.call()
        await called.wait()

    def give_back(self) -> None:
        self.desk.waiting.pop(self.who, None)
        self.desk.scheduler.release(self.who)
        self.desk.call()
