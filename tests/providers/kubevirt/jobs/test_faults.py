"""Never two writers: whatever becomes of a worker, no line of it comes after the first one of the next."""

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mtv import process
from mtv.model.tasks import Ended, worker_name
from mtv.providers.kubevirt.jobs import pods
from mtv.providers.kubevirt.jobs.crew import Crew
from tests.kube.cluster import Namespace
from tests.kube.pods import claim
from tests.kube.test_cluster import node_ready
from tests.kube.waiting import until
from tests.providers.kubevirt.jobs import writer
from tests.providers.kubevirt.jobs.conftest import Engine, run
from tests.providers.kubevirt.jobs.filed import task

SCRIPT = Path(writer.__file__).read_text()
HASH10 = worker_name("r-1", "s/vm-1", "transfer", 1).split("-")[1]
OUT = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}


class Bench:
    def __init__(self, engine: Engine, image: str) -> None:
        self.kube: Namespace = engine.kube
        self.crew: Crew = engine.crew("", image=image, command=("python3", "-c", SCRIPT))
        scratch = claim(f"mtv-{HASH10}-scratch", "16Mi", "Filesystem", "csi-wffc")
        self.kube.api.create("persistentvolumeclaims", self.kube.name, scratch)

    async def start(self, attempt: int) -> str:
        """Until it writes."""
        worker = await self.crew.start(task(attempt, attempt=attempt), {})
        async for event in self.crew.events(worker):
            assert event.type == "hello", event
            break
        until_s = time.monotonic() + 20
        while worker not in await asyncio.to_thread(self.written):
            assert time.monotonic() < until_s, "it did not begin to write"
            await asyncio.sleep(0.05)
        return worker

    def written(self) -> list[str]:
        found = self.kube.api.get("persistentvolumeclaims", self.kube.name, f"mtv-{HASH10}-scratch")
        file: Path = self.kube.cluster.layout.volumes / found["spec"]["volumeName"] / "written"
        return file.read_text().split() if file.exists() else []

    def processes(self, worker: str) -> list[int]:
        """Keeper, worker and its child, as this machine numbers them: those that lie in a Pod of that name."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    said = (entry / "environ").read_bytes()
                except OSError:
                    continue
                if f"HOSTNAME={worker}-".encode() in said:
                    found.append(int(entry.name))
        return sorted(found)

    def cut(self, worker: str) -> None:
        """Its Pod's network goes down while it writes."""
        argv = ["nsenter", "-t", str(self.processes(worker)[0]), "-n", "ip", "link", "set", "eth0", "down"]
        subprocess.run(argv, check=True)


def kill_keeper(bench: Bench, worker: str) -> None:
    os.kill(bench.processes(worker)[0], signal.SIGKILL)


def kill_worker(bench: Bench, worker: str) -> None:
    os.kill(bench.processes(worker)[1], signal.SIGKILL)


def kill_all(bench: Bench, worker: str) -> None:
    process.kill(bench.processes(worker))


def stop_keeper(bench: Bench, worker: str) -> None:
    os.kill(bench.processes(worker)[0], signal.SIGSTOP)


def remove_pod(bench: Bench, worker: str) -> None:
    for pod in bench.kube.api.items("pods", bench.kube.name, labelSelector=f"mtv/worker={worker}"):
        bench.kube.api.delete("pods", bench.kube.name, pod["metadata"]["name"], gracePeriodSeconds=1)


FAULTS: tuple[Callable[[Bench, str], None], ...] = (
    kill_keeper, kill_worker, kill_all, stop_keeper, remove_pod, Bench.cut,
)  # fmt: skip


def in_turn(written: list[str]) -> bool:
    """Each one's lines stand together."""
    order = list(dict.fromkeys(written))
    return sorted(written, key=order.index) == written


async def struck(bench: Bench, attempt: int, fault: Callable[[Bench, str], None]) -> Ended:
    worker = await bench.start(attempt)
    fault(bench, worker)
    async for event in bench.crew.events(worker):
        if event.type == "end":
            break
    return await bench.crew.stop(worker)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10, pytest.param(50, marks=pytest.mark.soak)])
def test_writers_come_one_after_the_other_whatever_ends_them(
    engine: Engine, worker_image: str, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    monkeypatch.setattr(pods, "GRACE_S", 2)  # what is frozen hears no TERM, and is killed after it
    bench, chance = Bench(engine, worker_image), random.Random(kills)
    faults = [*FAULTS, *chance.choices(FAULTS, k=kills - len(FAULTS))]
    chance.shuffle(faults)

    async def all_() -> list[str]:
        outcomes = []
        for place, fault in enumerate(faults):
            ended = await struck(bench, place + 1, fault)
            assert ended.fault, (fault, ended)
            outcomes.append(f"{fault.__name__}: {ended.fault.code}")
        return outcomes

    outcomes = run(all_())
    written = bench.written()
    assert len(set(written)) == kills, outcomes
    assert in_turn(written), outcomes
    assert "cut: worker.lease-lapsed" in outcomes


@pytest.mark.slow
def test_after_a_taint_that_lied_the_next_one_waits_for_the_lease_of_the_first(
    engine: Engine, worker_image: str
) -> None:
    """The node's kubelet is stopped, and somebody says that the node is out of service: its Pods are forgotten, and its
    containers write on. Nobody sees them end; their lease does."""
    bench = Bench(engine, worker_image)

    async def both() -> Ended:
        first = await bench.start(1)
        try:
            with bench.kube.cluster.stopped("kubelet"):
                until(bench.kube.api, "nodes", None, "localhost", lambda one: not node_ready(one))
                [pod] = bench.kube.api.items("pods", bench.kube.name)
                bench.kube.api.patch("nodes", None, "localhost", {"spec": {"taints": [OUT]}})
                until(bench.kube.api, "pods", bench.kube.name, pod["metadata"]["name"], None)
                at_loss = len(bench.written())
                async for event in bench.crew.events(first):
                    if event.type == "end":
                        break
                ended = await bench.crew.stop(first)
                stopped = bench.written()
        finally:
            bench.kube.api.patch("nodes", None, "localhost", {"spec": {"taints": None}})
        assert len(stopped) > at_loss, "it wrote on after its Pod was gone"
        await bench.start(2)
        assert bench.written()[: len(stopped)] == stopped
        assert bench.written().count(first) == len(stopped), "not a line after its lease"
        return ended

    ended = run(both())
    assert in_turn(bench.written())
    assert ended.fault
    assert ended.fault.code == "worker.node-lost"


def test_order_is_told_from_disorder() -> None:
    assert in_turn(["a", "a", "b"])
    assert not in_turn(["a", "b", "a"])
