"""What an engine needs to drive runs: their ends, opened once, and each migration's journey and world."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from mtv.converters.worker.local import LocalWorkers
from mtv.errors import Refused
from mtv.model.plans import Plan, VmPlan
from mtv.model.tasks import GUEST_KEY_FILE
from mtv.plans.engine import SystemClock
from mtv.plans.journey import by_word, possible
from mtv.plans.papers import plain_documents, plain_seal
from mtv.plans.runner import Migration
from mtv.plans.steps import Control, Journal, Policy
from mtv.plans.way.rates import Rates
from mtv.plans.world import World, unheard
from mtv.providers.base import Capabilities, Housed, Lends, Routes, Starts, capabilities
from mtv.providers.workers import Workers
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.journal import StoreJournal
from mtv.store.records import MigrationRow
from mtv.store.store import Store
from mtv.verbs.inspecting import drop_abandoned
from mtv.verbs.opening import opened, place, secret
from mtv.verbs.running.reporting import reporter
from mtv.verbs.sealing import documents, seal, seal_told

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """A run's source, target and workers, open."""

    source: Any
    target: Any
    workers: Any

    @property
    def plain(self) -> bool:
        """The target keeps VMs without manifests: the memory pair's."""
        return capabilities(self.target).plain

    @property
    def far(self) -> bool:
        """Workers of the target's own, whose files nobody reads here."""
        return self.workers is self.target


class Road:
    """One run with its ends open: where its VMs travel."""

    def __init__(self, store: Store, run: str, plan: Plan, ends: Ends, made_at: str = "") -> None:
        self.store, self.run, self.plan, self.ends, self.made_at = store, run, plan, ends, made_at
        self.parts = {one.vm.key: one for one in plan.vms}
        self._rates = Rates(plan.limits.bytes_per_second)

    def world(self, part: VmPlan, journal: Journal) -> World:
        plain, sealed = self.ends.plain, seal_told if self.ends.far else seal
        return World(
            run=self.run, made_at=self.made_at, plan=part, source=self.ends.source, target=self.ends.target,
            workers=self.ends.workers, clock=SystemClock(), journal=journal, rates=self._rates,
            secrets=self._secrets(part),
            documents=plain_documents if plain else documents(self.plan.namespace),
            seal=plain_seal if plain else sealed(self.store, _tell_key),
            report=reporter(self.store, self.run, part.vm, journal) if isinstance(journal, StoreJournal) else unheard,
        )  # fmt: skip

    def _secrets(self, part: VmPlan) -> Mapping[str, bytes]:
        lent = self.ends.source.lends() if isinstance(self.ends.source, Lends) else {}
        return {**lent, **known_keys(part)}

    def migration(self, vm_key: str, journal: StoreJournal) -> Migration[World]:
        part = self.parts[vm_key]
        policy = Policy(
            on_failure=part.on_failure, backoff_s=settings().backoff_s,
            probation_s=part.probation_s if isinstance(self.ends.target, Starts) else 0.0,
        )  # fmt: skip
        world = self.world(part, journal)
        return Migration(vm=vm_key, journey=by_word(part.journey), journal=journal, world=world, policy=policy)


class Roads:
    """An engine answers for all runs of its store: each run's ends are opened when they are first needed."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._roads: dict[str, tuple[Road, AsyncExitStack]] = {}
        self._lock = asyncio.Lock()

    async def open(self, run: str) -> Road:  # noqa: A003 - what it does
        """Raises Refused or MtvError where an end cannot be reached."""
        async with self._lock:
            if run not in self._roads:
                async with AsyncExitStack() as stack:
                    plan = stored.plan_of(self.store, run)
                    ends, row = await opened_ends(self.store, plan, run, stack), stored.find_run(self.store, run)
                    await drop_abandoned(ends.source)
                    self._roads[run] = Road(self.store, run, plan, ends, row.at), stack.pop_all()
            return self._roads[run][0]

    async def close(self, run: str) -> None:
        """Its ends, if they are open; they are opened again when they are needed."""
        async with self._lock:
            if run in self._roads:
                _, stack = self._roads.pop(run)
                await stack.aclose()

    async def close_all(self) -> None:
        for run in list(self._roads):
            await self.close(run)

    async def build(self, record: MigrationRow, journal: StoreJournal, control: Control) -> Migration[World]:
        """plans.drivers.Build: a migration of the run's row, with all that its steps act on."""
        return (await self.open(record.run)).migration(record.vm_key, journal)

    async def build_served(self, record: MigrationRow, journal: StoreJournal, control: Control) -> Migration[World]:
        """The same for runs that others have made. Raises Refused `secret.*` where the guest's key is not here."""
        road = await self.open(record.run)
        if record.state == "pending":
            require_keys(replace(road.plan, vms=(road.parts[record.vm_key],)))
        return road.migration(record.vm_key, journal)


@asynccontextmanager
async def roads(store: Store) -> AsyncIterator[Roads]:
    made = Roads(store)
    try:
        yield made
    finally:
        await made.close_all()


async def opened_ends(store: Store, plan: Plan, run: str, stack: AsyncExitStack) -> Ends:
    source = await stack.enter_async_context(opened("sources", place(store, plan.source)))
    if isinstance(source, Routes):
        source.prefer(plan.read)
    target = await stack.enter_async_context(opened("targets", place(store, plan.target)))
    if isinstance(target, Housed):
        target.house(plan.namespace, run)
    return Ends(source=source, target=target, workers=target if isinstance(target, Workers) else LocalWorkers())


def require_keys(plan: Plan) -> None:
    """Asked before anything starts. Raises Refused `secret.*`, naming the VM whose guest's key is not there."""
    for part in plan.vms:
        for key in part.guest.keys:
            try:
                secret(key.secret)
            except Refused as error:
                text = f"{part.vm.name}: the key of {key.device}: {error.fault.text}"
                raise Refused(error.fault.code, text, error.fault.hint) from error


def known_keys(part: VmPlan) -> Mapping[str, bytes]:
    """The keys of a guest's disks by the names of the worker's files. One that is missing is no error here: nobody
    needs it to hold or to undo a migration."""
    found = {}
    for number, key in enumerate(part.guest.keys):
        try:
            found[GUEST_KEY_FILE.format(number)] = secret(key.secret)
        except Refused:
            continue
    return found


def steps_of(plan: VmPlan, source: Capabilities, target: Capabilities) -> list[tuple[str, str]]:
    """Names and titles of a VM's journey, for the run's own copy of it."""
    return [(step.name, step.title) for step in possible(plan, source, target)]


def _tell_key(fingerprint: str) -> None:
    _log.warning("made the key that signs receipts: %s in %s; keep a copy of it", fingerprint, settings().keys)
