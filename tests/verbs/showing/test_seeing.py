"""Rows of the store as views."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtv.model.tasks import DiskProgress
from mtv.store.journal import Progress
from mtv.store.runs import Heartbeat, create_run
from mtv.store.store import Store
from mtv.verbs.showing import seeing
from tests.store.made import plan, vm


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    with Store(tmp_path / "store.db") as made:
        create_run(made, plan(vm("db01")), [(("transfer", "copy the disks"),)])
        yield made


@pytest.mark.parametrize(("counted", "shown"), [(False, (300, 0, None, None)), (True, (300, 400, 75, 1.0))])
def test_share_and_time_left_are_told_once_all_disks_are_counted(
    store: Store, counted: bool, shown: tuple[int, int, int | None, float | None]
) -> None:
    told = Progress(store, "wave-1", "lab/id-db01")
    for second in range(4):
        told.tell("transfer", DiskProgress(disk="d0", done_bytes=second * 100, total_bytes=300), second)
        told.tell("transfer", DiskProgress(disk="d1", done_bytes=0, total_bytes=100, counted=counted), second)
    store.write(lambda found: found.execute("UPDATE migrations SET state = 'running', step = 'transfer'"))
    heart = Heartbeat(store)
    [one] = seeing.view("wave-1").migrations
    assert (one.done_bytes, one.total_bytes, one.percent, one.eta_s) == shown
    assert one.rate_bytes_per_s == pytest.approx(100)
    heart.stop()
    [one] = seeing.view("wave-1").migrations
    assert (one.done_bytes, one.rate_bytes_per_s, one.eta_s) == (300, None, None), "nobody drives it: nothing moves"


def test_each_disk_has_its_own_rate_and_time_left(store: Store) -> None:
    """One is copied four times as fast as the other, and a third is still being counted."""
    told = Progress(store, "wave-1", "lab/id-db01")
    for second in range(4):
        told.tell("transfer", DiskProgress(disk="d0", done_bytes=second * 400, total_bytes=2000), second)
        told.tell("transfer", DiskProgress(disk="d1", done_bytes=second * 100, total_bytes=500), second)
        told.tell("transfer", DiskProgress(disk="d2", done_bytes=0, total_bytes=7, counted=False), second)
    store.write(lambda found: found.execute("UPDATE migrations SET state = 'running', step = 'transfer'"))
    heart = Heartbeat(store)
    [one] = seeing.view("wave-1").migrations
    assert [(disk.disk, disk.percent, disk.rate_bytes_per_s, disk.eta_s) for disk in one.disks] == [
        ("d0", 60, 400.0, 2.0), ("d1", 60, 100.0, 2.0), ("d2", None, None, None),
    ]  # fmt: skip
    assert (one.rate_bytes_per_s, one.total_bytes) == (500.0, 0)
    heart.stop()
    [one] = seeing.view("wave-1").migrations
    assert [disk.rate_bytes_per_s for disk in one.disks] == [None] * 3


@pytest.mark.parametrize(("state", "bytes_left"), [("held", 300), ("done", 300), ("cancelled", 0), ("rolled-back", 0)])
def test_of_what_was_undone_no_bytes_are_left(store: Store, state: str, bytes_left: int) -> None:
    told = Progress(store, "wave-1", "lab/id-db01")
    told.tell("transfer", DiskProgress(disk="d0", done_bytes=300, total_bytes=300), 0)
    store.write(lambda found: found.execute("UPDATE migrations SET state = ?, step = 'transfer'", (state,)))
    [one] = seeing.view("wave-1").migrations
    assert (one.done_bytes, one.total_bytes, len(one.disks)) == (bytes_left, bytes_left, int(bytes_left > 0))
