"""What becomes of objects that somebody waits for, by one watch for all of them that lasts as long as the waiting. No
thread waits with them: a pool of six serves the whole engine."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.request import Params
from mtv.providers.kubevirt.wire.watching import Watch

Judge = Callable[[Object], bool]


@dataclass(eq=False)
class _Waiting:
    uid: str
    is_settled: Judge
    is_first: bool  # its watch began with it, so that what is not in the list is gone
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    found: "asyncio.Future[Object | None]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def end(self, found: Object | None, error: MtvError | None = None) -> None:
        """From any thread, as long as it waits."""
        self.loop.call_soon_threadsafe(self._end, found, error)

    def _end(self, found: Object | None, error: MtvError | None) -> None:
        if self.found.done():
            return
        if error is not None:
            self.found.set_exception(error)
        else:
            self.found.set_result(found)


class Lookout:
    """Over the list at `path`; `what` says in errors what is waited for."""

    def __init__(self, api: Api, path: str, params: Params, what: str) -> None:
        self._api, self._path, self._params, self._what = api, path, params, what
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._seen: dict[str, Object | None] = {}  # by uid; None: gone
        self._watch: Watch | None = None

    async def until(self, uid: str, is_settled: Judge, limit_s: float) -> Object | None:
        """That very object as it was then; None where it is gone. Raises TimeoutError, and what keeps it from being
        seen."""
        with self._lock:
            waiting = _Waiting(uid, is_settled, self._watch is None)
            self._waiting.append(waiting)
            if self._watch is None:
                self._begin()
            elif uid in self._seen:
                self._look(waiting, self._seen[uid])
        try:
            return await asyncio.wait_for(waiting.found, limit_s)
        finally:
            with self._lock:
                self._waiting.remove(waiting)
                if not self._waiting:
                    self._end()

    def _begin(self) -> None:
        self._watch = self._api.watch(self._path, self._params)
        threading.Thread(target=self._follow, args=(self._watch,), name="lookout", daemon=True).start()

    def _end(self) -> None:
        self._seen.clear()
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _follow(self, watch: Watch) -> None:
        try:
            with self._api.said(self._what):
                for kind, found in watch:
                    self._tell(watch, kind, found)
        except MtvError as error:
            self._fail(watch, error)

    def _tell(self, watch: Watch, kind: str, found: Object) -> None:
        uid = text(found, "metadata", "uid")
        with self._lock:
            if watch is not self._watch:
                return
            if kind == "LISTED":
                missing = [one for one in self._waiting if one.is_first and one.uid not in self._seen]
                for waiting in missing:
                    waiting.end(None)
                return
            self._seen[uid] = None if kind == "DELETED" else found
            for waiting in self._waiting:
                if waiting.uid == uid:
                    self._look(waiting, self._seen[uid])

    def _look(self, waiting: _Waiting, found: Object | None) -> None:
        if found is None or waiting.is_settled(found):
            waiting.end(found)

    def _fail(self, watch: Watch, error: MtvError) -> None:
        """Whoever waits hears it; the next one begins anew."""
        with self._lock:
            if watch is self._watch:
                self._watch = None
                for waiting in self._waiting:
                    waiting.end(None, error)
