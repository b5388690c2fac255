"""An engine that drives a plan, `python crowd.py PLAN TOGETHER`, into a real cluster by workers that are made up: no
Pods, no bytes. They end when so many of them copy at once. Prints one line of JSON."""

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtv import codec, providers  # noqa: E402
from mtv.model.estate import Json  # noqa: E402
from mtv.model.tasks import Ended, Event, Task, worker_name  # noqa: E402
from mtv.plans.engine import Summary, run_engine  # noqa: E402
from mtv.plans.tally import GOOD  # noqa: E402
from mtv.providers.kubevirt import KubeVirt  # noqa: E402
from mtv.settings import settings  # noqa: E402
from mtv.store.store import Store  # noqa: E402
from mtv.verbs.running.driving import roads  # noqa: E402
from mtv.verbs.running.starting import prepare  # noqa: E402

ROOT = "00" * 32


class Unmanned(KubeVirt):
    """Claims and VMs as always; whoever is employed does nothing, and says that it is done."""

    together = 0  # how many copy at once before any of them ends
    _copying = 0
    _tasks: dict[str, Task]

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        name = worker_name(task.run, task.vm, task.step, task.attempt)
        self._tasks = {**getattr(self, "_tasks", {}), name: task}
        return name

    async def events(self, worker: str) -> AsyncIterator[Event]:
        task = self._tasks[worker]
        if task.op == "transfer":
            type(self)._copying += 1
            while self._copying < self.together:
                yield Event(seq=0, at=_now(), type="progress", data={"disk": task.disks[0].id, "done_bytes": 1})
                await asyncio.sleep(1)
        yield Event(seq=1, at=_now(), type="end", data=codec.dump(_done(task)))

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        """Nobody listens."""

    async def stop(self, worker: str) -> Ended:
        return _done(self._tasks[worker])


def _done(task: Task) -> Ended:
    told: dict[str, Json] = {disk.id: {"root": ROOT, "data_bytes": 0} for disk in task.disks}
    return Ended(outcome="done", facts={"disks": told})


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _load(known: Any, end: str, kind: str) -> Any:
    return Unmanned if (end, kind) == ("targets", "kubevirt") else known(end, kind)


async def drive(plan: Path) -> Summary:
    """As `mtv run` does, but all at once."""
    run = prepare(plan, again=False).name
    with Store(settings().store) as store:
        async with roads(store) as found:
            road = await found.open(run)
            limits = replace(road.plan.limits, per_run=Unmanned.together)  # a plan file cannot ask for more than 8
            return await run_engine(store, run, found.build, limits=limits)


def main() -> None:
    plan, Unmanned.together = Path(sys.argv[1]), int(sys.argv[2])
    providers.load = partial(_load, providers.load)
    since = time.perf_counter()
    states = asyncio.run(drive(plan)).states.values()
    took, peak = time.perf_counter() - since, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    print(json.dumps({"seconds": took, "vms": sum(one in GOOD for one in states), "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main()
