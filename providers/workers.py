"""The contract of those who touch bytes; that of the two ends is in base.py."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol, runtime_checkable

from mtv.model.estate import Json
from mtv.model.tasks import Ended, Event, Task


@runtime_checkable
class Workers(Protocol):
    """Processes that touch bytes: local processes, Kubernetes Jobs, or in-process. At most one writes a VM's disks:
    `start` refuses while an earlier attempt was not *seen* to end."""

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        """Give the task to a worker; gives the worker's name, which is `mtv.model.tasks.worker_name` of the task."""
        ...

    def events(self, worker: str) -> AsyncIterator[Event]:
        """Its events until it ended; the last one is `end`, made up from the process's fate if it wrote none."""
        ...

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        """rate, stop, renewed ticket, replay."""
        ...

    async def stop(self, worker: str) -> Ended:
        """End it, and see that it ended (reaped; the Pod reported terminated); tells how it did, also when it had
        ended before. A worker never seen is no error."""
        ...


@runtime_checkable
class Clears(Protocol):
    """Workers that keep no record of what an earlier engine started, such as processes of this machine."""

    async def clear(self, scratch: str) -> None:
        """After it nothing works in that scratch folder any more: it was ended or waited for. Raises Temporary
        `worker.busy`."""
        ...
