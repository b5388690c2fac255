"""Workers as processes of this machine: they die with the engine, and their end is seen before it is told. One writer
at a time: a VM's next worker starts only when nothing of the last one is left."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mtv import codec, process, toolsroot
from mtv.converters.transfer.targets.raw import failed
from mtv.converters.worker import folders, lock
from mtv.errors import MtvError, Refused, Temporary
from mtv.formats.lines import Lines
from mtv.model.estate import Json
from mtv.model.faults import Fault, Kind
from mtv.model.tasks import LINE_LIMIT_BYTES, Ended, Event, Task, worker_name
from mtv.settings import settings
from mtv.times import now

COMMAND = (sys.executable, "-P", "-m", "mtv", "worker")  # -P: nothing is imported from the folder one stands in
MARGIN_S = 5.0  # a worker that was told to stop ends in worker_stop_s; this much later it is killed
LOOK_S = 0.1
READ_BYTES = 64 << 10
GONE = Ended(outcome="cancelled", fault=Fault("worker.stopped", "no such worker runs", kind=Kind.CANCELLED))


@dataclass
class _Worker:
    """One that was started here."""

    name: str
    task: Task
    folder: Path
    child: process.Child
    lines: Lines = field(default_factory=Lines)
    events: "asyncio.Queue[Event | None]" = field(default_factory=asyncio.Queue)  # None: there are no more
    wishes: dict[str, Json] = field(default_factory=dict)
    end: Event | None = None  # as it said it, believed once the process was seen to end
    ended: Ended | None = None
    told_to_stop: bool = False
    watch: "asyncio.Task[None] | None" = None

    @property
    def lock(self) -> Path:
        return lock.lock_path(Path(self.task.scratch))


class LocalWorkers:
    """The Workers protocol of providers.base."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._workers: dict[str, _Worker] = {}

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        """Raises Temporary `worker.busy` while something of an earlier worker of that VM is left."""
        name = worker_name(task.run, task.vm, task.step, task.attempt)
        if not task.scratch:
            raise MtvError("worker.task", f"{task.name}: the task of {task.step} names no scratch folder")
        for other in self._workers.values():
            if (other.task.run, other.task.vm) == (task.run, task.vm) and other.ended is None:
                raise Temporary("worker.busy", f"{task.name}: worker {other.name} was not seen to end")
        held = lock.lock_path(Path(task.scratch))
        with _on_storage(task.scratch):
            await _wait_until_free(task.name, held)
            folder = folders.write_task(task, secrets)
            argv = await asyncio.to_thread(self._argv, task, folder)
            with (folder / "worker.log").open("wb") as log:
                child = process.talk_to(argv, log=log, env={lock.TAG: str(held)})
        worker = _Worker(name, task, folder, child)
        self._workers[name] = worker
        worker.watch = asyncio.create_task(self._watch(worker))
        return name

    def _argv(self, task: Task, folder: Path) -> list[str]:
        """Without a tools root this machine's own tools have to do: `mtv doctor` says where they are too old."""
        argv = [*self._command, str(folder)]
        if task.op not in ("inspect", "convert") or not toolsroot.needed() or not toolsroot.available():
            return argv
        reads = [Path(path) for disk in task.disks if disk.export for path in disk.export.paths]
        volumes = [Path(disk.volume.path) for disk in task.disks if disk.volume]
        network = any(disk.export.remote for disk in task.disks if disk.export)
        return toolsroot.command(argv, reads=reads, writes=[Path(task.scratch), *volumes], network=network)

    async def _watch(self, worker: _Worker) -> None:
        """Its lines until it has ended, then how: that it was reaped and left nobody behind comes first."""
        try:
            await _read(worker)
        finally:  # also when the engine itself is being ended
            status = await asyncio.shield(asyncio.to_thread(_reap, worker))
            worker.ended, worker.end = _how(worker, status)
            worker.events.put_nowait(None)

    async def events(self, worker: str) -> AsyncIterator[Event]:
        """Its events until it ended, `end` last. Of a worker that this engine never started: that it is gone."""
        found = self._workers.get(worker)
        if found is None:
            yield Event(seq=0, at=now(), type="end", data=codec.dump(GONE))
            return
        while event := await found.events.get():
            yield event
        found.events.put_nowait(None)  # for whoever asks again
        assert found.end
        yield found.end

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        """What was wished before stays wished: the worker reads one object, not a queue."""
        if (found := self._workers.get(worker)) and found.ended is None:
            found.wishes.update(message)
            with _on_storage(found.task.scratch):
                await asyncio.to_thread(folders.write_control, found.folder, found.wishes)

    async def stop(self, worker: str) -> Ended:
        """End it, and see that it ended: told first, killed when it takes too long."""
        found = self._workers.get(worker)
        if found is None:
            return GONE
        assert found.watch
        if found.ended is None:
            found.told_to_stop = True
            _signal(found, signal.SIGTERM)
            await asyncio.wait([found.watch], timeout=settings().worker_stop_s + MARGIN_S)
            _signal(found, signal.SIGKILL)
            await asyncio.wait([found.watch])
        assert found.ended
        return found.ended

    async def clear(self, scratch: str) -> None:
        """Nothing that any engine started holds the VM's lock any more. Raises Temporary `worker.busy`."""
        path = lock.lock_path(Path(scratch))
        with _on_storage(scratch):
            if path.exists():
                await _wait_until_free(path.parent.name, path)


