"""The store's rows as views: for status, watch and the TUI. Nothing but the read path is imported."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mtv.plans.deciding.fold import UNDONE, UNSURE
from mtv.settings import settings
from mtv.store import place, query, reading, records
from mtv.store.records import DiskRow, MigrationRow, ProgressRow
from mtv.times import moment
from mtv.verbs.showing.look import next_command, read
from mtv.verbs.showing.views import DiskView, MigrationView, RunView, StepView

ENDED = ("done", "failed", UNSURE, *UNDONE)
RESTING = (*ENDED, "held", "probation")
"""States in which an engine has nothing to do now."""

BEGINNING_S = 5.0  # an engine may not have written its first row yet


def overview() -> list[RunView]:
    """All runs, the oldest first."""
    return read(lambda found: [_run(found, run) for run in records.read_runs(found)], [])


def view(run: str) -> RunView:
    """Raises Refused `run.unknown`. Tells more than a look does: which migrations a check refused."""

    def job(found: sqlite3.Connection) -> RunView:
        seen = _run(found, records.read_run(found, run))
        return replace(seen, migrations=tuple(_judged(found, one) for one in seen.migrations))

    return read(job)


def undriven(view: RunView) -> str:
    """What to do where a run is not at rest and no engine drives it; "" where all is well."""
    if view.state != "running" or view.engine:
        return ""
    return (
        f"nobody drives {view.name}: go on with `mtv run` and the file of plan '{view.plan}', or mtv resume {view.name}"
    )


def _judged(found: sqlite3.Connection, one: MigrationView) -> MigrationView:
    from mtv.plans import tally

    if one.state not in ("failed", "rolled-back", "refused"):
        return one
    return replace(one, refused=tally.refused(records.read_rows(found, one.run, one.vm)))


def exit_code(view: RunView) -> int:
    """0 all done, 3 some done; of none done: 4 where checks refused all that were begun, else 1."""
    from mtv.plans import tally

    states = {one.vm: one.state for one in view.migrations}
    return tally.exit_code(states, {one.vm for one in view.migrations if one.refused})


def journey(run: str, vm_key: str) -> Sequence[StepView]:
    """Its steps in order, each with its last attempt; those that did not begin are there too."""

    def job(found: sqlite3.Connection) -> list[StepView]:
        steps = next((one.steps for one in records.read_migrations(found, run) if one.vm_key == vm_key), ())
        keys = " AND ".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'"
                            for name, value in (("run", run), ("vm_key", vm_key)))  # fmt: skip
        last = {str(row["step"]): row for row in query.select(found, "steps", keys)}
        return [_step(name, title, last.get(name)) for name, title in steps]

    return read(job)


def _step(name: str, title: str, row: query.Row | None) -> StepView:
    if row is None:
        return StepView(step=name, title=title)
    seconds = row["seconds"]
    return StepView(
        step=name, title=f"undo: {title}" if row["undo"] else title, mark=str(row["mark"]), at=str(row["at"]),
        round=int(str(row["round"])), attempt=int(str(row["attempt"])), text=str(row["text"]),
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
    )  # fmt: skip


def _run(found: sqlite3.Connection, run: records.RunRow) -> RunView:
    progress = records.read_progress(found, run.name)
    rows = records.read_migrations(found, run.name)
    engine = _engine(found, run.name)
    return RunView(
        name=run.name, plan=run.plan, state=_state([row.state for row in rows]), started_at=run.at,
        engine=engine, migrations=tuple(_migration(row, progress.get(row.vm_key), bool(engine)) for row in rows),
    )  # fmt: skip


def _engine(found: sqlite3.Connection, run: str) -> str:
    """The living engine, if it drives that run: a store has one at a time, for one run or another, or for all."""
    seen = reading.engine(found, settings().engine_dead_s)
    if seen is None or not seen.lives:
        return ""
    begins = (datetime.now(UTC) - moment(seen.started_at)).total_seconds() < BEGINNING_S
    drives = (
        begins
        or place.serving(settings().store) == seen.pid
        or records.has_rows_of(found, run, f"{seen.host}:{seen.pid}")
    )
    return f"process {seen.pid} on {seen.host}" if drives else ""


def _state(states: Sequence[str]) -> str:
    if all(one in ENDED for one in states):
        return "ended"
    return "resting" if all(one in RESTING for one in states) else "running"


def _migration(row: MigrationRow, progress: ProgressRow | None, driven: bool) -> MigrationView:
    names = [name for name, _ in row.steps]
    disks = _disks(row, progress, driven)
    done = sum(disk.done_bytes for disk in disks)
    total = sum(disk.total_bytes for disk in disks) if all(disk.counted for disk in disks) else 0
    rate = progress.rate_bytes_per_s or None if progress and disks and _moves(row, driven) else None
    until = moment(row.changed_at) if row.state in RESTING or not driven else datetime.now(UTC)
    return MigrationView(
        run=row.run, vm=row.vm_key, name=row.vm, state=row.state, step=row.step, why=row.why,
        title=dict(row.steps).get(row.step, row.step), number=names.index(row.step) + 1 if row.step in names else 0,
        steps=len(names), done_bytes=done, total_bytes=total, rate_bytes_per_s=rate, eta_s=_eta_s(done, total, rate),
        seconds=(until - moment(row.at)).total_seconds(), hint=row.hint or next_command(row.state, row.run),
        disks=disks, driven=driven or row.state in RESTING,
    )  # fmt: skip


def _disks(row: MigrationRow, progress: ProgressRow | None, driven: bool) -> tuple[DiskView, ...]:
    """Of the step that it is at, or was at when it came to rest; of what was undone, no bytes are left."""
    if progress is None or row.state in UNDONE or not (progress.step == row.step or row.state in RESTING):
        return ()
    return tuple(_disk(one, _moves(row, driven)) for one in progress.disks)


def _disk(one: DiskRow, moves: bool) -> DiskView:
    total = one.total_bytes if one.counted else 0
    rate = one.rate_bytes_per_s or None if moves else None
    return DiskView(
        disk=one.disk, phase=one.phase, done_bytes=one.done_bytes, total_bytes=total, counted=one.counted,
        rate_bytes_per_s=rate, eta_s=_eta_s(one.done_bytes, total, rate),
    )  # fmt: skip


def _moves(row: MigrationRow, driven: bool) -> bool:
    return driven and row.state == "running"


def _eta_s(done: int, total: int, rate: float | None) -> float | None:
    return (total - done) / rate if rate and total else None


class Eye:
    """Looks at one run again and again; says when something has changed."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._found = reading.connect(settings().store)
        self._watch = reading.Watch(self._found)

    def __enter__(self) -> "Eye":
        return self

    def __exit__(self, *_: object) -> None:
        self._found.close()

    def look(self) -> RunView | None:
        """None: nothing changed since the last look."""
        if not self._watch.changed():
            return None
        return _run(self._found, records.read_run(self._found, self.run))
