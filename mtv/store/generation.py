"""A generation's rows: putting, copying and counting them, each inside somebody's transaction."""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from mtv.errors import Temporary
from mtv.model.estate import Entity
from mtv.store import flat
from mtv.store.store import insert_all

BATCH_S = 0.05  # of writing in one transaction; with its commit it stays below 200 ms
TOGETHER = 100  # objects whose rows one statement a table inserts: 10 ms, two thirds of the time of single ones
Key = tuple[str, str]  # kind and id
TABLES = {"vm": "vms", "datastore": "datastores", "network": "networks"}


def current(found: sqlite3.Connection, source: str) -> tuple[int, str, str] | None:
    sql = "SELECT id, revision, finished_at FROM generations WHERE source = ? AND current = 1"
    row = found.execute(sql, (source,)).fetchone()
    return tuple(row) if row else None


def size(found: sqlite3.Connection, generation: int) -> int:
    return sum(count(found, table, generation) for table in (*TABLES.values(), "parts"))


def count(found: sqlite3.Connection, table: str, generation: int) -> int:
    number: int = found.execute(f"SELECT count(*) FROM {table} WHERE generation = ?", (generation,)).fetchone()[0]
    return number


def put(
    found: sqlite3.Connection, generation: int, some: Iterable[tuple[Key, Entity | None]], there: set[Key] | None = None
) -> None:
    """Those objects instead of what they were. `there` is what the generation may have already, where that is known:
    to look for rows that are not there takes a quarter of the time."""
    rows: dict[str, list[flat.Row]] = defaultdict(list)
    for key, one in some:
        if there is None or key in there:
            _remove(found, generation, key)
        if there is not None:
            there.add(key)
        for table, row in () if one is None else flat.rows(one):
            rows[table].append(row)
    for table, listed in rows.items():
        insert_all(found, table, listed, {"generation": generation})


def _remove(found: sqlite3.Connection, generation: int, key: Key) -> None:
    kind, id_ = key
    where, more = ("AND kind = ?", (kind,)) if kind in flat.PARTS else ("", ())
    sql = f"DELETE FROM {TABLES.get(kind, 'parts')} WHERE generation = ? AND id = ? {where}"
    if found.execute(sql, (generation, id_, *more)).rowcount and kind == "vm":
        for table in flat.OF_VMS:
            found.execute(f"DELETE FROM {table} WHERE generation = ? AND vm_id = ?", (generation, id_))


def put_some(
    found: sqlite3.Connection, number: int, left: Iterator[tuple[Key, Entity | None]], there: set[Key] | None
) -> bool:
    """As many as fit into one short transaction; False when all are written."""
    still_ours(found, number)
    deadline = time.monotonic() + BATCH_S
    while some := list(islice(left, TOGETHER)):
        put(found, number, some, there)
        if time.monotonic() > deadline:
            return True
    return False


def copy_some(found: sqlite3.Connection, table: str, old: int, new: int, last: int) -> int:
    """Rows of the picture before, behind row `last`; gives the last one, -1 when all are copied."""
    still_ours(found, new)
    names = [row[1] for row in found.execute(f"PRAGMA table_info({table})") if row[1] not in ("n", "generation")]
    columns = ", ".join(f'"{name}"' for name in names)
    where = f"FROM {table} WHERE generation = ? AND n > ? ORDER BY n LIMIT 500"
    end = found.execute(f"SELECT max(n) FROM (SELECT n {where})", (old, last)).fetchone()[0]
    if end is None:
        return -1
    found.execute(f"INSERT INTO {table} (generation, {columns}) SELECT ?, {columns} {where}", (new, old, last))
    return int(end)


def forget_some(found: sqlite3.Connection, source: str) -> bool:
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


def still_ours(found: sqlite3.Connection, generation: int) -> None:
    """A refresh of the same source that began later and ended sooner removes ours as forgotten."""
    if not found.execute("SELECT 1 FROM generations WHERE id = ?", (generation,)).fetchone():
        raise overtaken()


def overtaken() -> Temporary:
    return Temporary("store.overtaken", "another refresh of this source ended meanwhile", "see `mtv get providers`")
