"""Verbs about providers: add, check, refresh."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mtv.errors import Held, Refused
from mtv.model.estate import VM, Finding, Level, Removal, Revision
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs.opening import Place, either, opened, place, remembered
from mtv.words import count, plain

NAMED = 10


def add(name: str, kind: str, address: str, user: str = "", secret: str = "") -> None:
    """Remember an end. Raises Refused `provider.exists`."""
    row = remembered(name, kind, address, user, secret)
    with Store(settings().store) as store:
        inventory.add_provider(store, row)


def check(word: str) -> Sequence[Finding]:
    """What the provider finds of itself, each with its fix."""
    with Store(settings().store) as store:
        found = place(store, word)

    async def ask() -> Sequence[Finding]:
        async with opened(either(found), found) as end:
            try:
                findings: Sequence[Finding] = await end.check()
            except Held as error:
                return [Finding(name="address", ok=False, text=error.fault.text, fix=error.fault.hint)]
            return findings

    return asyncio.run(ask())


@dataclass(frozen=True)
class Refreshed:
    """What an inventory holds, and its VMs that cannot move as they are, in words."""

    words: str
    complaints: Sequence[str]


def refresh(word: str, tell: Callable[[int, str], None] = lambda number, what: None) -> Refreshed:
    """Read an inventory into the store. What cannot be read is named, and the rest goes on."""
    with Store(settings().store) as store:
        found = place(store, word)
        asyncio.run(read_inventory(store, found, tell))
        kinds = Counter(type(one).__name__ for one in inventory.everything(store, found.name))
        vms = inventory.vms(store, found.name)
    words = {"VM": "VM", "Network": "network", "Datastore": "datastore"}
    told = [count(kinds[kind], word) for kind, word in words.items()]
    return Refreshed(", ".join([*told, count(sum(len(vm.concerns) for vm in vms), "concern")]), _critical(vms))


def _critical(vms: Sequence[VM]) -> list[str]:
    found = [(vm, one) for vm in vms for one in vm.concerns if one.level is Level.CRITICAL]
    lines = [f"{plain(vm.name)}: {plain(one.text)}" + (f" ({plain(one.hint)})" if one.hint else "")
             for vm, one in found[:NAMED]]  # fmt: skip
    more = f"and {len(found) - NAMED} more: mtv get concerns --where \"level = 'critical'\""
    return [*lines, *([more] if len(found) > NAMED else [])]


async def read_inventory(store: Store, found: Place, tell: Callable[[int, str], None]) -> None:
    """Everything, or what changed since the last time, into a new generation. Raises Refused for a source that cannot
    be read."""
    since = inventory.revision(store, found.name)
    work = inventory.Refresh(store, found.name, full=since is None)
    number = 0
    async with opened("sources", found) as source:
        try:
            async for change in source.inventory(since):
                work.take(change)
                number += isinstance(change, VM)
                if not isinstance(change, Removal | Revision):
                    tell(number, "VMs")
        except Held as error:  # nothing is under way yet that could be held
            raise Refused(error.fault.code, f"source '{found.name}': {error.fault.text}", error.fault.hint) from error
    work.finish()
