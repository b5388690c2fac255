"""`mtv run --dry-run`: what a plan would do, and what a check would refuse now. Nothing is changed but the inventory
in the store."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import MtvError
from mtv.model.faults import Fault
from mtv.model.outcomes import Intent, Row
from mtv.model.plans import Plan
from mtv.plans.journey import possible
from mtv.plans.way import before
from mtv.providers.base import capabilities
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.store import Store
from mtv.verbs.plans import runnable
from mtv.verbs.running.driving import Road, opened_ends, require_keys
from mtv.verbs.running.starting import goes_on, is_replaced, last_run, states_of
from mtv.verbs.showing import describing


class _Unwritten:
    """The journal of a migration that does not begin."""

    def rows(self) -> Sequence[Row]:
        return ()

    def intents(self) -> Sequence[Intent]:
        return ()

    async def append(self, row: Row) -> None:
        raise LookupError(row.step)

    async def took(self, intent: Intent, result: str) -> None:
        raise LookupError(intent.verb)


@dataclass(frozen=True)
class Tried:
    """`lines` are for people, `refused` says what a check would refuse."""

    lines: Sequence[str]
    refused: Sequence[Fault]


def dry_run(file: Path) -> Tried:
    """Raises Refused `plan.*`, `secret.*`, `provider.no-points`."""
    with Store(settings().store) as store:
        plan = runnable(store, file).plan
        require_keys(plan)
        last = last_run(store, file)
        states = states_of(store, last)
        going = bool(last) and goes_on(states) and not is_replaced(store, last, file, states)
        number = len(stored.runs_of(store, plan.name)) + 1
        run = last if going else f"{plan.name}-{number}"
        fresh = _fresh(store, run) if going else {one.vm.key for one in plan.vms}
        steps, refused = asyncio.run(_try(store, run, plan, fresh))
    lines = [
        *describing.plan(str(file), brief=True).replace("plan FILE", f"plan {file}").splitlines(),
        "",
        f"steps: {', '.join(steps)}",
    ]
    lines += [f"it would go on with {run}" if going else f"it would be {run}"]
    return Tried(lines, refused)


def _fresh(store: Store, run: str) -> set[str]:
    """VM keys of those that would begin with their check: the others are past it."""
    return {one.vm_key for one in stored.migrations_of(store, run) if one.state in ("pending", "refused")}


async def _try(store: Store, run: str, plan: Plan, fresh: set[str]) -> tuple[list[str], list[Fault]]:
    """Titles of the first VM's steps, and what the check of each fresh VM says."""
    refused = []
    async with AsyncExitStack() as stack:
        ends = await opened_ends(store, plan, run, stack)
        road = Road(store, run, plan, ends)
        worlds = [road.world(part, _Unwritten()) for part in plan.vms if part.vm.key in fresh]
        for world in worlds:
            try:
                await before.check(world)
            except MtvError as error:
                refused.append(error.fault)
        steps = possible(plan.vms[0], capabilities(ends.source), capabilities(ends.target))
    return [step.title for step in steps], refused
