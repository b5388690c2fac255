"""The part of the target that has workers: Jobs in the namespace that it is housed in."""

from collections.abc import AsyncIterator, Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mtv.model.estate import Json
from mtv.model.tasks import Ended, Event, Task

if TYPE_CHECKING:
    from mtv.providers.kubevirt.jobs.crew import Crew
    from mtv.providers.kubevirt.wire.api import Api


class Employer:
    """Mixed into the target, which knows the API and the namespace."""

    if TYPE_CHECKING:

        @property
        def _api(self) -> "Api": ...

        @property
        def _namespace(self) -> str: ...

    @staticmethod
    def keep(lease: str, folder: Path, work: Callable[[Callable[[], None]], int]) -> int:
        """Inside a worker's Pod: the work, while the lease is held."""
        from mtv.providers.kubevirt.jobs.inside import keep

        return keep(lease, folder, work)

    @cached_property
    def _crew(self) -> "Crew":
        from mtv.providers.kubevirt.jobs.crew import Crew
        from mtv.providers.kubevirt.jobs.desk import Desk
        from mtv.providers.kubevirt.jobs.sight import Sight
        from mtv.settings import worker_choice

        return Crew(Desk(self._api, self._namespace, worker_choice(), Sight(self._api, self._namespace)))

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        return await self._crew.start(task, secrets)

    async def events(self, worker: str) -> AsyncIterator[Event]:
        async for event in self._crew.events(worker):
            yield event

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        await self._crew.control(worker, message)

    async def stop(self, worker: str) -> Ended:
        return await self._crew.stop(worker)

    def dismiss(self) -> None:
        """Nobody is followed any more; the workers themselves go on."""
        if "_crew" in self.__dict__:
            self._crew.close()
