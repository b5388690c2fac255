"""The in-process workers: resuming, identities, space, stopping, and tasks that are not for them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mtv import codec
from mtv.model.estate import Facts
from mtv.model.points import Export, Extent
from mtv.model.tasks import Ended, Event, Op, Task, TaskDisk
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.memory import MemoryTarget
from mtv.providers.memory.content import Run, content_at
from mtv.providers.memory.faults import Demand
from mtv.providers.memory.folder import Folder

SIZE = 1 << 20
SPEC = VolumeSpec(run="r", vm="s/1", machine="m", disk="d", index=0, size_bytes=SIZE)


def export(generation: int, kind: str = "random", way: str = "memory") -> Export:
    return Export(
        id="e", kind=kind, way=way, size_bytes=SIZE, identity=f"@{generation}",  # type: ignore[arg-type]
        params={"seed": 1, "disk": "1/d", "generation": generation},
    )  # fmt: skip


class Bench:
    def __init__(self, folder: Path) -> None:
        self.target = MemoryTarget("dst", str(folder))
        self.scratch = asyncio.run(self.target.scratch("r", "m"))
        self.volume: Volume = self.target.volumes.create(SPEC)
        self.attempt = 0

    def disk(self, generation: int, extents: Sequence[Extent] | None = None, zeroed: bool = False) -> TaskDisk:
        volume = replace(self.volume, zeroed=zeroed)
        told = None if extents is None else tuple(extents)
        return TaskDisk(id="d", size_bytes=SIZE, export=export(generation), volume=volume, extents=told)

    def work(
        self, op: Op, disk: TaskDisk, stop_after: int = 99, guest: Facts | None = None
    ) -> tuple[Ended, list[Event]]:
        self.attempt += 1
        task = Task(
            run="r", vm="s/1", name="m", step=op, attempt=self.attempt, epoch=self.attempt, op=op, disks=(disk,),
            scratch=self.scratch, guest=guest or {},
        )  # fmt: skip
        return asyncio.run(self._follow(task, stop_after))

    async def _follow(self, task: Task, stop_after: int) -> tuple[Ended, list[Event]]:
        worker = await self.target.start(task, {})
        seen = []
        async for event in self.target.events(worker):
            seen.append(event)
            if len(seen) == stop_after:
                await self.target.control(worker, {"stop": True})
        return codec.load(Ended, seen[-1].data), seen

    def holds(self, generation: int) -> bool:
        return self.target.volumes.get(self.volume).content == content_at(1, "1/d", SIZE, generation)

    def written(self) -> int:
        return self.target.volumes.get(self.volume).written_bytes


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def code(ended: Ended) -> str:
    return ended.fault.code if ended.fault else ""


def test_a_whole_disk_is_copied_and_read_back(bench: Bench) -> None:
    ended, events = bench.work("transfer", bench.disk(0, zeroed=True))
    assert ended.outcome == "done"
    assert bench.holds(0)
    assert bench.written() == content_at(1, "1/d", SIZE, 0).data_bytes, "holes stay holes"
    assert {event.type for event in events} == {"progress", "root", "end"}
    told = [(event.data["done_bytes"], event.data["total_bytes"]) for event in events if event.type == "progress"]
    assert told == sorted(told)
    assert told[-1] == (bench.written(), bench.written()), "progress tells of data, not of holes"
    assert bench.work("verify", bench.disk(0))[0].outcome == "done"


def test_a_stopped_worker_is_gone_on_with_where_it_was(bench: Bench) -> None:
    ended, _ = bench.work("transfer", bench.disk(0, zeroed=True), stop_after=3)
    assert ended.outcome == "cancelled"
    before = bench.written()
    assert before > 0
    assert bench.work("transfer", bench.disk(0))[0].outcome == "done"
    assert bench.holds(0)
    assert bench.written() == content_at(1, "1/d", SIZE, 0).data_bytes, "something was copied twice"


def test_a_delta_writes_what_it_was_told_and_no_more(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True))
    before = bench.written()
    new = content_at(1, "1/d", SIZE, 1)
    told = [Extent(run.offset, run.length) for run in new.differing(content_at(1, "1/d", SIZE, 0), 0, SIZE)]
    assert bench.work("transfer", bench.disk(1, told))[0].outcome == "done"
    assert bench.holds(1)
    assert bench.written() - before == sum(extent.length for extent in told)
    assert bench.work("verify", bench.disk(1, told))[0].outcome == "done"


def test_a_delta_that_forgets_something_is_what_verification_cannot_see(bench: Bench) -> None:
    """Why a cutover is audited: the journal holds what was told."""
    bench.work("transfer", bench.disk(0, zeroed=True))
    bench.work("transfer", bench.disk(1, []))
    assert bench.work("verify", bench.disk(1))[0].outcome == "done"
    assert not bench.holds(1)


def test_a_delta_without_its_base_compares_everything(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True))
    Folder(Path(bench.scratch)).drop("journal d")
    assert bench.work("transfer", bench.disk(1, []))[0].outcome == "done"
    assert bench.holds(1)


def test_a_source_that_changed_between_attempts_is_compared_not_gone_on_with(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True), stop_after=5)
    assert bench.work("transfer", bench.disk(2))[0].outcome == "done"
    assert bench.holds(2)


def test_another_volume_of_that_name_is_refused(bench: Bench) -> None:
    bench.target.volumes.remove(bench.volume)
    bench.target.volumes.create(SPEC)
    ended, _ = bench.work("transfer", bench.disk(0))
    assert (ended.outcome, code(ended)) == ("permanent", "target.volume-gone")


def test_a_new_volume_is_not_believed_to_hold_what_the_old_one_did(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True))
    bench.target.volumes.remove(bench.volume)
    bench.volume = bench.target.volumes.create(SPEC)
    assert code(bench.work("verify", bench.disk(0))[0]) == "verify.no-journal"
    bench.work("transfer", bench.disk(0))
    assert bench.holds(0)


def test_rot_is_found_in_data_and_in_holes(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True))
    good = bench.target.volumes.get(bench.volume).content
    for at in range(0, SIZE, SIZE // 16):
        bench.target.volumes.write(bench.volume, [Run(at, 1, "rot")])
        ended, _ = bench.work("verify", bench.disk(0))
        assert code(ended) == "verify.mismatch"
        assert ended.fault
        assert f"at byte {at}" in ended.fault.text
        bench.target.volumes.write(bench.volume, good.within(at, 1))
    assert bench.work("verify", bench.disk(0))[0].outcome == "done"


def test_no_space_is_held_and_what_is_written_stays(tmp_path: Path) -> None:
    data_bytes = content_at(1, "1/d", SIZE, 0).data_bytes
    (tmp_path / "target.json").write_text(f'{{"capacity_bytes": {data_bytes // 2}}}')
    bench = Bench(tmp_path)
    ended, _ = bench.work("transfer", bench.disk(0, zeroed=True))
    assert (ended.outcome, code(ended)) == ("hold", "target.no-space")
    assert 0 < bench.written() <= data_bytes // 2
    (tmp_path / "target.json").unlink()
    bench.work("transfer", bench.disk(0))
    assert bench.holds(0)


def test_conversion_interrupted_anywhere_ends_the_same(bench: Bench) -> None:
    bench.work("transfer", bench.disk(0, zeroed=True))
    guest: Facts = {"conversion": {"mode": "full"}, "guest": {}}
    for stop in (1, 2):
        assert bench.work("convert", bench.disk(0), stop, guest)[0].outcome == "cancelled"
    assert bench.work("convert", bench.disk(0), guest=guest)[0].outcome == "done"
    content = bench.target.volumes.get(bench.volume).content
    assert [run.stamp for run in content.differing(content_at(1, "1/d", SIZE, 0), 0, SIZE)] == ["full/s/1/d"]


def test_a_foreign_export_is_refused_by_its_way(bench: Bench) -> None:
    disk = replace(bench.disk(0), export=export(0, way="ova.vmdk"))
    ended, _ = bench.work("transfer", disk)
    assert (ended.outcome, code(ended)) == ("permanent", "memory.way")


def test_faults_on_demand_meet_an_operation_between_its_events(bench: Bench) -> None:
    bench.target.faults.demand(Demand(call="transfer", after=2))
    ended, events = bench.work("transfer", bench.disk(0, zeroed=True))
    assert (ended.outcome, code(ended)) == ("temporary", "memory.temporary")
    assert len(events) == 3


def test_a_worker_that_was_lost_with_its_engine_is_seen_as_such(bench: Bench, tmp_path: Path) -> None:
    task = Task(
        run="r", vm="s/1", name="m", step="transfer", attempt=1, epoch=1, op="transfer", disks=(bench.disk(0),),
        scratch=bench.scratch,
    )  # fmt: skip
    worker = asyncio.run(bench.target.start(task, {}))
    after = MemoryTarget("dst", str(tmp_path))
    assert asyncio.run(after.stop(worker)).fault == asyncio.run(after.stop(worker)).fault
    assert code(asyncio.run(after.stop(worker))) == "worker.lost"


def test_tidying_forgets_ended_workers_and_no_others(bench: Bench, tmp_path: Path) -> None:
    bench.work("transfer", bench.disk(0))
    assert list(tmp_path.glob("workers/*"))
    asyncio.run(bench.target.tidy("r", "other"))
    assert list(tmp_path.glob("workers/*"))
    asyncio.run(bench.target.tidy("r", "m"))
    assert not list(tmp_path.glob("workers/*"))
