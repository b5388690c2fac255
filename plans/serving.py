"""The engine of all runs that have none: it finds them in the store, and never rests before it is stopped."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from itertools import groupby

from mtv.model.plans import Limits
from mtv.plans.drivers import Build, Drivers, Key, Side
from mtv.plans.steps import Clock, W
from mtv.settings import Settings
from mtv.store.journal import only_run, wished
from mtv.store.records import read_migrations
from mtv.store.runs import limits_of, undriven
from mtv.store.store import Store
from mtv.times import stamp

LOOK_S = 60.0  # a probation may end, and ends that could not be reached are tried again
GRACE_S = 45.0  # steps that were told to stop end within this time, or are left as after a crash


class Server(Drivers[W]):
    """engine.serve_engine holds the lock and the signals. `rested` is told each run that has no more to do now."""

    def __init__(
        self, store: Store, build: Build[W], clock: Clock, set_: Settings, rested: Callable[[str], Awaitable[None]]
    ) -> None:
        super().__init__(store, build, Limits(), clock, set_)
        self.rested = rested
        self._tried: dict[Key, float] = {}  # when it was found last: what cannot be driven is not begun again at once

    async def serve(self) -> None:
        self._wished = wished(self.store)
        await self._live(self._until_stopped)

    async def _until_stopped(self, side: Side) -> None:
        while not self.ending:
            self._find()
            self._begin_turn(side)
            await self._let_go()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_S)
        deadline_s = time.monotonic() + GRACE_S
        while self._seats and (left_s := deadline_s - time.monotonic()) > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)

    def _find(self) -> None:
        """Puts every migration that nobody drives into its run's line."""
        now_s, now = time.monotonic(), stamp(self.clock.now())
        self._tried = {key: at_s for key, at_s in self._tried.items() if now_s - at_s < LOOK_S}
        known = self._refused | set(self._seats) | set(self._tried)
        fresh = [key for key in self.store.read(partial(undriven, now=now)) if key not in known]
        for run, keys in groupby(fresh, key=lambda key: key[0]):
            wanted = {vm_key for _, vm_key in keys}
            self._queue(run, wanted)
            self._tried.update({(run, vm_key): now_s for vm_key in wanted})

    def _admit(self) -> None:
        """A wish to be run alone is no reason to be in front."""
        patient = self.store.read(only_run) & self._wished - set(self._seats) - self._refused
        self._wished -= patient
        for run in sorted({run for run, _ in patient}):
            self._queue(run, {vm_key for other, vm_key in patient if other == run})
        super()._admit()

    def _queue(self, run: str, vm_keys: set[str]) -> None:
        records = self.store.read(lambda found: read_migrations(found, run))
        line = self.lines.of(run)
        line.add(one for one in records if one.vm_key in vm_keys)
        line.limits = limits_of(self.store, run)
        self._share()

    async def _let_go(self) -> None:
        """Of runs that have no more to do now."""
        busy = {run for run, _ in self._seats}
        for run, line in self.lines.all():
            if not line.waiting and run not in busy:
                self.lines.drop(run)
                await self.rested(run)
                self._share()

    def _share(self) -> None:
        """Slots of hosts and datastores count over all runs: the strictest plan says how many."""
        said = [line.limits for _, line in self.lines.all()] or [Limits()]
        self.desk.scheduler.limits = {
            "host": min(one.per_host for one in said), "datastore": min(one.per_datastore for one in said),
        }  # fmt: skip
