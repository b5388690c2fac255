"""pyVmomi's calls as coroutines: each in a thread of its own, what they raise in our words."""

import asyncio
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pyVmomi import vim, vmodl

from mtv.errors import Temporary
from mtv.providers.vsphere.steering.faults import translated
from mtv.providers.vsphere.wire import link, vmomi
from mtv.providers.vsphere.wire.session import WAITS_S, Session

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
Let = tuple[type[Exception], ...]
QUERY = vmodl.query.PropertyCollector


class Server:
    """A vCenter or ESXi that things are done at. It is logged in to with the first call."""

    def __init__(
        self, session: Session, sleep: Sleep = asyncio.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.session, self.sleep, self.clock = session, sleep, clock
        self.limits = session.limits
        self.nonce = secrets.token_hex(8)  # of this process: no other one has it
        self._service: Any = None
        self._content: Any = None
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return str(self.session.address)

    @property
    def content(self) -> Any:
        """The service's own objects. Blocking at first: use it within `call`."""
        self._log_in()
        return self._content

    def managed(self, kind: Any, id_: str) -> Any:
        """A managed object by its id. Blocking at first, as `content` is."""
        self._log_in()
        return kind(id_, self._service._stub)

    def _log_in(self) -> None:
        with self._lock:
            if self._content is None:
                self._service = vmomi.service(self.session)
                self._content = self._service.content  # each look at it would be a call

    async def call(self, doing: str, act: Callable[[], T], let: Let = ()) -> T:
        """What `act` gives; faults of `let` come as they are. A caller who is cancelled waits for what is under way
        already: nobody acts on a VM while an earlier call for it may still arrive."""
        under_way = asyncio.ensure_future(asyncio.to_thread(self._call, doing, act, let))
        try:
            return await asyncio.shield(under_way)
        except asyncio.CancelledError:
            await asyncio.wait([under_way])
            raise

    async def read(self, of: Any, *paths: str) -> Mapping[str, Any]:
        """Properties by path; those without a value are left out. Asked three times where the connection fails."""
        query = QUERY.FilterSpec(
            objectSet=[QUERY.ObjectSpec(obj=of)],
            propSet=[QUERY.PropertySpec(type=type(of), pathSet=list(paths))],
        )
        for wait_s in (*WAITS_S, None):
            try:
                found = await self.call(f"reading {of._moId}", lambda: self._read(query))
                break
            except Temporary:
                if wait_s is None:
                    raise
                await self.sleep(wait_s)
        if not found:
            raise translated(vmodl.fault.ManagedObjectNotFound(obj=of), str(self), f"reading {of._moId}")
        return {one.name: one.val for one in found[0].propSet}

    async def follow(self, of: Any, link_: str, kind: Any, *paths: str) -> list[tuple[Any, Mapping[str, Any]]]:
        """Properties of what a property of `of` names. What is gone meanwhile is left out."""
        along = QUERY.TraversalSpec(type=type(of), path=link_, skip=False)
        query = QUERY.FilterSpec(
            objectSet=[QUERY.ObjectSpec(obj=of, skip=True, selectSet=[along])],
            propSet=[QUERY.PropertySpec(type=kind, pathSet=list(paths))],
        )
        found = await self.call(f"reading {link_} of {of._moId}", lambda: self._read(query))
        return [(one.obj, {prop.name: prop.val for prop in one.propSet}) for one in found]

    def _read(self, query: Any) -> list[Any]:
        answer = self.content.propertyCollector.RetrievePropertiesEx([query], QUERY.RetrieveOptions())
        objects = list(answer.objects) if answer else []
        for one in objects:
            for missing in one.missingSet:
                if isinstance(missing.fault, vim.fault.NoPermission):
                    raise missing.fault
        return objects

    def _call(self, doing: str, act: Callable[[], T], let: Let) -> T:
        try:
            with link.said(self.session.address):
                return act()
        except let:
            raise
        except vmodl.MethodFault as error:
            raise translated(error, str(self), doing) from error
