"""Steering verbs: a wish is left for the run's engine; where none lives, this process becomes it until it is done."""

import asyncio
import getpass

from mtv.model.outcomes import Intent
from mtv.model.plans import Plan
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.store import Store
from mtv.verbs.driving import building, opened_ends
from mtv.verbs.look import picked
from mtv.words import plain


def ask(verb: str, run: str, vm: str = "") -> str:
    """Ask `verb` of one VM, or of all of the run; gives what came of it, a line each. Raises Refused `run.unknown`,
    `run.unknown-vm`."""
    rows = picked(run, [vm] if vm else [])
    names = {one.vm_key: plain(one.vm) for one in rows}
    with Store(settings().store) as store:
        asked = asyncio.run(_ask(store, run, stored.plan_of(store, run), list(names), verb))
    return "\n".join(f"{names[one.vm]}: {verb}: {one.result or 'asked; its engine takes it'}" for one in asked)


async def _ask(store: Store, run: str, plan: Plan, keys: list[str], verb: str) -> list[Intent]:
    from mtv.plans.engine import steer

    async with opened_ends(store, plan) as ends:
        build = building(store, run, plan, ends)
        return await steer(store, run, keys, verb, getpass.getuser(), build, limits=plan.limits)
