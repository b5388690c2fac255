"""A list and what happens to it, told once each and in order, whatever the way between does: a version that is too old,
a connection that is cut or only seems to be one, events that come twice or late."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.fields import NOTHING, Object, mapping, rows, text, whole
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.line import WAITS_S
from mtv.providers.kubevirt.wire.request import Params

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api
    from mtv.providers.kubevirt.wire.stream import Stream

ROUND_S = 50  # the server ends a watch after so long, and we go on
STALL_S = 60.0  # a connection that says nothing past that is none: half-open ones are noticed so
PAGE = 500
Key = tuple[str, str]  # namespace, name


@dataclass(frozen=True)
class Known:
    uid: str
    version: str


class Watch:
    """Gives ADDED, MODIFIED, DELETED and the object; after each whole list LISTED and nothing: what was not said until
    then is not there. Of what went while nobody looked, DELETED has its metadata alone. Ends by `close`, from any
    thread; raises Status and Temporary when the server stays away, and may then be asked for the next one again."""

    def __init__(self, api: "Api", path: str, params: Params) -> None:
        self._api, self._path, self._params = api, path, params
        self._known: dict[Key, Known] = {}
        self._version = ""  # none: list first
        self._empty = 0  # rounds in a row that said nothing and ended at once
        self._stream: Stream | None = None
        self._ended = threading.Event()
        self._events = self._rounds()

    def __iter__(self) -> "Watch":
        return self

    def __next__(self) -> tuple[str, Object]:
        try:
            return next(self._events)
        except (MtvError, Status):
            self._events = self._rounds()  # a generator that raised is over
            if self._ended.is_set():
                raise StopIteration from None
            raise

    def close(self) -> None:
        self._ended.set()
        if self._stream:
            self._stream.close()

    def _rounds(self) -> Iterator[tuple[str, Object]]:
        while not self._ended.is_set():
            began, said = self._api.clock(), False
            try:
                if not self._version:
                    yield from self._listed()
                with closing(self._opened()) as stream:
                    for event in self._followed(stream):
                        said = True
                        yield event
            except Status as status:
                if status.code != 410:
                    raise
                self._version = ""
            self._pause(said or self._api.clock() - began > 1)

    def _pause(self, was_good: bool) -> None:
        """A server that ends each watch at once is not asked a thousand times a second."""
        self._empty = 0 if was_good else self._empty + 1
        if self._empty > 1 and not self._ended.is_set():
            self._api.sleep(WAITS_S[min(self._empty - 2, len(WAITS_S) - 1)])

    def _listed(self) -> Iterator[tuple[str, Object]]:
        """The whole list, held against what was known."""
        found, version = self._whole()
        gone = self._known.keys() - {_key(one) for one in found}
        for key in sorted(gone):
            yield "DELETED", _trace(key, self._known.pop(key))
        for one in found:
            yield from self._told("ADDED", one)
        self._version = version
        yield "LISTED", NOTHING

    def _whole(self) -> tuple[list[Object], str]:
        found: list[Object] = []
        token, version = "", ""
        for _ in range(10_000):
            more = {"continue": token} if token else {}
            page = self._api.get(self._path, {**self._params, "limit": PAGE, **more})
            found += rows(page, "items")
            token, version = text(page, "metadata", "continue"), text(page, "metadata", "resourceVersion")
            if not token:
                break
        return found, version or "0"

    def _opened(self) -> "Stream":
        asked: dict[str, str | int] = {
            **self._params, "watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": ROUND_S,
            "resourceVersion": self._version,
        }  # fmt: skip
        self._stream = stream = self._api.lines(self._path, asked, stall_s=STALL_S)
        if self._ended.is_set():
            stream.close()
        return stream

    def _followed(self, stream: "Stream") -> Iterator[tuple[str, Object]]:
        """Until that connection ends, in whichever way: the next round goes on from the version that it came to."""
        try:
            for line in stream:
                yield from self._event(line)
        except Status as status:
            if not status.is_passing:
                raise
        except Temporary:
            return

    def _event(self, line: bytes) -> Iterator[tuple[str, Object]]:
        try:
            told = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise MtvError(
                "kubevirt.not-json", f"{self._api.server}: {self._path}: a watch's line is broken"
            ) from error
        kind, found = text(told, "type"), mapping(told, "object")
        if kind == "ERROR":
            raise Status(whole(found, "code") or 500, text(found, "reason"), text(found, "message"))
        if kind == "BOOKMARK":
            self._forward(text(found, "metadata", "resourceVersion"))
        elif kind in ("ADDED", "MODIFIED", "DELETED"):
            if not self._late(kind, found):
                yield from self._told(kind, found)
            self._forward(text(found, "metadata", "resourceVersion"))

    def _forward(self, version: str) -> None:
        if version and not _is_older(version, self._version):
            self._version = version

    def _late(self, kind: str, found: Object) -> bool:
        """An event that was said before, or that a newer one of the same object overtook."""
        known, version = self._known.get(_key(found)), text(found, "metadata", "resourceVersion")
        if known is None:
            return kind == "DELETED"
        return _is_older(version, known.version)

    def _told(self, kind: str, found: Object) -> Iterator[tuple[str, Object]]:
        key, now = _key(found), Known(text(found, "metadata", "uid"), text(found, "metadata", "resourceVersion"))
        known = self._known.pop(key, None)
        if kind == "DELETED":
            yield kind, found
            return
        if known and known.uid != now.uid:
            yield "DELETED", _trace(key, known)
        self._known[key] = now
        if known != now:
            yield ("MODIFIED" if known and known.uid == now.uid else "ADDED"), found


def _key(found: Object) -> Key:
    return text(found, "metadata", "namespace"), text(found, "metadata", "name")


def _trace(key: Key, known: Known) -> Mapping[str, object]:
    return {"metadata": {"namespace": key[0], "name": key[1], "uid": known.uid}}


def _is_older(version: str, than: str) -> bool:
    """Since Kubernetes 1.35 they are numbers by contract, and always were in fact."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)
