"""One migration's rows, intents and progress. Rows are appended by its engine alone; intents by anybody."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from mtv import codec
from mtv.errors import Refused
from mtv.model.estate import Json
from mtv.model.outcomes import Intent, Row
from mtv.model.tasks import DiskProgress
from mtv.progress import Rate
from mtv.store.flat import text
from mtv.store.records import Digest, read_intent, read_intents, read_rows
from mtv.store.store import Store, insert
from mtv.times import now


class StoreJournal:
    """plans.steps.Journal over the store. `digest` is applied to all rows after each append."""

    def __init__(self, store: Store, run: str, vm_key: str, digest: Callable[[Sequence[Row]], Digest]) -> None:
        self.store, self.run, self.vm_key = store, run, vm_key
        self._digest = digest
        self.heard: Callable[[Row], None] = lambda row: None  # called with each row when it is durable
        self._rows = store.read(lambda found: read_rows(found, run, vm_key))

    def rows(self) -> Sequence[Row]:
        return self._rows

    def intents(self) -> Sequence[Intent]:
        return self.store.read(lambda found: read_intents(found, self.run, self.vm_key))

    async def append(self, row: Row) -> None:
        rows = [*self._rows, row]
        digest = self._digest(rows)
        await self.store.awrite(lambda found: self._append(found, row, digest))
        self._rows = rows
        self.heard(row)

    async def took(self, intent: Intent, result: str) -> None:
        sql = "UPDATE intents SET taken_at = ?, result = ? WHERE n = ? AND taken_at = ''"
        await self.store.awrite(lambda found: found.execute(sql, (now(), result, intent.n)))

    def _append(self, found: sqlite3.Connection, row: Row, digest: Digest) -> None:
        insert(found, "rows", {
            **asdict(row), "run": self.run, "vm_key": self.vm_key, "undo": int(row.undo), "mark": str(row.mark),
            "facts": text(dict(row.facts)), "fault": text(codec.dump(row.fault)) if row.fault else None,
        })  # fmt: skip
        found.execute(
            "UPDATE migrations SET state = :state, step = :step, round = :round, attempt = :attempt, why = :why,"
            " code = :code, hint = :hint, until = :until, changed_at = :changed_at"
            " WHERE run = :run AND vm_key = :vm_key",
            {**asdict(digest), "changed_at": row.at, "run": self.run, "vm_key": self.vm_key},
        )


def ask(store: Store, run: str, vm_key: str, verb: str, who: str, args: dict[str, Json] | None = None) -> Intent:
    """Leave a wish for one migration's engine. Raises Refused `run.unknown-vm`."""

    def job(found: sqlite3.Connection) -> Intent:
        if not found.execute("SELECT 1 FROM migrations WHERE run = ? AND vm_key = ?", (run, vm_key)).fetchone():
            raise Refused("run.unknown-vm", f"run '{run}' has no VM '{vm_key}'", f"see `mtv status {run}`")
        row: dict[str, Json] = {"run": run, "vm_key": vm_key, "verb": verb, "who": who, "at": now()}
        n = insert(found, "intents", {**row, "args": text(args or {}), "taken_at": "", "result": ""})
        return Intent(n=n, verb=verb, vm=vm_key, who=who, at=str(row["at"]), args=args or {})

    return store.write(job)


def intent(store: Store, n: int) -> Intent:
    """As it is now: `taken_at` and `result` once an engine took it."""
    return store.read(lambda found: read_intent(found, n))


def wished(store: Store) -> set[tuple[str, str]]:
    """Run and VM key of the migrations that somebody asked something for and no engine answered yet."""
    sql = "SELECT DISTINCT run, vm_key FROM intents WHERE taken_at = ''"
    return {(row[0], row[1]) for row in store.read(lambda found: found.execute(sql).fetchall())}


def only_run(found: sqlite3.Connection) -> set[tuple[str, str]]:
    """Those of whom nothing else is wished than to be run: they come when it is their turn."""
    sql = "SELECT run, vm_key FROM intents WHERE taken_at = '' GROUP BY run, vm_key HAVING min(verb = 'run')"
    return {(row[0], row[1]) for row in found.execute(sql)}


def note(store: Store, run: str, vm_key: str, kind: str, words: str, data: dict[str, Json] | None = None) -> None:
    """An event, for `mtv logs`. Nobody waits for it."""
    row: dict[str, Json] = {"run": run, "vm_key": vm_key, "at": now(), "type": kind, "text": words}
    store.post(lambda found: insert(found, "events", {**row, "data": text(data or {})}))


@dataclass
class Progress:
    """One migration's bytes: one row, written at most once a second, with every disk that works, and when all of them
    are finished. Nobody waits."""

    store: Store
    run: str
    vm_key: str
    every_s: float = 1.0
    _step: str = ""
    _disks: dict[str, DiskProgress] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _rate: Rate = field(default_factory=Rate)
    _rates: dict[str, Rate] = field(default_factory=dict)  # of each disk
    _written_s: float = float("-inf")

    def tell(self, step: str, disk: DiskProgress, monotonic_s: float | None = None) -> None:
        at_s = time.monotonic() if monotonic_s is None else monotonic_s
        if step != self._step:
            self._step, self._disks, self._written_s = step, {}, at_s
            self._fresh.clear()
        before = self._disks.get(disk.disk)
        if before is None or before.phase != disk.phase:
            self._rate, self._rates[disk.disk] = Rate(), Rate()  # known from earlier, or counted otherwise: no speed
        self._disks[disk.disk] = disk
        self._rates[disk.disk].at(at_s, disk.done_bytes)
        if disk.disk in self._fresh:  # the next round of telling
            self._fresh.clear()
        self._fresh.add(disk.disk)
        if len(self._fresh) < len(self._disks):
            return  # the others are told in the same breath: a row has all of them
        self._rate.at(at_s, sum(one.done_bytes for one in self._disks.values()))
        finished = all(one.counted and one.done_bytes >= one.total_bytes for one in self._disks.values())
        if finished or at_s - self._written_s >= self.every_s:
            self._written_s = at_s
            self._write()

    def _write(self) -> None:
        disks = list(self._disks.values())
        each: list[Json] = [{**asdict(disk), "rate_bytes_per_s": self._rates[disk.disk].bytes_per_s} for disk in disks]
        row: dict[str, Json] = {
            "run": self.run, "vm_key": self.vm_key, "step": self._step, "at": now(),
            "done_bytes": sum(disk.done_bytes for disk in disks),
            "total_bytes": sum(disk.total_bytes for disk in disks) if all(disk.counted for disk in disks) else 0,
            "rate_bytes_per_s": self._rate.bytes_per_s, "disks": text(each),
        }  # fmt: skip
        self.store.post(lambda found: insert(found, "progress", row, "OR REPLACE"))
