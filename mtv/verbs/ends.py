"""Verbs about providers: add, check, refresh."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from mtv.model.estate import VM, Finding, Removal, Revision
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs.opening import Place, either, opened, place, remembered


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
            findings: Sequence[Finding] = await end.check()
            return findings

    return asyncio.run(ask())


def refresh(word: str, tell: Callable[[int, str], None] = lambda number, what: None) -> str:
    """Read an inventory into the store; gives what it holds, in words."""
    with Store(settings().store) as store:
        found = place(store, word)
        asyncio.run(read_inventory(store, found, tell))
        kinds = Counter(type(one).__name__ for one in inventory.everything(store, found.name))
        concerns = sum(len(vm.concerns) for vm in inventory.vms(store, found.name))
    words = {"VM": "VM", "Network": "network", "Datastore": "datastore"}
    told = [f"{kinds[kind]} {word}{'s' * (kinds[kind] != 1)}" for kind, word in words.items()]
    return ", ".join([*told, f"{concerns} concern{'s' * (concerns != 1)}"])


async def read_inventory(store: Store, found: Place, tell: Callable[[int, str], None]) -> None:
    """Everything, or what changed since the last time, into a new generation."""
    since = inventory.revision(store, found.name)
    work = inventory.Refresh(store, found.name, full=since is None)
    number = 0
    async with opened("sources", found) as source:
        async for change in source.inventory(since):
            work.take(change)
            if isinstance(change, VM):
                number += 1
                tell(number, "VMs")
            elif not isinstance(change, Removal | Revision):
                tell(number, "VMs")
    work.finish()
