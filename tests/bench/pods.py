"""Workers in Pods of a real cluster: one beside the same worker as a process of this machine, and several beside one.
What they read lies on a claim, and so does what they write; all of it on one disk."""

import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from mtv.model.points import Export, Mount
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.ova.reading.pieces import Piece, Stamp
from mtv.providers.ova.reading.stored import Stored
from mtv.times import moment
from tests.bench import ours
from tests.bench.pairs import Figure, compare
from tests.bench.places import GIB, MIB, Place
from tests.kube.cluster import Cluster, Namespace, cluster
from tests.kube.images.worker import worker_image
from tests.kube.pods import claimed, place

SIZE, SLOW_SIZE = GIB, 400 * MIB
SLOW_BYTES_PER_S = 40_000_000
CLAIM, FILE, THERE = "exports", "disk.raw", Path("/source")
RUN, CLASS = "bench", "csi-wffc"


@contextmanager
def lab(at: Place) -> Iterator["Lab"]:
    with cluster(at.folder, at.folder) as up, up.namespace("bench") as namespace, chosen(up):
        source = at.folder / FILE
        with source.open("wb") as file:
            for _ in range(SIZE // MIB):
                file.write(os.urandom(MIB))
        claimed(namespace, CLAIM, [source])
        source.unlink()
        yield Lab(at, up, namespace, place(namespace, CLAIM) / FILE)


@contextmanager
def chosen(up: Cluster) -> Iterator[None]:
    image = worker_image()
    up.load(image.tar)
    asked = {"MTV_WORKER_IMAGE": image.name, "MTV_WORKER_PULL": "Never", "MTV_WORKER_SCRATCH_CLASS": CLASS}
    os.environ.update(asked)
    try:
        yield
    finally:
        for name in asked:
            del os.environ[name]


@dataclass
class Lab:
    at: Place
    up: Cluster
    namespace: Namespace
    source: Path
    vms: int = 0
    starts_s: list[float] = field(default_factory=list)  # from a Job's making to its worker's first word

    def export(self, path: Path, size_bytes: int) -> Export:
        stored = Stored(
            what="bench", image="raw", size_bytes=size_bytes,
            pieces=(Piece(path=str(path), offset=0, length=size_bytes),),
            stamps=(Stamp(path=str(path), inode=0, size=SIZE, mtime_ns=0),),
        )  # fmt: skip
        mounts = (
            (Mount(claim=f"{self.namespace.name}/{CLAIM}", inside="", at=str(THERE)),)
            if path.is_relative_to(THERE)
            else ()
        )
        return Export(
            id="disk", kind="random", way=stored.way, size_bytes=size_bytes, identity=os.urandom(4).hex(),
            params=stored.params(), mounts=mounts,
        )  # fmt: skip

    def near(self) -> float:
        """The work of a process of this machine."""
        ours.clear(self.at.folder / "scratch")
        target = ours.volume(str(self.at.empty_target(SIZE)), SIZE, zeroed=True)
        return ours.work("transfer", self.at.folder / "scratch", target, self.export(self.source, SIZE)).work_s

    def in_a_pod(self) -> float:
        """The same work in a Pod."""
        (done,) = asyncio.run(self._side_by_side(1, SIZE, None))
        return done.work_s

    def held(self, pods: int) -> float:
        """Seconds that as many Pods take, each held to its speed, for the bytes of one."""
        done = asyncio.run(self._side_by_side(pods, SLOW_SIZE, SLOW_BYTES_PER_S))
        return (max(one.ended_s for one in done) - min(one.began_s for one in done)) / pods

    async def _side_by_side(self, pods: int, size_bytes: int, rate: int | None) -> "Sequence[Worked]":
        target = KubeVirt("lab", str(self.up.kubeconfig))
        target.house(self.namespace.name, RUN)
        self.vms += pods
        names = [f"vm-{number}" for number in range(self.vms - pods, self.vms)]
        try:
            return await asyncio.gather(*(self._work(target, name, size_bytes, rate) for name in names))
        finally:
            await target.close()

    async def _work(self, target: KubeVirt, name: str, size_bytes: int, rate: int | None) -> "Worked":
        spec = VolumeSpec(
            run=RUN,
            vm=f"b/{name}",
            machine=name,
            disk="disk",
            index=0,
            size_bytes=size_bytes,
            to=CLASS,
            mode="Filesystem",
        )
        made = await target.create(spec)
        scratch = await target.scratch(RUN, name, [spec])
        disk = TaskDisk(id="disk", size_bytes=size_bytes, volume=made, export=self.export(THERE / FILE, size_bytes))
        task = Task(
            run=RUN, vm=spec.vm, name=name, step="transfer", attempt=1, epoch=1, op="transfer", disks=(disk,),
            rate_bytes_per_s=rate, scratch=scratch,
        )  # fmt: skip
        since = time.time()
        worker = await target.start(task, {})
        said = {event.type: moment(event.at).timestamp() async for event in target.events(worker)}
        ended = await target.stop(worker)
        if ended.outcome != "done":
            raise RuntimeError(str(ended.fault))
        self.starts_s.append(said["hello"] - since)
        await target.remove(made)
        await target.tidy(RUN, name)
        return Worked(ended.seconds["work"], said["hello"], said["hello"] + ended.seconds["total"])


@dataclass(frozen=True)
class Worked:
    work_s: float
    began_s: float  # since the epoch, by the one clock of this machine
    ended_s: float


def pods(at: Place) -> list[Figure]:
    with lab(at) as there:
        one = compare(
            "one disk, 1 GiB full of data, off a claim onto a claim by a Job in a Pod, hash and journal",
            "the same worker as a process of this machine", there.in_a_pod, there.near, rounds=at.rounds, goal=0.9,
        )  # fmt: skip
        told = f"{one.ours}, and {statistics.median(there.starts_s):.3f} s from the Job to its first word"
        return [replace(one, ours=told), *(_several(there, number, goal) for number, goal in ((2, 1.9), (4, 3.6)))]


def _several(there: Lab, number: int, goal: float) -> Figure:
    return compare(
        f"{number} worker Pods at a time, each held to 40 MB/s, hash and journal", "one of them",
        lambda: there.held(number), lambda: there.held(1), rounds=there.at.rounds, goal=goal, warm_up=False,
    )  # fmt: skip
