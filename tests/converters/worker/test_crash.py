"""kill -9 of a worker, and of its nbdkit, at random progress with a slowed source: the next attempt ends with equal
hashes and reads no block again that the journal held. What was read is told by nbdkit's own log."""

import asyncio
import os
import random
import re
import signal
from pathlib import Path

import pytest

from mtv import codec, process
from mtv.converters.transfer.journal import known, records
from mtv.converters.worker import lock
from mtv.converters.worker.local import LocalWorkers
from mtv.model.tasks import BLOCK_BYTES, Ended, Task
from tests.converters.transfer.disks import MIB, Disk
from tests.converters.worker.conftest import MakeTask

pytestmark = pytest.mark.slow  # each 2 to 3 s, and there are many

KILLS = 8
READ = re.compile(r" Read .*offset=0x([0-9a-f]+) count=0x([0-9a-f]+)")


def slowed(log: Path) -> dict[str, str]:
    return {"filters": "log delay rate", "options": f"logfile={log} logappend=true rdelay=5ms rate=256M"}


def journalled(disk: Disk) -> set[int]:
    return set(known.read(records.path(disk.folder, "disk-0"), disk.size_bytes).done)


def blocks_read(log: Path) -> set[int]:
    """Blocks that a request touched; the probes of the server's distance are 512 bytes long and no copy."""
    found = set()
    for offset, count in READ.findall(log.read_text()) if log.exists() else []:
        if int(count, 16) > 512:
            found |= set(
                range(int(offset, 16) // BLOCK_BYTES, (int(offset, 16) + int(count, 16) - 1) // BLOCK_BYTES + 1)
            )
    return found


async def killed(workers: LocalWorkers, task: Task, at_bytes: int, who: str) -> Ended:
    """That attempt, with a kill -9 once it has copied so much."""
    name = await workers.start(task, {})
    pid, is_done, end = 0, False, None
    async for event in workers.events(name):
        if event.type == "hello":
            pid = int(str(event.data["pid"]))
        if event.type == "progress" and not is_done and int(str(event.data["done_bytes"])) >= at_bytes:
            is_done = True
            victims = [pid] if who == "worker" else nbdkits(pid)
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
        if event.type == "end":
            end = codec.load(Ended, event.data)
    assert end
    return end


def nbdkits(worker: int) -> list[int]:
    return [
        child for child in process.descendants(worker) if Path(f"/proc/{child}/comm").read_text().strip() == "nbdkit"
    ]


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_worker_is_gone_on_with(
    workers: LocalWorkers, task: MakeTask, disk: Disk, tmp_path: Path, seed: int
) -> None:
    at_bytes = random.Random(seed).randrange(MIB, 7 * MIB)
    disk.options = slowed(tmp_path / "first.log")
    end = asyncio.run(killed(workers, task(zeroed=True, rate=8 * MIB), at_bytes, "worker"))
    assert end.outcome == "temporary"
    assert process.tagged(lock.TAG, str(lock.lock_path(disk.folder))) == []
    safe = journalled(disk)
    assert safe or at_bytes < 4 * MIB

    second = tmp_path / "second.log"
    disk.options = slowed(second)
    end = asyncio.run(killed(workers, task(attempt=2), disk.size_bytes, "nobody"))
    assert end.outcome == "done"
    assert disk.is_equal()
    assert blocks_read(second) & safe == set()
    verified = asyncio.run(killed(workers, task("verify"), disk.size_bytes, "nobody"))
    assert verified.outcome == "done"


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_nbdkit_is_opened_again_by_the_same_worker(
    workers: LocalWorkers, task: MakeTask, disk: Disk, tmp_path: Path, seed: int
) -> None:
    at_bytes = random.Random(seed).randrange(MIB, 7 * MIB)
    disk.options = slowed(tmp_path / "log")
    end = asyncio.run(killed(workers, task(zeroed=True, rate=8 * MIB), at_bytes, "nbdkit"))
    assert end.outcome == "done"
    assert disk.is_equal()
    with records.path(disk.folder, "disk-0").open("rb") as file:
        told = [row.offset for row, _ in records.decode(file) if row.kind is records.Kind.BLOCK]
    assert len(told) == len(set(told))


def test_worker_after_worker_killed_the_copy_still_ends(
    workers: LocalWorkers, task: MakeTask, disk: Disk, tmp_path: Path
) -> None:
    """Each attempt starts where the last durable byte was: five kills in a row, and no block copied twice."""
    disk.options = slowed(tmp_path / "log")
    for attempt in range(1, 6):
        before = len(journalled(disk)) * MIB
        one = task(attempt=attempt, zeroed=attempt == 1, rate=16 * MIB)
        asyncio.run(killed(workers, one, before // 2 + 2 * MIB, "worker"))
    end = asyncio.run(killed(workers, task(attempt=6), disk.size_bytes, "nobody"))
    assert end.outcome == "done"
    assert disk.is_equal()
    with records.path(disk.folder, "disk-0").open("rb") as file:
        told = [row.offset for row, _ in records.decode(file) if row.kind is records.Kind.BLOCK]
    assert len(told) == len(set(told))
