"""Reading a flat file by HTTPS, range by range, over several connections."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from mtv.errors import Cancelled, CheckFailed, Held, MtvError, Temporary
from mtv.model.points import Export, Extent
from mtv.model.reading import Opened
from mtv.providers.vsphere.ways import areas, machine
from mtv.providers.vsphere.ways.doors import Door, door
from mtv.providers.vsphere.ways.sharing import session_of
from mtv.providers.vsphere.ways.windows import Windows
from mtv.providers.vsphere.wire.link import Link, said
from mtv.providers.vsphere.wire.session import Session

BREAKS = 3  # connections that may break in a row without a byte between
BUSY = (429, 502, 503, 504)
NEAR_S = 0.003  # a server that answers a small request so soon is asked by few at once
NEAR, FAR = (2, 8 << 20), (8, 4 << 20)  # connections, and what each is asked for: 48 MiB of memory, both
PROBES = 3


@contextmanager
def open_folder(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    """Raises Held `source.changed` before and after, where the VM is not what it was."""
    if serve:
        raise CheckFailed("source.cannot-serve", f"{export.params['name']}: a file of a datastore is served to nobody")
    with session_of(export, secrets) as session:
        machine.check(session, export)
        with closing(Folder(session, export, door(session, export))) as reader:
            reader.begin()
            yield reader
        machine.check(session, export)


class Folder:
    """A random reader."""

    def __init__(self, session: Session, export: Export, door: Door) -> None:
        self.size_bytes = export.size_bytes
        self._session, self._export, self._door = session, export, door
        self._idle: list[Link] = []
        self._busy: set[Link] = set()
        self._closed = False
        self._lock = threading.Lock()
        self._windows: Windows | None = None

    def begin(self) -> None:
        """Is the file there, as long as its disk, with ranges; and how far away?"""
        times = []
        for _ in range(PROBES):
            since = time.monotonic()
            self._fetch(0, memoryview(bytearray(1)))
            times.append(time.monotonic() - since)
        self._windows = Windows(self._fetch, *(NEAR if min(times) < NEAR_S else FAR))

    def extents(self) -> Iterator[Extent]:
        found = areas.allocated(self._session, self._export)
        return self._windows.areas(found) if self._windows else found

    def read_into(self, offset: int, view: memoryview) -> None:
        if offset < 0 or offset + len(view) > self.size_bytes:
            raise ValueError(f"{len(view)} bytes at {offset} of {self.size_bytes}")
        (self._windows.read_into if self._windows else self._fetch)(offset, view)

    def _fetch(self, offset: int, view: memoryview) -> None:
        patience = _Patience(self._session)
        while len(view):
            read, error = self._read(offset, view)
            offset, view = offset + read, view[read:]
            if error:
                patience.bear(error, read)

    def close(self) -> None:
        if self._windows:
            self._windows.close()
        with self._lock:
            self._closed = True
            for link in self._busy:
                if link.sock:
                    with suppress(OSError):  # not as TLS would: its thread is still reading
                        socket.socket.shutdown(link.sock, socket.SHUT_RDWR)
        if self._windows:
            self._windows.join()
        for link in self._idle:
            link.close()

    def _read(self, offset: int, view: memoryview) -> tuple[int, Temporary | None]:
        """How much came, and what broke it off."""
        read = 0
        try:
            with self._connection() as link, said(self._door.address):
                response = self._ask(link, offset, len(view))
                while read < len(view):
                    count = response.readinto(view[read:])
                    if not count:
                        raise ConnectionError("it was cut off")
                    read += count
        except Temporary as error:
            return read, error
        return read, None

    @contextmanager
    def _connection(self) -> Iterator[Link]:
        """An idle one, or another; idle again unless something went wrong."""
        with self._lock:
            if self._closed:
                raise Cancelled("source.closed", "the source was closed")
            link = self._idle.pop() if self._idle else self._door.link()
            self._busy.add(link)
        try:
            yield link
        except BaseException:
            with self._lock:
                self._busy.discard(link)
            link.close()
            raise
        with self._lock:
            self._busy.discard(link)
            if not self._closed:
                self._idle.append(link)
                return
        link.close()

    def _ask(self, link: Link, offset: int, length: int) -> http.client.HTTPResponse:
        wanted = f"bytes={offset}-{offset + length - 1}"
        headers = self._door.headers()
        link.request("GET", self._door.path, headers={**headers, "Range": wanted})
        response = link.getresponse()
        if response.status == 401:
            self._door.renew(headers)
            raise Temporary("vsphere.session", f"{self._door.address} does not know our session")
        if response.status != 206:
            raise self._refused(response)
        start, _, total = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if start != wanted.removeprefix("bytes=") or response.length != length:
            raise Temporary("source.range", f"{self._door.address} was asked for {wanted} and gave {start[:40]}")
        if total != "*" and total != str(self.size_bytes):
            raise Held("source.changed", f"the file has {total[:20]} bytes, its disk {self.size_bytes}",
                       "refresh the source with `mtv refresh`, and plan the VM anew")  # fmt: skip
        return response

    def _refused(self, response: http.client.HTTPResponse) -> MtvError:
        status, where = response.status, str(self._door.address)
        if status in BUSY:
            return _Busy(f"{where} is too busy ({status})", response.headers.get("Retry-After", ""))
        if status == 500:
            return self._locked(where)
        return _answer(status, where)

    def _locked(self, where: str) -> MtvError:
        """It says no more than the number. Somebody may have switched the VM on."""
        try:
            machine.check(self._session, self._export)
        except Held as error:
            return error
        name = self._export.params["name"]
        return Temporary("source.locked", f"{where} does not give the disk's file: something else has {name} open")


def _answer(status: int, where: str) -> MtvError:
    if status == 200:
        return MtvError("source.no-ranges", f"{where} gives no part of a file, only all of it", "write 'read: export'")
    if status == 403:
        return CheckFailed("vsphere.permission", f"{where}: the copy account may not read the datastore's files",
                           "`mtv check provider` names what it lacks")  # fmt: skip
    if status in (404, 416):
        return Held("source.changed", f"{where} has the disk's file no more ({status})",
                    "it was moved or removed: refresh the source with `mtv refresh`, and plan the VM anew")  # fmt: skip
    return Temporary("source.read", f"{where} answers {status} to a read")


class _Busy(Temporary):
    def __init__(self, text: str, after: str) -> None:
        super().__init__("vsphere.busy", text)
        self.after_s = float(after) if after.isdecimal() else 1.0


class _Patience:
    """With one read: how often it may break off, and how long its server may say that it is busy."""

    def __init__(self, session: Session) -> None:
        self._limits, self._breaks, self._until = session.limits, 0, 0.0

    def bear(self, error: Temporary, read: int) -> None:
        """Returns where it is to be tried again. Raises the error where it was tried enough, and hangs at once."""
        now = time.monotonic()
        if isinstance(error, _Busy):
            self._until = self._until or now + self._limits.busy_s
            if now < self._until:
                return time.sleep(min(error.after_s, self._limits.busy_wait_s))
        elif error.fault.code != "vsphere.timeout":
            self._breaks = 1 if read else self._breaks + 1
            if self._breaks < BREAKS:
                return None
        raise error
