"""Tasks of the server: begun while nothing else is under way at their object, their ends seen, within limits."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pyVmomi import vim, vmodl

from mtv.errors import MtvError, Temporary
from mtv.providers.vsphere.steering.faults import translated
from mtv.providers.vsphere.steering.server import Let, Server

Watch = Callable[[], Awaitable[object]]
OPEN = ("queued", "running")


class Wait:
    """Looks that come less often the longer it takes, until a limit."""

    def __init__(self, server: Server, limit_s: float) -> None:
        self._server, self._limit_s, self._turn = server, limit_s, 0
        self._until = server.clock() + limit_s

    @property
    def over(self) -> bool:
        return self._server.clock() >= self._until

    async def next(self, what: str) -> None:
        """Raises Temporary `source.slow`."""
        if self.over:
            raise Temporary("source.slow", f"{self._server}: {what} did not end within {self._limit_s:.0f} s")
        await self.pause()

    async def pause(self) -> None:
        waits = self._server.limits.source_poll_s
        left_s = max(self._until - self._server.clock(), 0.0)
        await self._server.sleep(min(waits[min(self._turn, len(waits) - 1)], left_s))
        self._turn += 1


async def run(
    server: Server, of: Any, doing: str, begin: Callable[[], Any], limit_s: float, let: Let = (),
    watch: Watch | None = None,
) -> Any:  # fmt: skip
    """Begin a task at an object and see its end; gives its result. Whatever else is under way there is waited for:
    somebody else's task, or one of ours that a crash left behind. `watch` is asked between looks, and may raise."""
    wait = Wait(server, limit_s)
    while True:
        await settled(server, of, doing, wait)
        try:
            task = await server.call(doing, begin, (vim.fault.TaskInProgress, *let))
            break
        except vim.fault.TaskInProgress:
            await wait.next(doing)
    return await ended(server, task, doing, wait, let, watch)


async def settled(server: Server, of: Any, doing: str, wait: Wait) -> None:
    """Until no task is under way at the object. What is looked at before may be out of date then."""
    while busy := [name for name, state in await recent(server, of) if state in OPEN]:
        await wait.next(f"{doing}: {', '.join(busy)}, which goes before,")


async def recent(server: Server, of: Any) -> list[tuple[str, str]]:
    """Name and state of the tasks that the server remembers of an object, for some ten minutes."""
    found = await server.follow(of, "recentTask", vim.Task, "info.name", "info.descriptionId", "info.state")
    return [(_name(told), str(told.get("info.state", ""))) for _, told in found]


def _name(told: Mapping[str, Any]) -> str:
    """PowerOnVM_Task: some versions give it as text, pyVmomi else makes an object of it."""
    method = told.get("info.name") or told.get("info.descriptionId", "a task")
    return str(getattr(getattr(method, "info", None), "wsdlName", method))


async def ended(
    server: Server, task: Any, doing: str, wait: Wait, let: Let = (), watch: Watch | None = None
) -> Any:  # fmt: skip
    """The task's result. Raises Temporary where the server forgot it: what it did is looked at then."""
    while True:
        try:
            told = await server.read(task, "info.state", "info.result", "info.error", "info.cancelled")
        except MtvError as error:
            if error.fault.code != "source.gone":
                raise
            raise Temporary("source.task-lost", f"{server}: {doing}: the server forgot the task") from error
        state = str(told.get("info.state", ""))
        if state == "success":
            return told.get("info.result")
        if state == "error":
            fault = told.get("info.error") or vmodl.fault.SystemError(reason="no reason told")
            if isinstance(fault, let):
                raise fault
            raise translated(vmodl.fault.RequestCanceled() if told.get("info.cancelled") else fault, str(server), doing)
        if watch:
            await watch()
        await wait.next(doing)
