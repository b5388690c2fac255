"""What tests of the runner share: toy migrations driven to their ends, and what became of them."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from mtv.model.faults import Fault, Kind
from mtv.plans.deciding.fold import UNSURE
from mtv.plans.runner import Migration, drive
from tests.plans.toys import JumpClock, ToyWorld

T = TypeVar("T")
BROKEN = Fault("toy.broken", "vm1: the thing is broken")
LOOSE = Fault("toy.loose", "vm1: the thing is loose", kind=Kind.TEMPORARY)
FULL = Fault("toy.full", "vm1: no space", kind=Kind.HOLD)
ENDS = {"done", "probation", "held", "failed", "cancelled", "rolled-back", "refused", UNSURE}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def end_of(migration: Migration[ToyWorld], clock: JumpClock | None = None) -> str:
    return run(drive(migration, clock or JumpClock())).state


def marks(migration: Migration[ToyWorld]) -> list[str]:
    return [f"{row.step or row.facts['state']}:{row.mark}" for row in migration.journal.rows()]


def asked(migration: Migration[ToyWorld], verb: str) -> str:
    """Ask, drive on, and give the result."""
    intent = migration.world.journal.ask(verb)
    end_of(migration)
    return migration.world.journal.result(intent)
