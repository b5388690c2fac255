"""`mtv inspect`: what its worker is lent, and how its point is called."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from mtv.model.estate import VM, Disk
from mtv.model.points import Export, Point
from mtv.model.tasks import Ended, Event, Task
from mtv.verbs import inspecting


class Source:
    """It lends a secret, and keeps the names of its points."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.gone: list[str] = []

    def lends(self) -> Mapping[str, bytes]:
        return {"copy-password": b"swordfish"}

    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        self.made.append(name)
        return Point(id=name, vm=vm.id, identity="i")

    async def export(self, point: Point, disk: Disk) -> Export:
        return Export(
            id=disk.key, kind="random", way="some", size_bytes=disk.size_bytes, identity="i", secrets=("copy-password",)
        )

    async def release(self, point: Point) -> None:
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
