"""Reading the store: the standard library only, so that `mtv status` and `mtv get` start fast."""

import fcntl
import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mtv.errors import Held, MtvError, Refused, Temporary
from mtv.times import moment

SCHEMA = ("m001_inventory", "m002_runs", "m003_proofs", "m004_details", "m005_hashes")
"""The migrations of this version, in tables.py."""
APPLICATION_ID = 0x6D747673  # "mtvs"
BUSY_S = 30.0
LOOK_S = 0.01


def connect(path: Path, *, check_same_thread: bool = True) -> sqlite3.Connection:
    """Read-only, with rows by name. Raises Refused: store.missing, store.no-access, store.foreign, store.newer,
    store.older."""
    if not _is_there(path):
        raise _none(path)
    with said(path):
        found = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None,
            check_same_thread=check_same_thread,
        )  # fmt: skip
        found.row_factory = sqlite3.Row
    try:
        missing = _settled(found, path)
        if missing == list(SCHEMA):
            raise _none(path)  # who began to make it died
        if missing:
            text = f"store {path} is of an older mtv"
            raise Refused("store.older", text, "any verb that writes brings it up to date")
    except BaseException:
        found.close()
        raise
    return found


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        why = (error.strerror or "cannot be looked at").lower()
        raise Refused("store.no-access", f"store {path}: {why}", "name another with --store") from error


def _none(path: Path) -> Refused:
    return Refused("store.missing", f"there is no store {path} yet", "`mtv add provider` or `mtv run` makes it")


def _settled(found: sqlite3.Connection, path: Path) -> list[str]:
    """What it lacks, once nobody makes or migrates it any more: half made it looks old, strange or damaged."""
    with suppress(MtvError), said(path):
        if not (missing := pending(found, path)):
            return missing
    with alone(path.parent), said(path):
        return pending(found, path)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """While a store is made or migrated: an flock on its folder, so that no file of its own is left behind. Raises
    Temporary `store.busy`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    deadline_s = time.monotonic() + BUSY_S
    try:
        while not _locked(handle):
            if time.monotonic() > deadline_s:
                raise Temporary("store.busy", f"a store in {folder} is being brought up to date by another process")
            time.sleep(LOOK_S)
        yield
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def pending(found: sqlite3.Connection, path: Path) -> list[str]:
    """Migrations that it lacks. Raises Refused for a store that is not ours, or of a newer mtv."""
    if not found.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        return list(SCHEMA)
    if found.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise Refused("store.foreign", f"{path} is a database, but not mtv's", "name another file with --store")
    rows = found.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'mtv' ORDER BY id")
    applied = [row[0] for row in rows]
    if unknown := [name for name in applied if name not in SCHEMA]:
        text = f"store {path} was written by a newer mtv: it has '{unknown[0]}', this version ends at '{SCHEMA[-1]}'"
        raise Refused("store.newer", text, "update mtv, or name another store with --store")
    return [name for name in SCHEMA if name not in applied]


@contextmanager
def said(path: Path) -> Iterator[None]:
    """SQLite's errors in our words."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise Temporary("store.busy", f"store {path} was locked by another process for {BUSY_S:.0f} s") from error
        if "full" in text:
            raise Held("store.full", f"no space left for store {path}", "make room, then `mtv run` goes on") from error
        raise MtvError("store.unreadable", f"store {path}: {text}", "is its folder there, and yours?") from error
    except sqlite3.DatabaseError as error:
        copies = sorted(path.parent.glob(f"{path.name}.before-*"))
        hint = f"move it away; put the copy in its place that mtv made: {copies[-1]}" if copies else "move it away"
        raise MtvError("store.damaged", f"store {path} is damaged: {error}", hint) from error


class Watch:
    """Has another connection written since we last asked?"""

    def __init__(self, found: sqlite3.Connection) -> None:
        self._connection = found
        self._version = -1

    def changed(self) -> bool:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        before, self._version = self._version, version
        return version != before


@dataclass(frozen=True)
class EngineSeen:
    """The engine that wrote its heartbeat last."""

    pid: int
    host: str
    started_at: str
    beat_at: str
    lives: bool


def engine(found: sqlite3.Connection, dead_s: float = 15.0) -> EngineSeen | None:
    """On this machine its process is looked for; on another its heartbeat tells."""
    row = found.execute("SELECT * FROM engines ORDER BY n DESC LIMIT 1").fetchone()
    if row is None:
        return None
    if row["stopped_at"]:
        lives = False
    elif (row["host"], row["boot"]) == (socket.gethostname(), boot_id()):
        lives = born(row["pid"]) == row["born"]
    else:
        lives = (datetime.now(UTC) - moment(row["beat_at"])).total_seconds() < dead_s
    return EngineSeen(row["pid"], row["host"], row["started_at"], row["beat_at"], lives)


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def born(pid: int) -> int:
    """When that process began, in ticks since boot; 0 where there is none. A pid alone is used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    state, *rest = stat.rpartition(")")[2].split()
    return 0 if state in "ZX" else int(rest[18])


def documents(found: sqlite3.Connection, sql: str, *values: object) -> Iterator[object]:
    """The first column of each row, a JSON document."""
    for row in found.execute(sql, values):
        yield json.loads(row[0])
