"""The one process that drives a run, and how a verb that steers reaches it or becomes it."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from mtv import process
from mtv.errors import MtvError, Refused
from mtv.model.estate import Json
from mtv.model.faults import Fault
from mtv.model.outcomes import Intent
from mtv.model.plans import Limits
from mtv.plans import tally
from mtv.plans.deciding.answers import answer
from mtv.plans.deciding.digest import digest
from mtv.plans.deciding.endings import turning
from mtv.plans.deciding.fold import ACTIVE, fold
from mtv.plans.drivers import Build, Drivers
from mtv.plans.serving import Server
from mtv.plans.steps import Clock, Policy, Turn, W
from mtv.settings import Settings, settings
from mtv.store import reading
from mtv.store.journal import StoreJournal, ask, intent
from mtv.store.place import SECOND, engine_lock
from mtv.store.records import read_rows
from mtv.store.store import Store
from mtv.times import now

GO_ON = ("resume", "retry", "cutover")
"""Verbs whose asker wants the migration to go on, not only to be turned."""

DETACH_S = 30.0  # a new engine has its lock within this time, or is asked to end
PATIENCE_S = 5.0  # a verb waits so long for the living engine to take its intent


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What a run came to. `faults` are of migrations that the engine itself could not drive, `refused` are VM keys of
    those that a check refused before any change."""

    run: str
    states: Mapping[str, str]  # by VM key
    faults: Mapping[str, Fault] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """tally.exit_code's; 130 interrupted."""
        return 130 if self.interrupted else tally.exit_code(self.states, self.refused)


async def run_engine(
    store: Store, run: str, build: Build[W], *, limits: Limits | None = None, clock: Clock | None = None,
    only: Sequence[str] | None = None, revive: bool = True, signals: bool = True, setting: Settings | None = None,
) -> Summary:  # fmt: skip
    """Drive a run until every migration ended, is held or in probation. `only` names VM keys; `revive` goes on with
    what a fault held (what a person held stays). Raises Refused `engine.second` where another engine lives."""
    with engine_lock(store.path):
        drivers = Drivers(store, build, limits or Limits(), clock or SystemClock(), setting or settings())
        with _listening(drivers.stop) if signals else nullcontext():
            states = await drivers.run(run, only, revive)
    return Summary(
        run=run, states=states, faults=drivers.faults, refused=_refused(store, run, states),
        interrupted=drivers.ending,
    )  # fmt: skip


async def serve_engine(
    store: Store, build: Build[W], rested: Callable[[str], Awaitable[None]], *,
    may_act: Callable[[], bool] = lambda: True, clock: Clock | None = None, setting: Settings | None = None,
) -> None:  # fmt: skip
    """Be the engine of all runs that have none, until TERM or INT, or `may_act` says no. `rested` is told each run
    that has no more to do now. Raises Refused `engine.second` or `engine.serves` where another engine lives."""
    with engine_lock(store.path, serves=True):
        server = Server(store, build, clock or SystemClock(), setting or settings(), rested)
        server.may_act = may_act
        with _listening(server.stop):
            await server.serve()


def _refused(store: Store, run: str, states: Mapping[str, str]) -> frozenset[str]:
    keys = (key for key, state in states.items() if state not in (*tally.GOOD, tally.UNTOUCHED))
    return frozenset(key for key in keys if tally.refused(store.read(partial(read_rows, run=run, vm_key=key))))


async def steer(
    store: Store, run: str, vms: Sequence[str], verb: str, who: str, build: Build[W], *,
    args: Mapping[str, Json] | None = None, limits: Limits | None = None, clock: Clock | None = None,
    signals: bool = True, setting: Settings | None = None, patience_s: float = PATIENCE_S,
) -> list[Intent]:  # fmt: skip
    """Ask for `verb`, and `lead` where no engine lives. Gives the intents with their results; an empty `result` means
    that the living engine takes it when its running step has ended."""
    asked = [ask(store, run, vm, verb, who, dict(args or {})) for vm in vms]
    await lead(
        store, run, asked, build, limits=limits, clock=clock, signals=signals, setting=setting, patience_s=patience_s
    )
    return [intent(store, one.n) for one in asked]


async def lead(
    store: Store, run: str, asked: Sequence[Intent], build: Build[W], *, limits: Limits | None = None,
    clock: Clock | None = None, signals: bool = True, setting: Settings | None = None,
    patience_s: float = PATIENCE_S,
) -> Summary | None:  # fmt: skip
    """Become the engine of those VMs where none lives: GO_ON drives them until they rest, other verbs until what was
    asked is done. None: there is a living engine; it takes the intents when it can."""
    setting, clock = setting or settings(), clock or SystemClock()
    deadline_s = time.monotonic() + patience_s
    while left := [one for one in asked if not intent(store, one.n).taken_at]:
        try:
            with engine_lock(store.path):
                vms = [one.vm for one in left if one.verb in GO_ON or not await answered(store, run, one.vm, clock)]
            if not vms:
                return Summary(run=run, states={})
            return await run_engine(
                store, run, build, limits=limits, clock=clock, only=vms, revive=False, signals=signals, setting=setting
            )
        except Refused as refusal:
            if refusal.fault.code not in SECOND:
                raise
        if time.monotonic() > deadline_s:
            break
        await asyncio.sleep(setting.watch_s / 5)
    return None


async def answered(store: Store, run: str, vm_key: str, clock: Clock) -> bool:
    """Answers what was asked of a migration that nobody drives; False where that takes steps of its journey (an undo,
    a commit): it is left to who drives it. The caller has the engine's lock."""
    journal = StoreJournal(store, run, vm_key, digest)
    for asked in journal.intents():
        decision = answer(fold(journal.rows()), asked)
        if isinstance(decision, Turn):
            if decision.state in ACTIVE.values():
                return False
            await journal.append(turning(decision, len(journal.rows()) + 1, Policy(), clock.now()))
        await journal.took(asked, decision.state if isinstance(decision, Turn) else decision.result)
    return True


def detach(store: Path, argv: Sequence[str], log: Path, timeout_s: float = DETACH_S) -> int:
    """Start `argv`, an engine, in a session of its own; gives its pid when it has the lock, or has ended already.
    Raises MtvError `engine.not-started` with the end of its log."""
    since, deadline_s = now(), time.monotonic() + timeout_s
    child = process.leave_behind(argv, log)
    while True:
        status = child.poll()  # asked before the store: it may have driven and ended
        if status == 0 or _drove(store, child.pid, since):
            return child.pid
        if status is not None or time.monotonic() > deadline_s:
            process.end_group(child)
            last = log.read_text(errors="replace").strip()[-2000:] or "it said nothing"
            raise MtvError("engine.not-started", f"the engine did not start: {last}", f"its log is {log}")
        time.sleep(0.05)


def _drove(store: Path, pid: int, since: str) -> bool:
    try:
        with closing(reading.connect(store)) as found:
            seen = reading.engine(found)
    except Refused:  # it is not there yet, or just being made
        return False
    return seen is not None and seen.pid == pid and seen.started_at >= since


@contextmanager
def _listening(stop: Callable[[], None]) -> Iterator[None]:
    """INT and TERM end it cleanly; a terminal that goes away does not."""
    loop = asyncio.get_running_loop()
    acts = {signal.SIGINT: stop, signal.SIGTERM: stop, signal.SIGHUP: lambda: None}
    for number, act in acts.items():
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in acts:
            loop.remove_signal_handler(number)
