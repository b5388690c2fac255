"""What a report counts: the current picture of one source, or of all, held still. Each kind is a temporary table with
its documented columns, so that a report is SQL over names that people know, and reads the large documents once."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from mtv.store import reading
from mtv.store.columns import KINDS, Kind

OF_ESTATES = ("vms", "disks", "nics", "snapshots", "networks", "datastores", "hosts", "clusters", "concerns", "gaps")
CACHE_KIB = 32 << 10  # what does not fit there lies in a temporary file
_AFFINITY = {"text": "TEXT", "json": "TEXT", "integer": "INTEGER", "boolean": "INTEGER", "real": "REAL"}

Cell = None | int | float | str
Row = tuple[Cell, ...]


class Figures:
    """Ask it in SQL; `sources` are those that it holds, with the time of their inventory."""

    def __init__(self, found: sqlite3.Connection, source: str) -> None:
        self._found = found
        sql = (
            "SELECT source, finished_at FROM generations WHERE current = 1 AND (?1 = '' OR source = ?1) ORDER BY source"
        )
        self.sources: Sequence[tuple[str, str]] = [(str(one[0]), str(one[1])) for one in found.execute(sql, (source,))]
        for name in OF_ESTATES:
            _hold(found, KINDS[name], source)
        for name in OF_ESTATES:  # not before all are there: hosts are read from the store's own VMs
            found.execute(f"ALTER TABLE temp.held_{name} RENAME TO {name}")

    def rows(self, sql: str, *values: Cell) -> list[Row]:
        return [tuple(row) for row in self._found.execute(sql, values)]

    def row(self, sql: str, *values: Cell) -> Row:
        """The only row."""
        [found] = self.rows(sql, *values)
        return found


@contextmanager
def figures(path: Path, source: str = "") -> Iterator[Figures]:
    """All as of one moment, whatever is refreshed meanwhile. Raises Refused `store.*`."""
    with closing(reading.connect(path)) as found, reading.said(path):
        found.execute("PRAGMA temp_store = FILE")
        found.execute(f"PRAGMA temp.cache_size = -{CACHE_KIB}")
        found.execute("BEGIN")
        yield Figures(found, source)


def _hold(found: sqlite3.Connection, kind: Kind, source: str) -> None:
    columns = ", ".join(f"{column.name} {_AFFINITY[column.type]}" for column in kind.columns)
    found.execute(f"CREATE TEMP TABLE held_{kind.name} ({columns})")
    inner = ", ".join(f"{column.sql or 't.' + column.name} AS {column.name}" for column in kind.columns)
    found.execute(
        f"INSERT INTO held_{kind.name} SELECT * FROM (SELECT {inner} FROM {kind.tables} ORDER BY {kind.order})"
        " WHERE ?1 = '' OR source = ?1", (source,),
    )  # fmt: skip
