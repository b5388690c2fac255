"""A crew in the test's namespace of a real cluster, whose workers are scripts of a shell."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from mtv import codec
from mtv.model.plans import WorkerChoice
from mtv.model.tasks import Ended, Event, Task
from mtv.providers.kubevirt.connect.address import read_address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.jobs.crew import Crew
from mtv.providers.kubevirt.jobs.desk import Desk, Waits
from mtv.providers.kubevirt.jobs.sight import Sight
from mtv.providers.kubevirt.wire.api import Api
from tests.kube.cluster import Namespace
from tests.kube.pods import IMAGE
from tests.providers.kubevirt.jobs.filed import task

T = TypeVar("T")
LEASE_S = 4
SHORT = Waits(start_s=20, patience=0.01, events_s=0.5, end_s=5, look_s=0.5, lapse_s=1, silence_s=2)
WAIT = "trap 'exit 0' TERM; sleep 60 & wait"  # the first process of a Pod hears no TERM by itself
HELLO = """'{"v":1,"seq":0,"at":"2026-01-01T00:00:00.000Z","type":"hello","op":"transfer"}'"""
DONE = """'{"v":1,"seq":1,"at":"2026-01-01T00:00:01.000Z","type":"end","outcome":"done","bytes":7}'"""


@dataclass
class Engine:
    """One engine's process; another one knows nothing of it."""

    kube: Namespace
    waits: Waits
    apis: list[Api] = field(default_factory=list)

    def crew(self, script: str, **choice: object) -> Crew:
        given = {"image": IMAGE, "pull": "Never", "command": ("sh", "-c", script), "lease_s": LEASE_S, **choice}
        api = Api(find(read_address(str(self.kube.cluster.kubeconfig))))
        self.apis.append(api)
        asked = WorkerChoice(**given)  # type: ignore[arg-type]
        return Crew(Desk(api, self.kube.name, asked, Sight(api, self.kube.name), self.waits))

    def work(self, crew: Crew, attempt: int = 1) -> tuple[list[Event], Ended]:
        """A worker from its start to its end, as a step employs one."""
        return run(self._work(crew, scripted(attempt)))

    async def _work(self, crew: Crew, asked: Task) -> tuple[list[Event], Ended]:
        worker = await crew.start(asked, {"password": b"hunter2-of-the-test"})
        events = [event async for event in crew.events(worker)]
        return events, await crew.stop(worker)


def scripted(attempt: int = 1) -> Task:
    return task(attempt, attempt=attempt, scratch="")


def run(act: Coroutine[object, object, T]) -> T:
    return asyncio.run(act)


def ended(events: list[Event]) -> Ended:
    assert [event.type for event in events].count("end") == 1
    return codec.load(Ended, events[-1].data)


@pytest.fixture
def engines(kube: Namespace) -> Iterator[Callable[[], Engine]]:
    made: list[Engine] = []

    def one() -> Engine:
        made.append(Engine(kube, SHORT))
        return made[-1]

    yield one
    for engine in made:
        for api in engine.apis:
            api.close()


@pytest.fixture
def engine(engines: Callable[[], Engine]) -> Engine:
    return engines()
