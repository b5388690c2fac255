"""`mtv worker DIR`: one task in a process of its own, from its hello to its end."""

import importlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, cast

from mtv import process
from mtv.converters.worker import folders, lock
from mtv.converters.worker.control import Control
from mtv.converters.worker.job import Job, Operation
from mtv.converters.worker.speaker import Speaker, take_stdout
from mtv.errors import MtvError, Refused, Temporary
from mtv.model.estate import Facts
from mtv.model.faults import Fault, Kind
from mtv.model.reading import Opener, SourceCheck
from mtv.model.tasks import Ended, Task
from mtv.settings import settings

OPERATIONS: Mapping[str, str] = {  # loaded when it is asked for: a transfer needs no libguestfs
    "transfer": "mtv.converters.transfer.transfer:transfer",
    "verify": "mtv.converters.transfer.verify:verify",
    "journal": "mtv.converters.transfer.replay:replay",
    "hash": "mtv.converters.transfer.hashing:hash_disks",
    "reach": "mtv.converters.worker.reaching:reach",
    "inspect": "mtv.converters.guest.inspect:inspect",
    "convert": "mtv.converters.guest.convert:convert",
}
OUTCOMES: Mapping[Kind, Literal["temporary", "permanent", "hold", "cancelled"]] = {
    Kind.TEMPORARY: "temporary",
    Kind.PERMANENT: "permanent",
    Kind.HOLD: "hold",
    Kind.CANCELLED: "cancelled",
}
MARGIN_S = 5.0  # of the time to stop, what is left for the end


def main(
    folder: Path, openers: Mapping[str, Opener], checks: Mapping[str, SourceCheck],
    guard: Callable[[], None] = lambda: None,
) -> int:  # fmt: skip
    """Do the task in that folder. Gives 0 if its end was said, however it ended. `guard` is called between requests
    and does not come back where this process may not write any more."""
    folder = folder.absolute()
    if not (folder / "TASK.json").is_file():
        raise Refused("worker.folder", f"{folder} is no task's folder: it has no TASK.json", "see docs/worker.md")
    try:
        speaker = Speaker(take_stdout(folder / "worker.log"))
    except OSError as error:
        text = f"{folder} cannot be worked in: {(error.strerror or '').lower()}"
        raise Refused("worker.folder", text, "see docs/worker.md") from error
    worker = _Worker(folder, speaker, guard)
    ended = worker.work(openers, checks)
    if ended.outcome != "cancelled":
        speaker.tell_log(folder / "worker.log")
    end_children()
    return 0 if speaker.end(ended) or speaker.has_ended else 1


class _Worker:
    def __init__(self, folder: Path, speaker: Speaker, guard: Callable[[], None]) -> None:
        self._folder = folder
        self._speaker = speaker
        self._guard = guard
        self._since = time.monotonic()
        self._work_s = 0.0

    def work(self, openers: Mapping[str, Opener], checks: Mapping[str, SourceCheck]) -> Ended:
        process.become_subreaper()
        try:
            task = folders.read_task(self._folder)
            facts = self._do(task, openers, checks)
        except MtvError as error:
            return self._ended(OUTCOMES[error.fault.kind], {}, error.fault)
        except Exception as error:
            traceback.print_exc()
            text = f"a defect of mtv: {type(error).__name__}: {error}"[:500]
            return self._ended("permanent", {}, Fault("worker.defect", text, "report it, with the worker's log"))
        return self._ended("done", facts, None)

    def _ended(self, outcome: str, facts: Facts, fault: Fault | None) -> Ended:
        return Ended(
            outcome=cast(Literal["done"], outcome),
            facts=facts,
            fault=fault,
            bytes=self._speaker.copied_bytes,
            seconds={"total": round(time.monotonic() - self._since, 4), "work": round(self._work_s, 4)},
        )

    def _do(self, task: Task, openers: Mapping[str, Opener], checks: Mapping[str, SourceCheck]) -> Facts:
        scratch = Path(task.scratch) if task.scratch else self._folder
        path = lock.lock_path(scratch)
        held = lock.take(path, settings().worker_stop_s)
        if held is None:
            raise Temporary("worker.busy", f"{task.name}: another worker of this VM still holds {path}")
        process.hand_down(held)
        control = Control(self._folder, task.rate_bytes_per_s, lambda: _replay(job), self._give_up_later)
        job = Job(
            task=task, folder=self._folder, scratch=scratch, openers=openers, checks=checks, say=self._speaker.say,
            stopping=lambda: self._is_over(control), rate_bytes_per_s=lambda: control.rate_bytes_per_s,
        )  # fmt: skip
        control.begin()
        self._speaker.say("hello", {"op": task.op, "step": task.step, "attempt": task.attempt, "pid": os.getpid()})
        facts = self._timed(operation(task.op), job)
        if task.op == "inspect":
            self._speaker.say("facts", facts)
        return facts

    def _is_over(self, control: Control) -> bool:
        self._guard()
        return control.stopping

    def _timed(self, work: Operation, job: Job) -> Facts:
        since = time.monotonic()
        try:
            return work(job)
        finally:
            self._work_s = time.monotonic() - since

    def _give_up_later(self) -> None:
        """An operation that does not end of itself after a stop is ended: its journal holds what is safe."""
        timer = threading.Timer(settings().worker_stop_s - MARGIN_S, self._give_up)
        timer.daemon = True
        timer.start()

    def _give_up(self) -> None:
        text = "it was told to stop and had to be ended"
        end_children()
        self._speaker.end(self._ended("cancelled", {}, Fault("worker.stopped", text, kind=Kind.CANCELLED)))
        os._exit(0 if self._speaker.has_ended else 1)


def operation(op: str) -> Operation:
    module, _, name = OPERATIONS[op].partition(":")
    return cast(Operation, getattr(importlib.import_module(module), name))


def _replay(job: Job) -> None:
    """Say the roots again that the journal holds by now."""
    replay: Callable[[Job], Facts] = operation("journal")
    replay(job)


def end_children() -> None:
    """Nothing that this worker started outlives it, however far it forked."""
    until = time.monotonic() + MARGIN_S
    while (left := process.descendants(os.getpid())) and time.monotonic() < until:
        process.kill(left)
        process.reap_children()
        time.sleep(0.01)
