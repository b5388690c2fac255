"""Providers and what their estates hold. A refresh writes a new generation, in batches, and flips to it at its end:
readers see the old picture or the new one, never half of it.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TypeVar

from mtv import codec
from mtv.errors import Refused, Temporary
from mtv.model.estate import VM, Change, Datastore, Entity, Facts, Network, Removal, Revision
from mtv.store import flat
from mtv.store.store import Store, insert
from mtv.times import now

T = TypeVar("T")
BATCH_S = 0.05  # of writing in one transaction; with its commit it stays below 200 ms
_KINDS: tuple[type[Entity], ...] = (VM, Datastore, Network)


@dataclass(frozen=True, kw_only=True)
class ProviderRow:
    """An end that mtv remembers. `secret` says where the password is; its value is never here."""

    name: str
    kind: str
    address: str
    user: str = ""
    secret: str = ""
    copy_secret: str = ""
    ca: str = ""
    fingerprint: str = ""
    added_at: str = ""


def add_provider(store: Store, row: ProviderRow) -> None:
    """Raises Refused `provider.exists`."""

    def job(found: sqlite3.Connection) -> None:
        if found.execute("SELECT 1 FROM providers WHERE name = ?", (row.name,)).fetchone():
            raise Refused("provider.exists", f"there is a provider '{row.name}' already", "see `mtv get providers`")
        insert(found, "providers", {**asdict(row), "added_at": row.added_at or now()})

    store.write(job)


def provider(store: Store, name: str) -> ProviderRow | None:
    row = store.read(lambda found: found.execute("SELECT * FROM providers WHERE name = ?", (name,)).fetchone())
    return ProviderRow(**{key: row[key] for key in ProviderRow.__dataclass_fields__}) if row else None


def revision(store: Store, source: str) -> str | None:
    """Of the last refresh, to be given to Estate.inventory; None: never refreshed, or nothing to go on from."""
    sql = "SELECT revision FROM generations WHERE source = ? AND current = 1"
    row = store.read(lambda found: found.execute(sql, (source,)).fetchone())
    return row[0] or None if row else None


class Refresh:
    """One new generation of a source. `full` starts from nothing, else from what is there."""

    def __init__(self, store: Store, source: str, *, full: bool) -> None:
        self.store, self.source = store, source
        self._began = now()
        self._revision = ""
        kept = [] if full else everything(store, source)
        self._objects: dict[tuple[str, str], Entity] = {(_kind(one), one.id): one for one in kept}

    def take(self, change: Change) -> None:
        match change:
            case Revision(value):
                self._revision = value
            case Removal(kind, id_):
                self._objects.pop((kind, id_), None)
            case _:
                self._objects[_kind(change), change.id] = change

    def finish(self) -> int:
        """Write it and flip to it; gives how many objects it has. An interrupted one leaves the old picture."""
        number = self.store.write(self._start)
        left = iter(self._objects.values())
        while self.store.write(lambda found: _write_some(found, number, left)):
            pass
        self.store.write(lambda found: self._flip(found, number))
        while self.store.write(lambda found: _forget_some(found, self.source)):
            pass
        return len(self._objects)

    def _start(self, found: sqlite3.Connection) -> int:
        row = {"source": self.source, "started_at": self._began, "revision": self._revision}
        return insert(found, "generations", {**row, "finished_at": "", "current": 0})

    def _flip(self, found: sqlite3.Connection, number: int) -> None:
        _still_ours(found, number)
        found.execute("UPDATE generations SET current = 0 WHERE source = ?", (self.source,))
        found.execute("UPDATE generations SET current = 1, finished_at = ? WHERE id = ?", (now(), number))


def everything(store: Store, source: str) -> list[Entity]:
    """The current picture: VMs, datastores and networks, each in the order in which they were told."""
    return [one for kind in _KINDS for one in _documents(store, kind, source)]


def vms(store: Store, source: str) -> list[VM]:
    return _documents(store, VM, source)


def datastores(store: Store, source: str) -> list[Datastore]:
    return _documents(store, Datastore, source)


def networks(store: Store, source: str) -> list[Network]:
    return _documents(store, Network, source)


def save_inspection(store: Store, vm: VM, facts: Facts) -> None:
    """What the inspect operation told: the guest, the conversion that fits, the network's changes, concerns."""
    row = {"source": vm.source, "vm_id": vm.id, "at": now(), "revision": vm.revision, "doc": flat.text(dict(facts))}
    store.write(lambda found: insert(found, "inspections", row, "OR REPLACE"))


def inspection(store: Store, vm: VM) -> Facts | None:
    """What was found the last time, if the VM is still the same."""
    sql = "SELECT doc FROM inspections WHERE source = ? AND vm_id = ? AND revision = ?"
    row = store.read(lambda found: found.execute(sql, (vm.source, vm.id, vm.revision)).fetchone())
    found: Facts | None = json.loads(row[0]) if row else None
    return found


def _kind(one: Entity) -> str:
    return type(one).__name__.lower()


def _documents(store: Store, kind: type[T], source: str) -> list[T]:
    sql = (
        f"SELECT t.doc FROM {kind.__name__.lower()}s AS t JOIN generations AS g ON g.id = t.generation"
        " WHERE g.current = 1 AND g.source = ? ORDER BY t.n"
    )
    texts = store.read(lambda found: [row[0] for row in found.execute(sql, (source,))])
    return [codec.load(kind, json.loads(text)) for text in texts]


def _write_some(found: sqlite3.Connection, generation: int, left: Iterator[Entity]) -> bool:
    """As many as fit into one short transaction; False when all are written."""
    _still_ours(found, generation)
    deadline = time.monotonic() + BATCH_S
    for one in left:
        for table, row in flat.rows(one):
            insert(found, table, {**row, "generation": generation})
        if time.monotonic() > deadline:
            return True
    return False


def _still_ours(found: sqlite3.Connection, generation: int) -> None:
    """A refresh of the same source that began later and ended sooner removes ours as forgotten."""
    if not found.execute("SELECT 1 FROM generations WHERE id = ?", (generation,)).fetchone():
        raise Temporary("store.overtaken", "another refresh of this source ended meanwhile", "see `mtv get providers`")


def _forget_some(found: sqlite3.Connection, source: str) -> bool:
    """Rows of generations that nobody sees any more, and of those that were interrupted; False when all are gone."""
    deadline = time.monotonic() + BATCH_S
    old = [row[0] for row in found.execute("SELECT id FROM generations WHERE source = ? AND current = 0", (source,))]
    for number in old:
        for table in flat.KEPT:
            while found.execute(
                f"DELETE FROM {table} WHERE n IN (SELECT n FROM {table} WHERE generation = ? LIMIT 500)", (number,)
            ).rowcount:
                if time.monotonic() > deadline:
                    return True
        found.execute("DELETE FROM generations WHERE id = ?", (number,))
    return False
