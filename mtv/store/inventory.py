"""Providers and what their estates hold. A refresh writes a new generation, in batches, and flips to it at its end:
readers see the old picture or the new one, never half of it.
"""

import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import partial
from typing import TypeVar

from mtv import codec
from mtv.errors import Refused
from mtv.model.estate import VM, Change, Datastore, Entity, Facts, Network, Removal, Revision, kind_of
from mtv.model.infrastructure import Part
from mtv.store import flat, generation, twins
from mtv.store.store import Store, insert
from mtv.times import now

T = TypeVar("T")
P = TypeVar("P", bound=Part)
SPILL = 500  # objects that are held before they are written: 10,000 VMs in memory would be 300 MB; with fewer at a
# time, each leaf of the indexes would be written as often
IN_PLACE = 200  # changes that one transaction takes: 200 VMs of ten rows are 2,000 rows, 60 ms
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
    copy_user: str = ""
    insecure: int = 0
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
    """One new picture of a source. `full` starts from nothing, and is written while it is read; else a few changes
    go into the current generation in one transaction, and many into a copy of it."""

    def __init__(self, store: Store, source: str, *, full: bool) -> None:
        self.store, self.source, self._full = store, source, full
        self._began = now()
        self._revision = ""
        self._base = store.read(lambda found: generation.current(found, source))
        self._changes: dict[tuple[str, str], Entity | None] = {}  # None: removed
        self._number: int | None = None  # of the generation that is being written
        self._put: Callable[[sqlite3.Connection], bool] = lambda found: False
        self._writing: Future[bool] | None = None  # by `_put`, which says whether it left something
        self._there: set[generation.Key] | None = set() if full or not self._base else None  # in it; None: a copy's

    def take(self, change: Change) -> None:
        match change:
            case Revision(value):
                self._revision = value
            case Removal(kind, id_):
                self._changes[kind, id_] = None
            case _:
                self._changes[kind_of(type(change)), change.id] = change
        if len(self._changes) >= SPILL:
            self._spill()

    def finish(self) -> int:
        """Flip to it; gives how many objects it has. An interrupted one leaves the old picture."""
        if self._number is None and not self._full and self._base and len(self._changes) <= IN_PLACE:
            return self.store.write(self._amend)
        self._spill()
        self._settle()
        number = self._number or 0
        said = self.store.read(lambda found: twins.search(found, number))
        self.store.write(lambda found: twins.mark(found, number, said))
        self.store.write(lambda found: self._flip(found, number))
        while self.store.write(lambda found: generation.forget_some(found, self.source)):
            pass
        return self.store.read(lambda found: generation.size(found, number))

    def _spill(self) -> None:
        """Begin to write what was taken so far: what comes next is read meanwhile."""
        self._settle()
        if self._number is None:
            self._number = self.store.write(self._start)
            if not self._full and self._base:
                self._copy(self._base[0], self._number)
        left, self._changes = iter(self._changes.items()), {}
        self._put = partial(generation.put_some, number=self._number, left=left, there=self._there)
        self._writing = self.store.begin(self._put)

    def _settle(self) -> None:
        """What was begun is written."""
        while self._writing and self._writing.result():
            self._writing = self.store.begin(self._put)
        self._writing = None

    def _copy(self, old: int, number: int) -> None:
        for table in flat.KEPT:
            last = 0
            while last >= 0:
                last = self.store.write(partial(generation.copy_some, table=table, old=old, new=number, last=last))

    def _amend(self, found: sqlite3.Connection) -> int:
        """Readers see all of it or nothing: it is one transaction, and a short one."""
        if self._base != generation.current(found, self.source) or self._base is None:
            raise generation.overtaken()
        number = self._base[0]
        generation.put(found, number, self._changes.items())
        if any(kind == "vm" for kind, _ in self._changes):
            twins.mark(found, number, twins.search(found, number))
        revision = self._revision or self._base[1]
        sql = "UPDATE generations SET revision = ?, started_at = ?, finished_at = ? WHERE id = ?"
        found.execute(sql, (revision, self._began, now(), number))
        return generation.size(found, number)

    def _start(self, found: sqlite3.Connection) -> int:
        row = {"source": self.source, "started_at": self._began, "revision": ""}
        return insert(found, "generations", {**row, "finished_at": "", "current": 0})

    def _flip(self, found: sqlite3.Connection, number: int) -> None:
        generation.still_ours(found, number)
        found.execute("UPDATE generations SET current = 0 WHERE source = ?", (self.source,))
        sql = "UPDATE generations SET current = 1, finished_at = ?, revision = ? WHERE id = ?"
        found.execute(sql, (now(), self._revision, number))


