"""Opening the store for writing: the file's checks, its migrations, and the one thread that writes."""

import logging
import os
import queue
import sqlite3
import threading
from asyncio import wrap_future
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.store import reading
from mtv.store.place import prepare
from mtv.times import now

T = TypeVar("T")
Job = Callable[[], None]
PAGE_BYTES = 8192  # a VM's row has 4 to 5 kB: SQLite's own 4096 would leave half of its pages empty


class Store:
    """One a process. `write` and `awrite` run a function in a transaction of its own, one after another, and return
    when it is durable; `read` runs one on a read-only connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _bring_up(path)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._writer = _connect(path)
        self._reader = reading.connect(path, check_same_thread=False)
        self._reading = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._closed = False
        self._thread.start()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self.begin(job).result()

    def begin(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        """A write that is waited for later: the future says what became of it."""
        return self._submit(job)

    async def awrite(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return await wrap_future(self._submit(job))

    def post(self, job: Callable[[sqlite3.Connection], object]) -> None:
        """A write that nobody waits for: progress and the like. Where it fails, the log says so."""
        self._submit(job).add_done_callback(_report)

    def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        with self._reading, reading.said(self.path):
            return job(self._reader)

    def close(self) -> None:
        """After all that was submitted is durable."""
        if not self._closed:
            self._closed = True
            self._reader.close()  # before the writer: the last to close folds the log into the file
            self._jobs.put(None)
            self._thread.join()

    def _submit(self, job: Callable[[sqlite3.Connection], T]) -> "Future[T]":
        if self._closed:
            raise MtvError("store.closed", f"store {self.path} is closed")
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                with reading.said(self.path):
                    result = self._transact(job)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._jobs.put(work)
        return future

    def _work(self) -> None:
        with closing(self._writer):
            while job := self._jobs.get():
                job()

    def _transact(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            result = job(self._writer)
            self._writer.execute("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            raise
        return result


def _report(future: "Future[T]") -> None:
    if error := future.exception():
        logging.getLogger(__name__).warning("the store did not take a note: %s", error)


def insert(found: sqlite3.Connection, table: str, row: Mapping[str, Json], instead: str = "") -> int:
    """One row by its columns' names; `instead` is SQLite's "OR REPLACE". Gives its rowid."""
    columns, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" for _ in row)
    done = found.execute(f"INSERT {instead} INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))
    return done.lastrowid or 0


def insert_all(
    found: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Json]], same: Mapping[str, Json]
) -> None:
    """Rows that have the same columns in the same order; `same` is what each of them has besides."""
    names = [*same, *rows[0]]
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" for _ in names)
    before = tuple(same.values())
    values = ((*before, *row.values()) for row in rows)
    found.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _connect(path: Path) -> sqlite3.Connection:
    found = sqlite3.connect(path, timeout=reading.BUSY_S, isolation_level=None, check_same_thread=False)
    found.row_factory = sqlite3.Row
    found.execute("PRAGMA synchronous = FULL")
    found.execute("PRAGMA foreign_keys = ON")
    return found


def _bring_up(path: Path) -> None:
    """The file as this version needs it. One process at a time; a store that has something in it is copied before."""
    prepare(path)
    with reading.alone(path.parent), reading.said(path), closing(_connect(path)) as found:
        missing = reading.pending(found, path)
        if not missing:
            return
        if len(missing) < len(reading.SCHEMA):
            _copy(found, path.with_name(f"{path.name}.before-{missing[0]}-{now().replace(':', '')}"))
        _migrate(found)


def _migrate(found: sqlite3.Connection) -> None:
    from sqlite_utils import Database

    from mtv.store.tables import MIGRATIONS

    found.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # of a new one; an old one keeps its own
    found.execute("PRAGMA journal_mode = WAL")
    found.execute(f"PRAGMA application_id = {reading.APPLICATION_ID}")
    MIGRATIONS.apply(Database(found, execute_plugins=False))


def _copy(found: sqlite3.Connection, path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path)) as copy:
        found.backup(copy)
