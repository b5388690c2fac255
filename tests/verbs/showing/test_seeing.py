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