def everything(store: Store, source: str) -> list[Entity]:
    """The current picture: VMs, datastores and networks, each in the order in which they were told."""
    return [one for kind in _KINDS for one in _documents(store, kind, source)]


def vms(store: Store, source: str) -> list[VM]:
    return _documents(store, VM, source)


def vm(store: Store, source: str, id_: str) -> VM:
    """Raises Refused `vm.unknown`."""
    sql = (
        "SELECT t.doc FROM vms AS t JOIN generations AS g ON g.id = t.generation"
        " WHERE g.current = 1 AND g.source = ? AND t.id = ?"
    )
    row = store.read(lambda found: found.execute(sql, (source, id_)).fetchone())
    if row is None:
        raise Refused("vm.unknown", f"source '{source}' has no VM '{id_}'", f"mtv refresh {source}")
    return codec.load(VM, json.loads(row[0]))


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


def _documents(store: Store, kind: type[T], source: str) -> list[T]:
    sql = (
        f"SELECT t.doc FROM {generation.TABLES[kind_of(kind)]} AS t JOIN generations AS g ON g.id = t.generation"
        " WHERE g.current = 1 AND g.source = ? ORDER BY t.n"
    )
    texts = store.read(lambda found: [row[0] for row in found.execute(sql, (source,))])
    return [codec.load(kind, json.loads(text)) for text in texts]


def parts(store: Store, source: str, kind: type[P]) -> list[P]:
    """Hosts, clusters, places, switches, policies, rules, occurrences or gaps of the current picture."""
    sql = (
        "SELECT t.doc FROM parts AS t JOIN generations AS g ON g.id = t.generation"
        " WHERE g.current = 1 AND g.source = ? AND t.kind = ? ORDER BY t.n"
    )
    texts = store.read(lambda found: [row[0] for row in found.execute(sql, (source, kind_of(kind)))])
    return [codec.load(kind, json.loads(text)) for text in texts]


def counts(store: Store, source: str) -> dict[str, int]:
    """How many of each kind the current picture has: vm, host, concern ..."""

    def ask(found: sqlite3.Connection) -> dict[str, int]:
        current = generation.current(found, source)
        if current is None:
            return {}
        told = {
            kind: generation.count(found, table, current[0])
            for kind, table in {**generation.TABLES, "concern": "concerns"}.items()
        }
        sql = "SELECT kind, count(*) FROM parts WHERE generation = ? GROUP BY kind"
        return told | {row[0]: row[1] for row in found.execute(sql, (current[0],))}

    return store.read(ask)


def complaints(store: Store, source: str, limit: int) -> tuple[int, list[tuple[str, str, str]]]:
    """How many critical concerns there are, and VM, text and hint of the first."""

    def ask(found: sqlite3.Connection) -> tuple[int, list[tuple[str, str, str]]]:
        current = generation.current(found, source)
        where = "FROM concerns WHERE generation = ? AND level = 'critical'"
        number = (current[0] if current else 0,)
        rows = found.execute(f"SELECT vm, text, hint {where} ORDER BY n LIMIT ?", (*number, limit))
        return found.execute(f"SELECT count(*) {where}", number).fetchone()[0], [tuple(row) for row in rows]

    return store.read(ask)
