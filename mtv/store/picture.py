"""The current picture of a source, object by object and never all in memory: as it was when it was opened, while a
refresh writes the next one."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from mtv import codec
from mtv.model.estate import Entity, Facts, Json, kind_of
from mtv.store import generation, reading
from mtv.store.flat import PARTS

T = TypeVar("T", bound=Entity)


class Picture:
    """A context. Raises as `reading.connect` does."""

    def __init__(self, path: Path, source: str) -> None:
        self._path, self._source = path, source

    def __enter__(self) -> "Picture":
        self._found: sqlite3.Connection = reading.connect(self._path)
        self._found.execute("BEGIN")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._found.close()

    def each(self, kind: type[T]) -> Iterator[T]:
        """VMs, hosts, networks ... in the order in which they were told."""
        current = generation.current(self._found, self._source)
        if current is None:
            return
        name = kind_of(kind)
        table, more = ("parts", (name,)) if name in PARTS else (generation.TABLES[name], ())
        sql = f"SELECT doc FROM {table} WHERE generation = ?{' AND kind = ?' if more else ''} ORDER BY n"
        for document in reading.documents(self._found, sql, current[0], *more):
            yield codec.load(kind, _facts(document))


def _facts(document: object) -> Json | Facts:
    return document if isinstance(document, dict) else None
