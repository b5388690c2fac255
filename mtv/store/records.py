"""Runs, migrations, rows, intents and progress as values: the read path, so nothing but the standard library."""

import json
import sqlite3
from dataclasses import dataclass

from mtv.errors import Refused
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Intent, Mark, Row
from mtv.model.tasks import DiskProgress

_RUN = "name, plan, number, at"
_ROW = "n, step, round, attempt, undo, at, mark, facts, fault, until, back, engine"
_INTENT = "n, verb, vm_key AS vm, who, at, args, taken_at, result"


@dataclass(frozen=True, kw_only=True)
class RunRow:
    name: str  # PLAN-N
    plan: str
    number: int
    at: str


@dataclass(frozen=True, kw_only=True)
class Digest:
    """What a migration's rows come to: kept beside them, so that a list of ten thousand needs no fold."""

    state: str
    step: str
    round: int
    attempt: int
    why: str
    code: str
    hint: str
    until: str


@dataclass(frozen=True, kw_only=True)
class MigrationRow(Digest):
    """One VM of one run, as it was last journalled. `steps` are names and titles of its journey."""

    run: str
    vm_key: str
    name: str  # RUN/VM
    vm: str
    machine: str
    place: int
    steps: tuple[tuple[str, str], ...]
    at: str
    changed_at: str


@dataclass(frozen=True, kw_only=True)
class DiskRow(DiskProgress):
    rate_bytes_per_s: float | None = None  # over the last half minute


@dataclass(frozen=True, kw_only=True)
class ProgressRow:
    step: str
    at: str
    disks: tuple[DiskRow, ...]
    rate_bytes_per_s: float | None = None  # over the last half minute


@dataclass(frozen=True, kw_only=True)
class EventRow:
    vm_key: str
    at: str
    type: str
    text: str


def read_runs(found: sqlite3.Connection, plan: str = "") -> list[RunRow]:
    """Of that plan, or all; the oldest first."""
    sql = f"SELECT {_RUN} FROM runs WHERE ready = 1 AND (plan = ? OR ? = '') ORDER BY at, name"
    return [RunRow(**dict(row)) for row in found.execute(sql, (plan, plan))]


def read_run(found: sqlite3.Connection, name: str) -> RunRow:
    """Raises Refused `run.unknown`."""
    row = found.execute(f"SELECT {_RUN} FROM runs WHERE name = ? AND ready = 1", (name,)).fetchone()
    if row is None:
        raise Refused("run.unknown", f"there is no run '{name}'", "see `mtv get runs`")
    return RunRow(**dict(row))


def read_migrations(found: sqlite3.Connection, run: str) -> list[MigrationRow]:
    """In the plan's order."""
    names = tuple(MigrationRow.__dataclass_fields__)
    rows = found.execute(f"SELECT {', '.join(names)} FROM migrations WHERE run = ? ORDER BY place", (run,))
    return [MigrationRow(**{**dict(row), "steps": tuple(map(tuple, json.loads(row["steps"])))}) for row in rows]


def read_rows(found: sqlite3.Connection, run: str, vm_key: str) -> list[Row]:
    sql = f"SELECT {_ROW} FROM rows WHERE run = ? AND vm_key = ? ORDER BY n"
    return [_row(row) for row in found.execute(sql, (run, vm_key))]


def has_rows_of(found: sqlite3.Connection, run: str, engine: str) -> bool:
    """That engine has driven that run."""
    return (
        found.execute("SELECT 1 FROM rows WHERE run = ? AND engine = ? LIMIT 1", (run, engine)).fetchone() is not None
    )


def read_intents(found: sqlite3.Connection, run: str, vm_key: str) -> list[Intent]:
    """Those that no engine took yet, the oldest first."""
    sql = f"SELECT {_INTENT} FROM intents WHERE run = ? AND vm_key = ? AND taken_at = '' ORDER BY n"
    return [_intent(row) for row in found.execute(sql, (run, vm_key))]


def read_intent(found: sqlite3.Connection, n: int) -> Intent:
    return _intent(found.execute(f"SELECT {_INTENT} FROM intents WHERE n = ?", (n,)).fetchone())


def read_progress(found: sqlite3.Connection, run: str) -> dict[str, ProgressRow]:
    """By VM key."""
    rows = found.execute("SELECT vm_key, step, at, disks, rate_bytes_per_s FROM progress WHERE run = ?", (run,))
    return {
        row["vm_key"]: ProgressRow(
            step=row["step"],
            at=row["at"],
            disks=tuple(DiskRow(**disk) for disk in json.loads(row["disks"])),
            rate_bytes_per_s=row["rate_bytes_per_s"],
        )
        for row in rows
    }


def read_events(found: sqlite3.Connection, run: str, vm_key: str = "") -> list[EventRow]:
    sql = "SELECT vm_key, at, type, text FROM events WHERE run = ? AND (vm_key = ? OR ? = '') ORDER BY n"
    return [EventRow(**dict(row)) for row in found.execute(sql, (run, vm_key, vm_key))]


def _row(row: sqlite3.Row) -> Row:
    told = dict(row)
    fault = json.loads(told["fault"]) if told["fault"] else None
    told["fault"] = Fault(**{**fault, "kind": Kind(fault["kind"])}) if fault else None
    return Row(**{**told, "undo": bool(told["undo"]), "mark": Mark(told["mark"]), "facts": json.loads(told["facts"])})


def _intent(row: sqlite3.Row) -> Intent:
    return Intent(**{**dict(row), "args": json.loads(row["args"])})
