"""What the engine needs to drive a run: its two ends opened once, and each migration's journey and world."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mtv.converters.worker.local import LocalWorkers
from mtv.model.estate import Json
from mtv.model.plans import Plan, VmPlan
from mtv.model.tasks import DiskProgress, Event
from mtv.plans.drivers import Build
from mtv.plans.engine import SystemClock
from mtv.plans.journey import by_word
from mtv.plans.papers import plain_documents, plain_seal
from mtv.plans.runner import Migration
from mtv.plans.steps import Control, Policy
from mtv.plans.way.rates import Rates
from mtv.plans.world import World
from mtv.providers.base import Starts, Workers
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.journal import Progress, StoreJournal, note
from mtv.store.place import log_path
from mtv.store.records import MigrationRow
from mtv.store.store import Store
from mtv.verbs.opening import opened, place
from mtv.verbs.sealing import documents, seal

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Ends:
    """A run's source, target and workers, open."""

    source: Any
    target: Any
    workers: Any

    @property
    def in_process(self) -> bool:
        """Workers of the target's own that leave no hash tables behind: the memory pair's."""
        return self.workers is self.target


@asynccontextmanager
async def opened_ends(store: Store, plan: Plan) -> AsyncIterator[Ends]:
    async with (
        opened("sources", place(store, plan.source)) as source,
        opened("targets", place(store, plan.target)) as target,
    ):
        yield Ends(source=source, target=target, workers=target if isinstance(target, Workers) else LocalWorkers())


def building(store: Store, run: str, plan: Plan, ends: Ends) -> Build[World]:
    """Makes a migration of the run's row, with all that its steps act on."""
    parts = {one.vm.key: one for one in plan.vms}
    rates = Rates(plan.limits.bytes_per_second)

    async def build(record: MigrationRow, journal: StoreJournal, control: Control) -> Migration[World]:
        part = parts[record.vm_key]
        world = World(
            run=run, plan=part, source=ends.source, target=ends.target, workers=ends.workers, clock=SystemClock(),
            journal=journal, documents=plain_documents if ends.in_process else documents(plan.namespace),
            seal=plain_seal if ends.in_process else seal(store, _tell_key), report=_reporter(store, run, part, journal),
            rates=rates,
        )  # fmt: skip
        policy = Policy(
            on_failure=part.on_failure, backoff_s=settings().backoff_s,
            probation_s=part.probation_s if isinstance(ends.target, Starts) else 0.0,
        )  # fmt: skip
        return Migration(vm=record.vm_key, journey=by_word(part.journey), journal=journal, world=world, policy=policy)

    return build


def _tell_key(fingerprint: str) -> None:
    _log.warning("made the key that signs receipts: %s in %s; keep a copy of it", fingerprint, settings().keys)


def steps_of(plan: VmPlan) -> list[tuple[str, str]]:
    """Names and titles of a VM's journey, for the run's own copy of it."""
    return [(step.name, step.title) for step in by_word(plan.journey) if step.on == "run"]


def _reporter(store: Store, run: str, part: VmPlan, journal: StoreJournal) -> Callable[[Event], None]:
    """Where a worker's events go: bytes into the progress row, what tools said into the attempt's log."""
    progress = Progress(store, run, part.vm.key)

    def report(event: Event) -> None:
        last = journal.rows()[-1]
        data = event.data
        if event.type == "progress" and "disk" in data:
            progress.tell(last.step, _progress(data))
        elif event.type == "facts":
            inventory.save_inspection(store, part.vm, data)
        elif event.type == "finding":
            note(store, run, part.vm.key, str(data.get("level", "info")), str(data.get("text", "")))
        elif event.type == "log":
            with log_path(store.path, run, part.vm.key, last.step, last.attempt).open("a", encoding="utf-8") as file:
                file.write(str(data.get("text", "")).rstrip("\n") + "\n")

    return report


def _progress(data: Mapping[str, Json]) -> DiskProgress:
    def number(name: str) -> int:
        value = data.get(name)
        return value if isinstance(value, int) else 0

    return DiskProgress(
        disk=str(data["disk"]), done_bytes=number("done_bytes"), total_bytes=number("total_bytes"),
        phase=str(data.get("phase", "copy")),
    )  # fmt: skip
