"""Runs, their journals and their proofs come back as they were written."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Mark, Row
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.tasks import DiskProgress
from mtv.store import journal, proofs, reading, records, runs
from mtv.store.journal import Progress, StoreJournal
from mtv.store.query import select
from mtv.store.records import Digest
from mtv.store.runs import Heartbeat, create_run, find_run, migrations_of, plan_of, runs_of
from mtv.store.store import Store
from tests.store.made import opened, plan, vm

T = TypeVar("T")
STEPS = [("check", "check the VM"), ("transfer", "copy the disks")]
DIGEST = Digest(state="held", step="transfer", round=2, attempt=3, why="full", code="a.b", hint="make room", until="")
ROW = Row(
    n=1, step="transfer", round=2, attempt=3, undo=False, at="2026-01-03T22:00:00.000Z", mark=Mark.BEGIN, engine="e"
)


def begun(store: Store, name: str = "wave") -> str:
    return create_run(store, plan(name=name), [STEPS, STEPS]).name


def test_runs_of_a_plan_are_numbered_and_its_resolved_form_is_kept(store: Store) -> None:
    assert (begun(store), begun(store), begun(store, "other")) == ("wave-1", "wave-2", "other-1")
    assert [run.name for run in runs_of(store, "wave")] == ["wave-1", "wave-2"]
    assert plan_of(store, "wave-2") == plan()
    assert find_run(store, "other-1").plan == "other"
    with pytest.raises(Refused, match="'wave-9'"):
        find_run(store, "wave-9")


def test_migrations_are_pending_in_the_plans_order(store: Store) -> None:
    begun(store)
    found = migrations_of(store, "wave-1")
    assert [(one.vm, one.vm_key, one.state) for one in found] == [
        ("db01", "lab/id-db01", "pending"),
        ("db02", "lab/id-db02", "pending"),
    ]
    assert found[0].steps == (("check", "check the VM"), ("transfer", "copy the disks"))


def test_a_run_is_seen_only_when_it_is_complete(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    many = plan(*(vm(f"vm{number:04}") for number in range(20)))
    seen: list[int] = []
    writes = store.write

    def watched(job: Callable[[sqlite3.Connection], T]) -> T:
        seen.append(len(store.read(records.read_runs)))
        return writes(job)

    monkeypatch.setattr(store, "write", watched)
    monkeypatch.setattr(runs, "BATCH_S", -1.0)
    create_run(store, many, [STEPS] * 20)
    assert seen == [0] * 23
    assert len(store.read(records.read_runs)) == 1
    assert len(migrations_of(store, "wave-1")) == 20


FAULTS = st.none() | st.builds(Fault, st.text(), st.text(), st.text(), st.sampled_from(Kind), st.integers(0, 255))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FACTS = st.dictionaries(TEXT, st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT, st.lists))
ROWS = st.builds(
    Row, n=st.integers(1, 10**9), step=TEXT, round=st.integers(0, 99), attempt=st.integers(0, 99), undo=st.booleans(),
    at=TEXT, mark=st.sampled_from(Mark), facts=FACTS, fault=FAULTS, until=TEXT, back=TEXT, engine=TEXT,
)  # fmt: skip


def test_rows_come_back_equal_and_the_migration_shows_what_they_come_to(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    with opened(folder) as store:
        begun(store)
        digested: list[int] = []

        def digest(rows: Sequence[Row]) -> Digest:
            digested.append(len(rows))
            return DIGEST

        written = StoreJournal(store, "wave-1", "lab/id-db01", digest)

        @settings(max_examples=50, deadline=None)
        @given(ROWS)
        def append(row: Row) -> None:
            numbered = replace(row, n=len(written.rows()) + 1)
            asyncio.run(written.append(numbered))
            assert written.rows()[-1] == numbered

        append()
        again = StoreJournal(store, "wave-1", "lab/id-db01", digest)
        assert again.rows() == written.rows()
        assert digested == list(range(1, len(written.rows()) + 1))
        first, second = migrations_of(store, "wave-1")
        assert (first.state, first.step, first.attempt, first.code) == ("held", "transfer", 3, "a.b")
        assert second.state == "pending"


def test_a_row_that_is_there_already_is_no_row(store: Store) -> None:
    begun(store)
    one = StoreJournal(store, "wave-1", "lab/id-db01", lambda rows: DIGEST)
    other = StoreJournal(store, "wave-1", "lab/id-db01", lambda rows: DIGEST)
    asyncio.run(one.append(ROW))
    with pytest.raises(Exception, match="damaged|UNIQUE"):
        asyncio.run(other.append(ROW))


def test_intents_wait_until_they_are_taken_once(store: Store) -> None:
    begun(store)
    written = StoreJournal(store, "wave-1", "lab/id-db01", lambda rows: DIGEST)
    hold = journal.ask(store, "wave-1", "lab/id-db01", "hold", "ann", {"for": "lunch"})
    journal.ask(store, "wave-1", "lab/id-db02", "cancel", "bob")
    assert written.intents() == [hold]
    assert journal.wished(store) == {("wave-1", "lab/id-db01"), ("wave-1", "lab/id-db02")}
    asyncio.run(written.took(hold, "held"))
    asyncio.run(written.took(hold, "again"))
    assert written.intents() == []
    taken = journal.intent(store, hold.n)
    assert (taken.result, taken.args, bool(taken.taken_at)) == ("held", {"for": "lunch"}, True)
    assert journal.wished(store) == {("wave-1", "lab/id-db02")}
    with pytest.raises(Refused, match="no VM 'lab/id-db09'"):
        journal.ask(store, "wave-1", "lab/id-db09", "hold", "ann")


def test_progress_is_one_row_written_once_a_second_and_at_the_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(store)
    told = Progress(store, "wave-1", "lab/id-db01")
    writes: list[object] = []
    post = store.post

    def watched(job: Callable[[sqlite3.Connection], object]) -> None:
        writes.append(job)
        post(job)

    monkeypatch.setattr(store, "post", watched)
    for tenth in range(31):
        told.tell("transfer", DiskProgress(disk="d0", done_bytes=tenth, total_bytes=31), tenth / 10)
        told.tell("transfer", DiskProgress(disk="d1", done_bytes=8, total_bytes=8), tenth / 10)
    assert len(writes) == 3, "after one, two and three seconds"
    store.write(lambda found: None)
    [row] = store.read(lambda found: records.read_progress(found, "wave-1")).values()
    assert [(disk.disk, disk.done_bytes) for disk in row.disks] == [("d0", 30), ("d1", 8)]
    [seen] = store.read(lambda found: select(found, "migrations", "vm = 'db01'"))
    assert (seen["done_bytes"], seen["total_bytes"]) == (38, 39)
    told.tell("verify", DiskProgress(disk="d0", done_bytes=1, total_bytes=1), 3.2)
    store.write(lambda found: None)
    [row] = store.read(lambda found: records.read_progress(found, "wave-1")).values()
    assert (row.step, len(row.disks)) == ("verify", 1)


def test_a_row_never_holds_a_part_of_the_disks_and_what_was_known_is_no_speed(store: Store) -> None:
    begun(store)
    told = Progress(store, "wave-1", "lab/id-db01")
    known = 1 << 30  # of an earlier attempt: found in the journal, not copied now
    for second, done in enumerate((0, known, known + 100, known + 200, known + 300)):
        for disk in ("d0", "d1", "d2"):
            phase = "resync" if second == 0 else "copy"
            told.tell("transfer", DiskProgress(disk=disk, done_bytes=done, total_bytes=2 << 30, phase=phase), second)
    store.write(lambda found: None)
    [row] = store.read(lambda found: records.read_progress(found, "wave-1")).values()
    assert [disk.done_bytes for disk in row.disks] == [known + 300] * 3
    assert row.rate_bytes_per_s == pytest.approx(300)


def test_no_total_is_written_before_all_is_counted_and_what_is_done_so_far_is_no_end(store: Store) -> None:
    begun(store)
    told = Progress(store, "wave-1", "lab/id-db01")
    for second, counted in ((0, False), (0.5, False), (2, False), (4, True)):
        for disk in ("d0", "d1"):
            one = DiskProgress(disk=disk, done_bytes=7, total_bytes=8, counted=counted or disk == "d0")
            told.tell("transfer", one, second)
        store.write(lambda found: None)
        seen = store.read(lambda found: select(found, "migrations", "vm = 'db01'"))[0]
        wanted = {0: (None, None), 0.5: (None, None), 2: (14, None), 4: (14, 16)}[second]
        assert (seen["done_bytes"], seen["total_bytes"]) == wanted


def test_steps_are_listed_with_their_ending_time_and_error(store: Store) -> None:
    begun(store)
    written = StoreJournal(store, "wave-1", "lab/id-db01", lambda rows: DIGEST)
    fault = Fault("a.b", "no space")
    endings = [
        ROW,
        replace(ROW, n=2, mark=Mark.AGAIN, at="2026-01-03T22:00:01.500Z", fault=fault),
        replace(ROW, n=3, mark=Mark.BEGIN, attempt=4),  # its engine died
        replace(ROW, n=4, mark=Mark.BEGIN, attempt=5),
        replace(ROW, n=5, mark=Mark.DONE, attempt=5),
        replace(ROW, n=6, mark=Mark.SKIPPED, step="fence"),
        replace(ROW, n=7, step="", mark=Mark.DONE, facts={"state": "done"}),
    ]
    for row in endings:
        asyncio.run(written.append(row))
    steps = store.read(lambda found: select(found, "steps"))
    assert [(row["step"], row["attempt"], row["mark"], row["seconds"], row["code"]) for row in steps] == [
        ("transfer", 3, "again", 1.5, "a.b"),
        ("transfer", 4, "begin", None, ""),
        ("transfer", 5, "done", 0.0, ""),
        ("fence", 3, "skipped", None, ""),
    ]


def test_events_are_noted(store: Store) -> None:
    journal.note(store, "wave-1", "lab/id-db01", "clock", "the clock jumped by 7 s")
    store.write(lambda found: None)
    [event] = store.read(lambda found: records.read_events(found, "wave-1"))
    assert (event.type, event.text) == ("clock", "the clock jumped by 7 s")
    assert store.read(lambda found: records.read_events(found, "wave-1", "lab/x")) == []


def test_receipts_are_kept(store: Store) -> None:
    begun(store)
    table = DiskTable(disk="d0", file="disk0.raw", size_bytes=1 << 30, data_bytes=1 << 20, root="ab", roots=("cd",))
    receipt = Receipt(run="wave-1", vm="lab/id-db01", name="db01", at="2026", level="read-back", read_back="O_DIRECT",
                      algorithm="blake3", copied=(table,), handed_over=(), facts={"a": [1]}, key="k")  # fmt: skip
    proofs.save_receipt(store, receipt, "/out/db01/receipt.json")
    proofs.save_receipt(store, receipt, "/out/db01/receipt.json")
    assert proofs.receipts(store, "wave-1") == [receipt]
    [row] = store.read(lambda found: select(found, "receipts"))
    assert (row["name"], row["size_bytes"], row["path"]) == ("wave-1/db01", 1 << 30, "/out/db01/receipt.json")


def test_an_engine_is_seen_alive_until_it_stops(store: Store) -> None:
    assert store.read(reading.engine) is None
    heart = Heartbeat(store)
    seen = store.read(reading.engine)
    assert seen is not None
    assert seen.lives
    heart.beat()
    heart.stop()
    seen = store.read(reading.engine)
    assert seen is not None
    assert not seen.lives


@pytest.mark.parametrize(
    ("change", "lives"),
    [
        ("born = born + 1", False),  # the pid was given to another process
        ("boot = 'another'", False),  # the machine was started again, and the beat is old
        ("host = 'elsewhere'", False),
        ("host = 'elsewhere', beat_at = '2999-01-01T00:00:00.000Z'", True),
    ],
)
def test_an_engine_is_not_taken_for_another_process(store: Store, change: str, lives: bool) -> None:
    Heartbeat(store)
    store.write(lambda found: found.execute("UPDATE engines SET beat_at = '2026-01-01T00:00:00.000Z'"))
    store.write(lambda found: found.execute(f"UPDATE engines SET {change}"))
    seen = store.read(reading.engine)
    assert seen is not None
    assert seen.lives == lives


def test_the_read_path_imports_only_the_standard_library() -> None:
    code = (
        "import sys, mtv.store.reading, mtv.store.records, mtv.store.query\n"
        "print([name for name in ('sqlite_utils', 'pydantic', 'cattrs', 'click', 'yaml') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
