"""Verbs about providers: add, check, refresh."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mtv import providers
from mtv.errors import Held, Refused
from mtv.model.estate import VM, Finding
from mtv.model.infrastructure import Gap
from mtv.model.login import Login
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs.opening import Place, either, opened, place, remembered
from mtv.words import count, plain

NAMED = 10
NOBODY = Login()


def add(name: str, kind: str, address: str, login: Login = NOBODY, secret: str = "", copy_secret: str = "") -> None:
    """Remember an end. Raises Refused `provider.exists`."""
    row = remembered(name, kind, address, login, secret, copy_secret)
    with Store(settings().store) as store:
        inventory.add_provider(store, row)


def on_claim(kind: str, address: str, claim: str) -> str:
    """The address of files that lie on a cluster's claim, too. Raises Refused `provider.no-files`."""
    if not claim:
        return address
    from_files = getattr(providers.load("sources", kind), "files", None) if kind in providers.kinds("sources") else None
    if from_files is None:
        raise Refused("provider.no-files", f"--from-claim is for files, and kind '{kind}' has none", "leave it out")
    from_files(f"{address}?claim={claim}")
    return f"{address}?claim={claim}"


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


def refresh(
    word: str, tell: Callable[[int, str], None] = lambda number, what: None, *, full: bool = False
) -> Refreshed:
    """Read an inventory into the store; `full`: also what has not changed since. What cannot be read is named, and the
    rest goes on."""
    with Store(settings().store) as store:
        found = place(store, word)
        asyncio.run(read_inventory(store, found, tell, full=full))
        told = inventory.counts(store, found.name)
        number, first = inventory.complaints(store, found.name, NAMED)
        gaps = inventory.parts(store, found.name, Gap)
    lines = [f"{plain(vm)}: {plain(text)}" + (f" ({plain(hint)})" if hint else "") for vm, text, hint in first]
    more = f"and {number - NAMED} more: mtv get concerns --where \"level = 'critical'\""
    missed = [f"{plain(gap.text)} ({plain(gap.hint)})" for gap in gaps]
    return Refreshed(_words(told), [*missed, *lines, *([more] if number > NAMED else [])])


def _words(told: Mapping[str, int]) -> str:
    """What there always is to say, then what some sources have."""
    always = {"vm": "VM", "network": "network", "datastore": "datastore"}
    some = {"host": "host", "cluster": "cluster"}
    found = [count(told.get(kind, 0), word) for kind, word in always.items()]
    found += [count(told[kind], word) for kind, word in some.items() if told.get(kind)]
    return ", ".join([*found, count(told.get("concern", 0), "concern")])


async def read_inventory(store: Store, found: Place, tell: Callable[[int, str], None], *, full: bool = False) -> None:
    """Everything, or what changed since the last time, into a new generation. Raises Refused for a source that cannot
    be read."""
    since = None if full else inventory.revision(store, found.name)
    work = inventory.Refresh(store, found.name, full=since is None)
    number = 0
    end = either(found)
    if not hasattr(providers.load(end, found.kind), "inventory"):
        raise Refused(
            "provider.no-inventory",
            f"'{found.name}' has no inventory: kind '{found.kind}' only keeps what is moved there",
        )
    async with opened(end, found) as source:
        try:
            async for change in source.inventory(since):
                work.take(change)
                number += isinstance(change, VM)
                if isinstance(change, VM):
                    tell(number, "VMs")
        except Held as error:  # nothing is under way yet that could be held
            raise Refused(error.fault.code, f"'{found.name}': {error.fault.text}", error.fault.hint) from error
    work.finish()
