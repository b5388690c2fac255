"""What the tests of workers share: tasks over small disks, and workers of the tests' own program."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mtv.converters.worker.local import LocalWorkers
from mtv.model.estate import Facts
from mtv.model.tasks import Op, Task, TaskDisk
from tests.converters.transfer.disks import MIB, Disk, fill, scattered
from tests.converters.worker import program

COMMAND = (sys.executable, str(Path(program.__file__)))
MakeTask = Callable[..., Task]


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """24 MiB, half of it data."""
    size_bytes = 24 * MIB
    source = fill(tmp_path / "source.raw", size_bytes, scattered(size_bytes, seed=3))
    return Disk(tmp_path / "scratch", source, fill(tmp_path / "target.raw", size_bytes, {}), way="test.nbdkit")


@pytest.fixture
def task(disk: Disk) -> MakeTask:
    def make(
        op: Op = "transfer", *, attempt: int = 1, zeroed: bool = False, guest: Facts | None = None,
        rate: int | None = None,
    ) -> Task:  # fmt: skip
        one = TaskDisk(
            id="disk-0", size_bytes=disk.size_bytes, volume=disk.volume(zeroed),
            export=disk.export() if op == "transfer" else None,
        )  # fmt: skip
        return Task(
            run="run-1", vm="s/1", name="ledger", step=op, attempt=attempt, epoch=1, op=op, disks=(one,),
            guest=guest or {}, scratch=str(disk.folder), rate_bytes_per_s=rate,
        )  # fmt: skip

    return make


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> LocalWorkers:
    monkeypatch.setattr("mtv.converters.worker.local.settings", program.limits)
    monkeypatch.setattr("mtv.toolsroot.needed", lambda: False)
    return LocalWorkers(COMMAND)