@contextmanager
def _on_storage(scratch: str) -> Iterator[None]:
    """A scratch folder without room, or that cannot be written: nobody's fault that undoing would mend."""
    try:
        yield
    except OSError as error:
        raise failed(error, "work in", scratch) from error


async def _wait_until_free(vm: str, path: Path) -> None:
    """Until nobody holds the VM's lock. What is left of a dead worker is ended; a living one is waited for."""
    until = time.monotonic() + settings().worker_stop_s
    while not await asyncio.to_thread(lock.is_free, path):
        await asyncio.to_thread(lock.end_orphans, path)
        if time.monotonic() > until:
            raise Temporary("worker.busy", f"{vm}: an earlier worker of this VM still holds {path}",
                            "look who has it open: `fuser`, and end it")  # fmt: skip
        await asyncio.sleep(LOOK_S)


async def _read(worker: _Worker) -> None:
    """Its lines as events; a line that is too long is none."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), worker.child.stdout)
    try:
        rest = b""
        while data := await reader.read(READ_BYTES):
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                _hear(worker, worker.lines.read(line))
            rest = rest[-LINE_LIMIT_BYTES - 1 :]  # longer than any line may be, and still refused as one
    finally:
        transport.close()


def _hear(worker: _Worker, event: Event | None) -> None:
    if event and event.type == "end":
        worker.end = event
    elif event:
        worker.events.put_nowait(event)


def _signal(worker: _Worker, number: signal.Signals) -> None:
    """To its group: in a tools root the program lies below the process that we started."""
    if worker.ended is None:
        with suppress(ProcessLookupError):
            os.killpg(worker.child.pid, number)


def _reap(worker: _Worker) -> int:
    """Closes its stdin, which tells it to end if it has not yet; kills it if it does not."""
    assert worker.child.stdin
    worker.child.stdin.close()
    if process.wait(worker.child, settings().worker_stop_s + MARGIN_S) is None:
        _signal(worker, signal.SIGKILL)
    status = worker.child.wait()
    lock.end_orphans(worker.lock)
    folders.drop_secrets(worker.folder)
    return status


def _how(worker: _Worker, status: int) -> tuple[Ended, Event]:
    """How it ended: as it said, or else as its process did."""
    if worker.end:
        try:
            return codec.load(Ended, worker.end.data, "end"), worker.end
        except Refused:
            status = status or 1
    ended = _died(worker, status)
    return ended, Event(seq=worker.lines.last + 1, at=now(), type="end", data=codec.dump(ended))


def _died(worker: _Worker, status: int) -> Ended:
    if worker.told_to_stop:
        text = f"{worker.task.name}: worker {worker.name} was told to stop"
        return Ended(outcome="cancelled", fault=Fault("worker.stopped", text, kind=Kind.CANCELLED))
    how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status} and said nothing"
    text = f"{worker.task.name}: worker {worker.name} {how}"
    hint = f"see {worker.folder / 'worker.log'}"
    return Ended(outcome="temporary", fault=Fault("worker.died", text, hint, Kind.TEMPORARY))
