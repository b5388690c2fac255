"""Verbs that look: get, why, logs. They read the store and nothing else, and start fast."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TypeVar

from mtv.errors import Refused
from mtv.plans.deciding.fold import UNDONE
from mtv.settings import settings
from mtv.store import place, query, reading, records
from mtv.store.columns import KINDS
from mtv.words import duration, plain

T = TypeVar("T")
Rows = Sequence[dict[str, object]]

NARROW: dict[str, tuple[str, ...]] = {
    "providers": ("name", "kind", "address", "refreshed_at"),
    "vms": ("name", "source", "power", "os_name", "cpus", "memory_bytes", "disks", "size_bytes", "concerns"),
    "disks": ("name", "size_bytes", "allocated_bytes", "datastore", "controller", "image"),
    "nics": ("name", "network", "mac", "model", "connected"),
    "plans": ("name", "run", "source", "target", "vms", "at"),
    "runs": ("name", "plan", "migrations", "done", "held", "failed", "at"),
    "migrations": ("name", "state", "step", "attempt", "why"),
    "steps": ("name", "attempt", "mark", "at", "seconds", "text"),
    "receipts": ("name", "level", "disks", "data_bytes", "at"),
    "concerns": ("name", "level", "text", "hint"),
}
"""Columns of a plain table; kinds that are not here show all."""


def get(kind: str, where: str, sort: str, columns: Sequence[str], limit: int | None) -> Rows:
    """Flat rows, oldest first. Raises Refused `query.*` for what is no kind, column or expression."""
    return read(lambda found: [dict(row) for row in query.select(found, kind, where, sort, columns, limit)], [])


def columns(kind: str) -> tuple[str, ...]:
    if kind not in KINDS:
        raise Refused("query.kind", f"there is no kind '{kind}'", f"kinds: {' '.join(KINDS)}")
    return KINDS[kind].names


def narrow(kind: str) -> tuple[str, ...]:
    return NARROW.get(kind) or columns(kind)


def why(run: str, vms: Sequence[str]) -> Iterator[str]:
    """Where each migration stands, what keeps it there, and the next command."""
    for one in picked(run, vms):
        yield f"{plain(one.vm)}: {one.state}{_at(one)}"
        if one.why:
            yield f"  {one.why}" + (f" ({one.code})" if one.code else "")
        if one.until:
            yield f"  goes on by itself at {one.until}"
        if hint := one.hint or next_command(one.state, run):
            yield f"  {hint}"


def _at(one: records.MigrationRow) -> str:
    step = dict(one.steps).get(one.step, one.step)
    if not step or one.state in ("done", "probation", "pending"):
        return ""
    came = f"'{step}', attempt {one.attempt}"
    return f", it had come to {came}" if one.state in UNDONE else f" at {came}"


def next_command(state: str, run: str) -> str:
    """What a person can do about a migration in that state."""
    return {
        "held": f"mtv resume {run}, or mtv cancel {run}",
        "failed": f"mtv retry {run}, or mtv rollback {run}",
        "probation": f"mtv commit {run}, or mtv rollback {run}",
        "rolled-back": "mend the cause, then: mtv run PLAN --again",
        "refused": "mend the cause, then: mtv run PLAN",
        "cancelled": "mtv run PLAN --again",
    }.get(state, "")


def logs(run: str, vms: Sequence[str], step: str) -> Iterator[str]:
    """What tools printed, under the attempt that it belongs to, after the migration's own events. Raises Refused
    `run.unknown-step`."""
    chosen = picked(run, vms)
    _refuse_unknown(step, chosen)
    for one in chosen:
        for event in [] if step else read(partial(records.read_events, run=run, vm_key=one.vm_key)):
            yield f"{event.at} {plain(one.vm)} {event.type}: {plain(event.text)}"
        for row in read(partial(_attempts, run=run, vm_key=one.vm_key, step=step)):
            yield f"== {row['at']} {plain(one.vm)}: {_ended(row)}"
            path = place.log_of(settings().store, run, one.vm_key, str(row["step"]), int(str(row["attempt"])))
            if path.exists():
                yield from (plain(line) for line in path.read_text(errors="replace").splitlines())


def _refuse_unknown(step: str, chosen: Sequence[records.MigrationRow]) -> None:
    names = list(dict.fromkeys(name for one in chosen for name, _ in one.steps))
    if step and step not in names:
        raise Refused("run.unknown-step", f"there is no step '{step}'", f"steps: {' '.join(names)}")


def _attempts(found: sqlite3.Connection, run: str, vm_key: str, step: str) -> list[query.Row]:
    wanted = {"run": run, "vm_key": vm_key, **({"step": step} if step else {})}
    where = " AND ".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in wanted.items())
    return [row for row in query.select(found, "steps", where) if row["mark"] != "skipped"]


def _ended(row: query.Row) -> str:
    """One attempt: what it was and what became of it."""
    what = f"undo of {row['step']}" if row["undo"] else str(row["step"])
    round_ = f", round {row['round']}" if int(str(row["round"])) > 1 else ""
    mark = {"begin": "it has not ended", "again": "it failed for now"}.get(str(row["mark"]), str(row["mark"]))
    took = f" in {duration(float(str(row['seconds'])))}" if row["seconds"] is not None else ""
    return f"{what}{round_}, attempt {row['attempt']}: {mark}{took}" + (f": {row['text']}" if row["text"] else "")


def log_tail(run: str, vm_key: str, lines: int) -> str:
    """The end of the newest log of a migration."""
    paths = place.logs(settings().store, run, vm_key)
    if not paths:
        return ""
    with paths[-1].open("rb") as file:
        file.seek(max(0, paths[-1].stat().st_size - lines * 200))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def picked(run: str, vms: Sequence[str]) -> list[records.MigrationRow]:
    """Migrations of a run by the VMs' names, or all. Raises Refused `run.unknown`, `run.unknown-vm`."""

    def job(found: sqlite3.Connection) -> list[records.MigrationRow]:
        records.read_run(found, run)
        return records.read_migrations(found, run)

    rows = read(job)
    for name in vms:
        if not any(name in (one.vm, one.vm_key) for one in rows):
            raise Refused("run.unknown-vm", f"run '{run}' has no VM '{name}'", f"see `mtv status {run}`")
    return [one for one in rows if not vms or one.vm in vms or one.vm_key in vms]


def read(job: Callable[[sqlite3.Connection], T], empty: T | None = None) -> T:
    """Runs `job` on a read-only connection; gives `empty`, if there is one, where there is no store yet."""
    path = settings().store
    try:
        opened = reading.connect(path)
    except Refused as error:
        if empty is None or error.fault.code != "store.missing":
            raise
        return empty
    with closing(opened) as found, reading.said(path):
        return job(found)
