"""Workers inside the engine's own process: they take real tasks, say real events, and end with the engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal

from mtv import codec
from mtv.errors import MtvError, Temporary
from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault, Kind
from mtv.model.tasks import TASK_LIMIT_BYTES, Ended, Event, Task, worker_name
from mtv.providers.memory.faults import Faults
from mtv.providers.memory.folder import Folder
from mtv.providers.memory.operations import OPERATIONS
from mtv.providers.memory.volumes import VolumeStore

LOST = Ended(outcome="temporary", fault=Fault("worker.lost", "the worker ended with its engine", kind=Kind.TEMPORARY))
STOPPED = Ended(outcome="cancelled", fault=Fault("worker.stopped", "the worker was told to stop", kind=Kind.CANCELLED))
OUTCOMES: Mapping[Kind, Literal["temporary", "permanent", "hold", "cancelled"]] = {
    Kind.TEMPORARY: "temporary",
    Kind.PERMANENT: "permanent",
    Kind.HOLD: "hold",
    Kind.CANCELLED: "cancelled",
}


class InProcess:
    """The Workers protocol. A worker works while its events are read, one event at a time."""

    def __init__(self, path: Path, volumes: VolumeStore, faults: Faults, now: Callable[[], str]) -> None:
        self._workers = Folder(path / "workers")
        self._volumes = volumes
        self._meet = faults.meet
        self._at = now
        self._told: dict[str, bool] = {}  # workers of this process: whether they shall stop
        self.pace: Callable[[Event], Awaitable[None]] | None = None  # awaited after each event: how fast it works

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        self._meet("start")
        name = worker_name(task.run, task.vm, task.step, task.attempt)
        data = codec.dump(task)
        if len(json.dumps(data)) > TASK_LIMIT_BYTES:
            raise MtvError("worker.task-size", f"{task.name}: the task of {task.step} is over {TASK_LIMIT_BYTES} bytes")
        self._refuse_second(task)
        self._told[name] = False
        self._workers.put(name, {"task": data, "ended": None})
        return name

    def _refuse_second(self, task: Task) -> None:
        for other in self._workers.names():
            record = self._workers.get(other)
            theirs = record["task"] if record and record["ended"] is None else None
            if isinstance(theirs, dict) and (theirs["run"], theirs["vm"]) == (task.run, task.vm):
                raise Temporary("worker.busy", f"{task.name}: worker {other} was not seen to end")

    async def events(self, worker: str) -> AsyncIterator[Event]:
        task, ended = self._record(worker)
        seq = 0
        if task and ended is None and worker in self._told:
            ended = STOPPED
            work = OPERATIONS[task.op](task, self._volumes)
            try:
                while not self._told[worker]:
                    self._meet(task.op)
                    kind, data = next(work)
                    event = Event(seq=seq, at=self._at(), type=kind, data=data)
                    yield event
                    seq += 1
                    await (self.pace(event) if self.pace else asyncio.sleep(0))
            except StopIteration as done:
                ended = _done(done.value)
            except MtvError as error:
                ended = Ended(outcome=OUTCOMES[error.fault.kind], fault=error.fault)
        self._close(worker, ended or LOST)
        yield Event(seq=seq, at=self._at(), type="end", data=codec.dump(ended or LOST))

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        if message.get("stop") and worker in self._told:
            self._told[worker] = True

    async def stop(self, worker: str) -> Ended:
        self._meet("stop")
        _, ended = self._record(worker)
        if ended is None:
            ended = STOPPED if worker in self._told else LOST
            self._close(worker, ended)
        return ended

    def forget(self, scratch: str) -> None:
        """Drop the records of ended workers that worked in that folder."""
        for name in self._workers.names():
            task, ended = self._record(name)
            if task and ended and task.scratch == scratch:
                self._workers.drop(name)

    def _record(self, worker: str) -> tuple[Task | None, Ended | None]:
        data = self._workers.get(worker)
        if data is None:
            return None, None
        ended = data["ended"]
        return codec.load(Task, data["task"], worker), codec.load(Ended, ended, worker) if ended else None

    def _close(self, worker: str, ended: Ended) -> None:
        if data := self._workers.get(worker):
            self._workers.put(worker, {**data, "ended": codec.dump(ended)})


def _done(facts: Facts) -> Ended:
    written = facts.get("written_bytes")
    return Ended(outcome="done", facts=facts, bytes=written if isinstance(written, int) else 0)
