"""What an operation is handed inside a worker's process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mtv.model.estate import Facts, Json
from mtv.model.reading import Opener, SourceCheck
from mtv.model.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Job:
    """One task at work. An operation returns its facts and raises MtvError; it never prints and never exits."""

    task: Task
    folder: Path  # TASK.json, control.json, secrets/
    scratch: Path  # outlives the worker: journal and overlays
    openers: Mapping[str, Opener]
    checks: Mapping[str, SourceCheck]
    say: Callable[[str, Mapping[str, Json]], None]  # type and data of one event
    stopping: Callable[[], bool]  # asked between requests
    rate_bytes_per_s: Callable[[], int | None]


Operation = Callable[[Job], Facts]
