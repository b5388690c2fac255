"""Runs and their migrations: the plan as it was resolved, and which engine drives."""

import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from mtv import codec
from mtv.model.estate import Json
from mtv.model.plans import Limits, Plan, VmPlan
from mtv.store import flat
from mtv.store.reading import boot_id, born
from mtv.store.records import MigrationRow, RunRow, read_migrations, read_run, read_runs
from mtv.store.store import Store, insert
from mtv.times import now

BATCH_S = 0.05
BY_ITSELF = ("pending", "running", "waiting", "undoing", "committing", "purging")
"""States of a migration that goes on without being asked."""


def create_run(store: Store, plan: Plan, steps: Sequence[Sequence[tuple[str, str]]]) -> RunRow:
    """The next run of that plan, with all its migrations pending; `steps` by VM, in the plan's order. Nobody sees it
    before it is complete."""
    run = store.write(lambda found: _number(found, plan))
    left = iter(zip(count(1), plan.vms, steps, strict=False))
    while store.write(lambda found: _add_some(found, run, left)):
        pass
    store.write(lambda found: found.execute("UPDATE runs SET ready = 1 WHERE name = ?", (run.name,)))
    return run


def runs_of(store: Store, plan: str) -> list[RunRow]:
    """All runs of that plan, the oldest first."""
    return store.read(lambda found: read_runs(found, plan))


def find_run(store: Store, name: str) -> RunRow:
    """Raises Refused `run.unknown`."""
    return store.read(lambda found: read_run(found, name))


def plan_of(store: Store, run: str) -> Plan:
    """The plan as it was resolved when the run was made."""

    def job(found: sqlite3.Connection) -> tuple[str, list[str]]:
        head = found.execute("SELECT doc FROM plans WHERE run = ?", (run,)).fetchone()[0]
        rows = found.execute("SELECT doc FROM migrations WHERE run = ? ORDER BY place", (run,))
        return head, [row[0] for row in rows]

    head, parts = store.read(job)
    plan = codec.load(Plan, json.loads(head))
    return replace(plan, vms=tuple(codec.load(VmPlan, json.loads(part)) for part in parts))


def limits_of(store: Store, run: str) -> Limits:
    """The plan's, without its VMs."""
    sql = "SELECT doc FROM plans WHERE run = ?"
    head = store.read(lambda found: found.execute(sql, (run,)).fetchone())
    return codec.load(Plan, json.loads(head[0])).limits


def undriven(found: sqlite3.Connection, now: str) -> list[tuple[str, str]]:
    """Run and VM key of the migrations that an engine has something to do for by itself, run by run in their order.
    Who has not begun stays so where another failed whose plan says stop."""
    sql = f"""
        WITH stopped AS (SELECT DISTINCT run FROM migrations
                         WHERE state = 'failed' AND json_extract(doc, '$.on_failure') = 'stop')
        SELECT m.run, m.vm_key FROM migrations AS m JOIN runs AS r ON r.name = m.run AND r.ready = 1
        WHERE (m.state IN {BY_ITSELF} AND NOT (m.state = 'pending' AND m.run IN stopped))
           OR (m.state = 'probation' AND m.until <= ?)
        ORDER BY r.at, m.run, m.place
    """
    return [(row[0], row[1]) for row in found.execute(sql, (now,))]


def migrations_of(store: Store, run: str) -> list[MigrationRow]:
    return store.read(lambda found: read_migrations(found, run))


class Heartbeat:
    """The engine's row, for people on other machines and for `mtv status`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.n = store.write(self._begin)

    def beat(self) -> None:
        self.store.post(lambda found: found.execute("UPDATE engines SET beat_at = ? WHERE n = ?", (now(), self.n)))

    def stop(self) -> None:
        self.store.write(lambda found: found.execute("UPDATE engines SET stopped_at = ? WHERE n = ?", (now(), self.n)))

    @staticmethod
    def _begin(found: sqlite3.Connection) -> int:
        pid = os.getpid()
        who: dict[str, Json] = {"pid": pid, "host": socket.gethostname(), "boot": boot_id(), "born": born(pid)}
        return insert(found, "engines", {**who, "started_at": now(), "beat_at": now(), "stopped_at": ""})


def _number(found: sqlite3.Connection, plan: Plan) -> RunRow:
    sql = "SELECT coalesce(max(number), 0) + 1 FROM runs WHERE plan = ?"
    number = found.execute(sql, (plan.name,)).fetchone()[0]
    run = RunRow(name=f"{plan.name}-{number}", plan=plan.name, number=number, at=now())
    insert(found, "runs", {"name": run.name, "plan": run.plan, "number": number, "at": run.at, "ready": 0})
    insert(found, "plans", {
        "run": run.name, "name": plan.name, "source": plan.source, "target": plan.target, "namespace": plan.namespace,
        "vms": len(plan.vms), "on_failure": plan.on_failure, "at": run.at, "text": plan.text,
        "doc": flat.document(replace(plan, vms=())),
    })  # fmt: skip
    return run


def _add_some(
    found: sqlite3.Connection, run: RunRow, left: Iterator[tuple[int, VmPlan, Sequence[tuple[str, str]]]]
) -> bool:
    deadline = time.monotonic() + BATCH_S
    for place, one, steps in left:
        insert(found, "migrations", {
            "run": run.name, "vm_key": one.vm.key, "name": f"{run.name}/{one.vm.name}", "vm": one.vm.name,
            "machine": one.machine, "place": place, "steps": flat.text([list(step) for step in steps]),
            "state": "pending", "step": "", "round": 1, "attempt": 0, "why": "", "code": "", "hint": "", "until": "",
            "at": run.at, "changed_at": run.at, "doc": flat.document(one),
        })  # fmt: skip
        if time.monotonic() > deadline:
            return True
    return False
