"""Steering verbs: a wish is left for the run's engine; where none lives, this process becomes it until it is done."""

import asyncio
import getpass
from dataclasses import dataclass

from mtv.model.outcomes import Intent
from mtv.model.plans import Plan
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.store import Store
from mtv.verbs.driving import building, opened_ends
from mtv.verbs.look import picked
from mtv.words import plain


@dataclass(frozen=True)
class Answer:
    """What came of a wish, for one VM. `refused`: it was not to be had, and nothing was changed."""

    vm: str
    text: str
    refused: bool


def ask(verb: str, run: str, vm: str = "") -> list[Answer]:
    """Ask `verb` of one VM, or of all of the run. Raises Refused `run.unknown`, `run.unknown-vm`."""
    rows = picked(run, [vm] if vm else [])
    names = {one.vm_key: plain(one.vm) for one in rows}
    with Store(settings().store) as store:
        asked = asyncio.run(_ask(store, run, stored.plan_of(store, run), list(names), verb))
    return [Answer(names[one.vm], one.result or "asked; its engine takes it", one.result.startswith("refused"))
            for one in asked]  # fmt: skip


async def _ask(store: Store, run: str, plan: Plan, keys: list[str], verb: str) -> list[Intent]:
    from mtv.plans.engine import steer

    async with opened_ends(store, plan) as ends:
        build = building(store, run, plan, ends)
        return await steer(store, run, keys, verb, getpass.getuser(), build, limits=plan.limits)
