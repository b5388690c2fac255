"""Our side of a pair: a worker's process with a task, as the engine would start it."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv.converters.worker import folders
from mtv.model.points import Export, Extent
from mtv.model.tasks import Op, Task, TaskDisk
from mtv.model.volumes import Volume
from tests.bench import program
from tests.bench.pairs import Figure

COMMAND = (sys.executable, str(Path(program.__file__)))


class Starts:
    """What the processes took beside their work; told with a figure that does not count it."""

    def __init__(self) -> None:
        self._seconds: list[float] = []

    def aside(self, done: "Done") -> float:
        self._seconds.append(done.whole_s - done.work_s)
        return done.work_s

    def told(self, figure: Figure) -> Figure:
        return replace(figure, ours=f"{figure.ours}, and {statistics.median(self._seconds):.3f} s to start and end")


@dataclass(frozen=True)
class Done:
    work_s: float  # of the operation: from the task read to its last journal row
    whole_s: float  # of the process, Python's start included
    peak_bytes: int


def server(uri: str, size_bytes: int, identity: str = "one") -> Export:
    return Export(
        id="disk", kind="random", way="bench.nbd", size_bytes=size_bytes, identity=identity, params={"uri": uri}
    )


def volume(path: str, size_bytes: int, *, zeroed: bool, form: str = "raw") -> Volume:
    return Volume(
        id="v", disk="disk", index=0, size_bytes=size_bytes, format=form, path=path, identity="bench", zeroed=zeroed
    )


def clear(scratch: Path) -> None:
    shutil.rmtree(scratch, ignore_errors=True)


def work(
    op: Op, scratch: Path, target: Volume, export: Export | None = None, *, pass_: int = 0,
    extents: Sequence[Extent] | None = None, secrets: Mapping[str, bytes] | None = None,
) -> Done:  # fmt: skip
    """Raises RuntimeError unless it ended well."""
    listed = None if extents is None else tuple(extents)
    disk = TaskDisk(id="disk", size_bytes=target.size_bytes, export=export, volume=target, extents=listed)
    task = Task(
        run="bench", vm="b/1", name="bench", step=op, attempt=1, epoch=1, op=op, disks=(disk,), pass_=pass_,
        scratch=str(scratch),
    )  # fmt: skip
    folder = folders.write_task(task, secrets or {})
    since = time.perf_counter()
    child = subprocess.Popen([*COMMAND, str(folder)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert child.stdout
    with child.stdout as out:
        end = json.loads(out.read().splitlines()[-1])
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    whole_s = time.perf_counter() - since
    if end["type"] != "end" or end["outcome"] != "done":
        raise RuntimeError(f"{op} failed: {end}")
    return Done(end["seconds"]["work"], whole_s, usage.ru_maxrss * 1024)
