"""`mtv inspect`: what its worker is lent, and how its point is called."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pytest

from mtv.errors import CheckFailed, MtvError, Temporary
from mtv.model.estate import VM, Disk
from mtv.model.points import Export, Point
from mtv.model.tasks import Ended, Event, Task
from mtv.verbs import inspecting


class Source:
    """It lends a secret, and keeps the names of its points."""

    name = "vc01"

    def __init__(self, fails: MtvError | None = None) -> None:
        self.fails = fails
        self.made: list[str] = []
        self.gone: list[str] = []

    def lends(self) -> Mapping[str, bytes]:
        return {"copy-password": b"swordfish"}

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        self.made.append(name)
        if self.fails:
            raise self.fails
        return Point(id=name, vm=vm.id, identity="i")

    async def export(self, point: Point, disk: Disk) -> Export:
        return Export(
            id=disk.key, kind="random", way="some", size_bytes=disk.size_bytes, identity="i", secrets=("copy-password",)
        )

    async def release(self, point: Point) -> None:
        if self.fails:
            raise self.fails
        self.gone.append(point.id)


class Workers:
    given: Sequence[Mapping[str, bytes]] = ()

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        Workers.given = [*Workers.given, secrets]
        return "w1"

    async def events(self, worker: str) -> AsyncIterator[Event]:
        none: Sequence[Event] = ()
        for event in none:
            yield event

    async def stop(self, worker: str) -> Ended:
        return Ended(outcome="done", facts={"guest": {}})


ONE = VM(source="vc01", id="vm-1", name="one", disks=(Disk(key="2000", size_bytes=1 << 20),))


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    monkeypatch.setattr(inspecting, "LocalWorkers", Workers)
    monkeypatch.setattr(Workers, "given", ())
    return Source()


def test_the_worker_is_lent_what_the_source_lends(source: Source) -> None:
    asyncio.run(inspecting._look(source, ONE))
    assert Workers.given == [{"copy-password": b"swordfish"}]
    assert source.gone == source.made


def test_two_looks_at_once_are_told_apart(source: Source) -> None:
    for _ in range(2):
        asyncio.run(inspecting._look(source, ONE))
    assert len(set(source.made)) == 2
    assert {one.partition("~")[0] for one in source.made} == {"mtv-inspect"}


@pytest.mark.usefixtures("source")
def test_what_a_look_left_is_removed_by_the_next_one_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It could not be removed at once, nor by the first that tried it."""
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    broken, mended = Source(fails=Temporary("source.slow", "too slow")), Source()
    with pytest.raises(Temporary):
        asyncio.run(inspecting._look(broken, ONE))
    asyncio.run(inspecting.drop_abandoned(broken))
    assert "is still there: too slow" in caplog.text
    asyncio.run(inspecting.drop_abandoned(mended))
    assert mended.gone == broken.made
    assert f"one: the point {broken.made[0]} that an `mtv inspect` left when it died is removed" in caplog.text
    asyncio.run(inspecting.drop_abandoned(mended))
    assert len(mended.gone) == 1


def test_a_vm_that_is_refused_leaves_nothing_to_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store.db"))
    with pytest.raises(CheckFailed):
        asyncio.run(inspecting._look(Source(fails=CheckFailed("source.no-way", "none")), ONE))
    later = Source()
    asyncio.run(inspecting.drop_abandoned(later))
    assert later.gone == []
