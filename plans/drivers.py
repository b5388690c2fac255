"""Many migrations at once in one process: who is driven, what people ask meanwhile, and who waits for slots.

It knows nothing of VMs: `build` makes a migration's journey and world from its row.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Generic

from mtv.errors import MtvError
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Mark, Row
from mtv.model.plans import Limits
from mtv.plans.deciding.answers import REVIVED
from mtv.plans.deciding.decide import as_begun
from mtv.plans.deciding.digest import digest
from mtv.plans.deciding.endings import turning
from mtv.plans.deciding.fold import ACTIVE, UNDONE, UNSURE, fold
from mtv.plans.lines import Lines
from mtv.plans.runner import Migration, drive
from mtv.plans.scheduler import Desk, Place
from mtv.plans.steps import Clock, Control, End, Policy, Turn, W
from mtv.settings import Settings
from mtv.store import reading
from mtv.store.journal import StoreJournal, note, wished
from mtv.store.records import MigrationRow, read_migrations
from mtv.store.runs import Heartbeat
from mtv.store.store import Store
from mtv.times import moment

CLOCK_JUMP_S = 5.0  # a wall clock that was set by more than this wakes everybody
FINISHED = ("done", "probation", "failed", UNSURE, *UNDONE)

Build = Callable[[MigrationRow, StoreJournal, Control], Awaitable[Migration[W]]]
Key = tuple[str, str]  # run, VM key
Side = Sequence["asyncio.Task[None]"]  # what goes on beside the migrations: a heart, an ear
_log = logging.getLogger(__name__)


class Drivers(Generic[W]):
    """Drives migrations side by side until none has more to do. engine.run_engine holds the lock and the signals."""

    def __init__(self, store: Store, build: Build[W], limits: Limits, clock: Clock, set_: Settings) -> None:
        self.store, self.build, self.clock, self.settings = store, build, clock, set_
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.desk = Desk(clock, {"run": limits.per_run, "host": limits.per_host, "datastore": limits.per_datastore})
        self.lines = Lines(limits)
        self.ending = False
        self.may_act: Callable[[], bool] = lambda: True  # asked before each step: an engine may lose its right to
        self.faults: dict[str, Fault] = {}
        self._changed = asyncio.Event()
        self._seats: dict[Key, tuple[Control, asyncio.Task[End]]] = {}
        self._wished: set[Key] = set()
        self._refused: set[Key] = set()  # could not be driven: not tried again by this engine
        self._revive = False

    async def run(self, run: str, only: Sequence[str] | None, revive: bool) -> dict[str, str]:
        """Gives the state of each of those, by VM key."""
        records = self.store.read(lambda found: read_migrations(found, run))
        chosen = [one for one in records if only is None or one.vm_key in only]
        self.lines.of(run).add(one for one in chosen if self._has_more(one, revive))
        self._wished, self._revive = wished(self.store), revive
        await self._live(self._until_rest)
        states = self._states(run)
        return {one.vm_key: states[one.vm_key] for one in chosen}

    def _has_more(self, record: MigrationRow, revive: bool) -> bool:
        revived = revive and record.state in REVIVED
        return revived or record.state not in FINISHED or _is_over(record, self.clock)

    def stop(self) -> None:
        """Clean up and end: running steps are asked to stop, rows are kept."""
        self.ending = True
        for control, _ in self._seats.values():
            control.end()
        self._changed.set()

    async def _live(self, work: Callable[[Side], Awaitable[None]]) -> None:
        """`work`, with a heart that beats and an ear for what is asked."""
        heart = Heartbeat(self.store)
        side = asyncio.create_task(self._watch()), asyncio.create_task(self._beat(heart))
        for task in side:
            task.add_done_callback(lambda _: self._changed.set())
        try:
            await work(side)
        finally:
            await _end(*side, *(task for _, task in self._seats.values()))
            heart.stop()

    async def _until_rest(self, side: Side) -> None:
        while True:
            self._begin_turn(side)
            if self._seats:
                await self._changed.wait()
            elif self.ending or not (late := wished(self.store) - self._refused):
                return
            else:
                self._wished |= late  # asked while the last one ended

    def _begin_turn(self, side: Side) -> None:
        self._changed.clear()
        for task in side:
            if task.done():
                task.result()  # the store is gone: everything ends
        self._admit()

    def _admit(self) -> None:
        """Those that somebody asked something of come at once, the others in order, as many as may be under way."""
        if self.ending:
            return
        wishes, self._wished = self._wished - self._refused - set(self._seats), set()
        for key in sorted(wishes):
            self._start(self._record(key))
        for run, line in self.lines.all():
            while line.waiting and self._under_way(run) < line.limits.per_run:
                record = line.next()
                if (record.run, record.vm_key) not in self._seats:
                    self._start(record)

    def _under_way(self, run: str) -> int:
        return sum(not control.resting for key, (control, _) in self._seats.items() if key[0] == run)

    def _record(self, key: Key) -> MigrationRow:
        records = self.store.read(lambda found: read_migrations(found, key[0]))
        return next(one for one in records if one.vm_key == key[1])

    def _start(self, record: MigrationRow) -> None:
        key = (record.run, record.vm_key)
        control = Control(changed=self._changed.set, may_act=self._may_act)
        task = asyncio.create_task(self._drive(record, control), name=record.name)
        self._seats[key] = (control, task)
        task.add_done_callback(lambda done: self._left(key, done))

    def _may_act(self) -> bool:
        if not self.may_act():
            self.stop()
        return not self.ending

    def _left(self, key: Key, task: "asyncio.Task[End]") -> None:
        del self._seats[key]
        self._changed.set()
        if task.cancelled() or not (error := task.exception()):
            return
        self._refused.add(key)
        self.faults[key[1]] = _fault(error)
        _log.error("%s: %s", task.get_name(), self.faults[key[1]].text, exc_info=error)

    async def _drive(self, record: MigrationRow, control: Control) -> End:
        journal = StoreJournal(self.store, record.run, record.vm_key, digest)
        await self._go_on(journal)
        try:
            migration = await self.build(record, journal, control)
        except MtvError as error:
            return await self._cannot(journal, error.fault)
        journey = as_begun(migration.journey, record.steps)
        policy = replace(migration.policy, engine=self.name)
        migration = replace(migration, journey=journey, policy=policy)
        if policy.on_failure == "stop":
            journal.heard = partial(self._stop_at_failure, record.run)  # before its slots are given to the next
        return await drive(migration, self.clock, control, Place(self.desk, record.name, record.place))

    async def _go_on(self, journal: StoreJournal) -> None:
        history = fold(journal.rows())
        if self._revive and history.state in REVIVED and history.verb != "hold":
            turn = Turn(ACTIVE[history.mode], "`mtv run` goes on", verb="run", anew=history.state == "refused")
            await self._turn(journal, turn)

    async def _cannot(self, journal: StoreJournal, fault: Fault) -> End:
        """Its ends cannot be reached: nothing is undone, and who asked for something is told."""
        history = fold(journal.rows())
        for intent in journal.intents():
            await journal.took(intent, f"refused: {fault.text}")
        if history.state in FINISHED:
            return End(history.state)
        await self._turn(journal, Turn("held", fault.text, fault=fault))
        return End("held")

    async def _turn(self, journal: StoreJournal, turn: Turn) -> None:
        row = turning(turn, len(journal.rows()) + 1, Policy(engine=self.name), self.clock.now())
        await journal.append(row)

    def _stop_at_failure(self, run: str, row: Row) -> None:
        """on_failure: stop. Who has not begun stays pending."""
        if row.mark is not Mark.FAILED or row.undo:
            return
        self.lines.of(run).stop()
        states = self._states(run)
        for (other, vm_key), (control, _) in self._seats.items():
            if other == run and states[vm_key] == "pending" and not control.begun:
                control.end()

    def _states(self, run: str) -> dict[str, str]:
        return {one.vm_key: one.state for one in self.store.read(lambda found: read_migrations(found, run))}

    async def _watch(self) -> None:
        """Intents, and a wall clock that jumps."""
        offset_s = time.time() - time.monotonic()
        watch: reading.Watch = self.store.read(reading.Watch)
        while True:
            await asyncio.sleep(self.settings.watch_s)
            if self.store.read(lambda _: watch.changed()):
                self._hear(wished(self.store))
            jump_s = time.time() - time.monotonic() - offset_s
            if abs(jump_s) > CLOCK_JUMP_S:
                offset_s += jump_s
                note(self.store, "", "", "clock", f"the wall clock jumped by {jump_s:.1f} s")
                self._hear(set(self._seats))

    def _hear(self, keys: set[Key]) -> None:
        for key in keys & set(self._seats):
            self._seats[key][0].wake()
        self._wished |= keys
        self._changed.set()

    async def _beat(self, heart: Heartbeat) -> None:
        while True:
            await asyncio.sleep(self.settings.heartbeat_s)
            heart.beat()


def _is_over(record: MigrationRow, clock: Clock) -> bool:
    return record.state == "probation" and moment(record.until) <= clock.now()


def _fault(error: BaseException) -> Fault:
    if isinstance(error, MtvError):
        return error.fault
    text = f"the engine could not drive it: {type(error).__name__}: {str(error)[:500]}"
    return Fault("mtv.defect", text, "please report it, with the log", Kind.PERMANENT)


async def _end(*tasks: "asyncio.Task[End] | asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
