"""`mtv verify` of a run whose disks lie in a cluster: a worker there tells what they hold."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import providers
from mtv.cli import main
from mtv.converters.receipts import keys, signing
from mtv.converters.transfer.hashing import hash_disks
from mtv.converters.transfer.tables import disk_table
from mtv.converters.worker.job import Job
from mtv.model.estate import Disk, Json
from mtv.model.faults import Fault
from mtv.model.outcomes import Mark, Row
from mtv.model.receipts import Receipt
from mtv.model.tasks import Ended, Event, Task, worker_name
from mtv.model.volumes import Machine, Volume, VolumeSpec
from mtv.settings import settings
from mtv.store import proofs
from mtv.store.journal import StoreJournal
from mtv.store.records import Digest
from mtv.store.runs import create_run
from mtv.store.store import Store
from tests.converters.transfer.disks import MIB, fill
from tests.converters.transfer.test_transfer import table_of
from tests.store.made import plan, vm

RUN, SIZE_BYTES = "wave-1", 3 * MIB + 512
WORKER = worker_name(RUN, "lab/id-db01", "reread", 1)
DISKS = (Disk(key="d0", size_bytes=SIZE_BYTES), Disk(key="d1", size_bytes=SIZE_BYTES, blank=True))


class Cluster:
    """One target for a test: its claims are files. What is done to it is written down."""

    kind, namespaced = "far", True
    folder, state = Path(), "halted"
    said: list[str] = []
    ended: Ended | None = None

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes]) -> None:
        self.name = name
        self._task: Task | None = None

    def house(self, namespace: str, run: str = "") -> None:
        self.said.append(f"house {namespace} {run}")

    async def machine(self, name: str) -> Machine:
        return Machine(name=name, state=self.state, path=f"lab/{name}")

    async def find(self, spec: VolumeSpec) -> Volume | None:
        path = self.folder / spec.disk
        if not path.exists():
            return None
        return Volume(
            id=f"lab/{spec.name}", disk=spec.disk, index=spec.index, size_bytes=spec.size_bytes, format="raw",
            path=str(path), identity="uid",
        )  # fmt: skip

    async def scratch(self, run: str, machine: str, disks: Sequence[VolumeSpec] = ()) -> str:
        self.said.append("scratch")
        return str(self.folder)

    async def tidy(self, run: str, machine: str) -> None:
        self.said.append(f"tidy {run} {machine}")

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        assert (task.op, dict(secrets)) == ("hash", {})
        self._task = task
        self.said.append(f"start {task.epoch}")
        return WORKER

    async def events(self, worker: str) -> AsyncIterator[Event]:
        told: Mapping[str, Json] = {"disk": "d0", "done_bytes": MIB, "total_bytes": 2 * MIB}
        yield Event(seq=1, at="", type="progress", data=told)

    async def stop(self, worker: str) -> Ended:
        assert worker == WORKER
        self.said.append("stop")
        if self._task is None:
            return Ended(outcome="cancelled", fault=Fault("worker.stopped", "no such worker runs"))
        folder = self.folder / "task"
        folder.mkdir(exist_ok=True)
        job = Job(
            task=self._task, folder=folder, scratch=self.folder, openers={}, checks={}, say=lambda kind, data: None,
            stopping=lambda: False, rate_bytes_per_s=lambda: None,
        )  # fmt: skip
        return self.ended or Ended(outcome="done", facts=hash_disks(job))

    async def close(self) -> None:
        return


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[Cluster]:
    class Own(Cluster):
        folder, said = tmp_path / "claims", []

    Own.folder.mkdir()
    fill(Own.folder / "d0", SIZE_BYTES, {0: b"some data" * 1000, MIB + 4096: bytes(4096), SIZE_BYTES - 9: b"the end"})
    fill(Own.folder / "d1", SIZE_BYTES, {})
    monkeypatch.setattr(providers, "load", lambda end, kind: Own)
    return Own


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: type[Cluster]) -> Iterator[Store]:
    """VM db01 is in probation, and its receipt says what its claims hold."""
    monkeypatch.setenv("MTV_DATA", str(tmp_path / "data"))
    settings().store.parent.mkdir(parents=True)
    with Store(settings().store) as made:
        found = replace(plan(vm("db01", disks=DISKS)), target="memory:far", namespace="lab")
        create_run(made, found, [(("create-vm", "create the VM"),)])
        journal = StoreJournal(made, RUN, "lab/id-db01", lambda rows: Digest(
            state="probation", step="", round=1, attempt=0, why="", code="", hint="", until=""
        ))  # fmt: skip
        facts = {"machine": "db01", "path": "lab/db01"}
        row = Row(n=7, step="create-vm", round=1, attempt=1, undo=False, at="2026-01-01T00:00:00Z", mark=Mark.DONE)
        asyncio.run(journal.append(replace(row, facts=facts)))
        sign(made, cluster.folder)
        yield made


def sign(store: Store, folder: Path) -> None:
    told = tuple(disk_table(table_of(folder / one.key), one.key, f"lab/db01-{one.key}") for one in DISKS)
    receipt = Receipt(
        run=RUN, vm="lab/id-db01", name="db01", at="2026-01-01T00:00:00Z", level="read-back", read_back="O_DIRECT",
        algorithm="blake3", copied=told, handed_over=told,
    )  # fmt: skip
    proofs.save_receipt(store, signing.sign(receipt, keys.signer(settings().keys)))


def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, object]], str]:
    code = main(["verify", RUN, "-o", "json"])
    said = capsys.readouterr()
    return code, json.loads(said.out or "[]"), said.err


def test_disks_that_are_as_they_were_handed_over_are_the_same(
    store: Store, cluster: type[Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    code, rows, said = verified(capsys)
    assert (code, [(row["disk"], row["verdict"], row["fault"]) for row in rows]) == (
        0,
        [("d0", "same", ""), ("d1", "same", "")],
    ), said
    assert f"held against {RUN}/db01 in the store" in said
    assert cluster.said == [f"house lab {RUN}", "scratch", "stop", "start 7", "stop"], "its scratch claim stays"


def test_a_byte_that_changed_is_found(store: Store, cluster: type[Cluster], capsys: pytest.CaptureFixture[str]) -> None:
    with (cluster.folder / "d1").open("r+b") as file:
        file.seek(2 * MIB)
        file.write(b"x")
    code, rows, said = verified(capsys)
    assert (code, [row["verdict"] for row in rows]) == (4, ["same", "differs"])
    assert "VM 'db01', disk 'd1': holds something else than was handed over" in said


def test_what_cannot_be_read_is_no_success_and_no_difference(
    store: Store, cluster: type[Cluster], capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.state = "running"
    code, rows, said = verified(capsys)
    assert (code, {row["verdict"] for row in rows}) == (4, {"unread"})
    assert "lab/db01 is running: the disks of a VM are read while it is off" in said
    cluster.state = "absent"
    (cluster.folder / "d1").unlink()
    assert "its claim db01-disk1 is gone, or is not ours any more" in verified(capsys)[2]
    assert not any(one.startswith("start") for one in cluster.said)
    fill(cluster.folder / "d1", SIZE_BYTES, {})
    cluster.ended = Ended(outcome="temporary", fault=Fault("worker.evicted", "its Pod was evicted"))
    code, rows, said = verified(capsys)
    assert (code, rows[0]["verdict"], rows[0]["fault"]) == (4, "unread", "its Pod was evicted (worker.evicted)")


def test_what_was_made_for_it_goes_where_the_migration_is_over(store: Store, cluster: type[Cluster]) -> None:
    store.write(lambda rows: rows.execute("UPDATE migrations SET state = 'done'"))
    assert main(["verify", RUN]) == 0
    assert cluster.said[-1] == f"tidy {RUN} db01"


def test_a_receipt_that_was_changed_is_not_held_against_anything(store: Store, cluster: type[Cluster]) -> None:
    store.write(lambda rows: rows.execute("UPDATE receipts SET doc = replace(doc, 'O_DIRECT', 'faith')"))
    assert main(["verify", RUN]) == 4
    assert cluster.said == []
