"""Reading an NBD server by libnbd. Where it answers at once, as a machine's own does: by `near`. Where it is far, or
waiting for it takes longer than the work, each thread has a connection with many requests in flight, and hashes and
writes what has arrived while the rest is under way."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import nbd

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers.crew import Crew
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.inprocess import Take
from mtv.converters.transfer.readers.near import SLOW_S, WAITS, Watch
from mtv.converters.transfer.readers.slots import Slot
from mtv.errors import Temporary
from mtv.model.reading import NbdServer
from mtv.settings import Settings

FIRST_DEPTH = 2  # of a server that seemed near and is slow: doubled while that is too few
FAR_S = 0.001  # a small read that takes longer: the server is not on this machine, or slow
PROBE_BYTES = 512
STATUS_STEP_BYTES = 1 << 30  # one question about extents: the answer stays small
CONNECT_S = 30.0  # libnbd itself waits for ever
POLL_MS = 500  # between looks at whether somebody said stop


def connect(server: NbdServer, extents: bool = False) -> nbd.NBD:
    """Raises Temporary `source.connect`."""
    handle = nbd.NBD()
    if extents:
        handle.add_meta_context(nbd.CONTEXT_BASE_ALLOCATION)
    handle.set_pread_initialize(False)  # buffers are written whole or not used
    try:
        handle.aio_connect_uri(server.uri)
        until = time.monotonic() + CONNECT_S
        while handle.aio_is_connecting():
            handle.poll(POLL_MS)
            if time.monotonic() > until:
                hang_up(handle)
                raise Temporary("source.connect", f"the NBD server {server.uri} has not greeted for {CONNECT_S:.0f} s")
    except nbd.Error as error:
        raise Temporary("source.connect", f"no connection to the NBD server {server.uri}: {error}") from error
    return handle


@contextmanager
def connection(server: NbdServer, extents: bool = False) -> Iterator[nbd.NBD]:
    """Ends when the context does, however: a server that is to stop waits for its clients."""
    handle = connect(server, extents)
    try:
        yield handle
        with suppress(nbd.Error):  # all that was wanted of it was had
            handle.shutdown()
    except BaseException:
        hang_up(handle)
        raise


def hang_up(handle: nbd.NBD) -> None:
    """Without a word, and without waiting for a server that may answer no more."""
    with suppress(OSError, nbd.Error), socket.socket(fileno=os.dup(handle.aio_get_fd())) as line:
        line.shutdown(socket.SHUT_RDWR)


def size_bytes(server: NbdServer) -> int:
    with connection(server) as handle:
        return int(handle.get_size())


def extents(server: NbdServer, size: int) -> Iterator[tuple[int, int]]:
    """Allocated extents; all of the disk where the server cannot tell."""
    try:
        with connection(server, extents=True) as handle:
            if handle.can_meta_context(nbd.CONTEXT_BASE_ALLOCATION):
                yield from _extents(handle, size)
            else:
                yield 0, size
    except nbd.Error as error:
        raise Temporary("source.read", f"the NBD server does not tell its extents: {error}") from error


def _extents(handle: nbd.NBD, size: int) -> Iterator[tuple[int, int]]:
    offset = 0
    while offset < size:
        for length, flags in _status(handle, offset, min(STATUS_STEP_BYTES, size - offset)):
            if not flags & nbd.STATE_ZERO and offset < size:
                yield offset, min(length, size - offset)
            offset += length


def _status(handle: nbd.NBD, offset: int, count: int) -> list[tuple[int, int]]:
    entries: list[int] = []

    def keep(context: str, _: int, found: list[int], __: object) -> int:
        if context == nbd.CONTEXT_BASE_ALLOCATION and not entries:
            entries.extend(found)
        return 0

    handle.block_status(count, offset, keep)
    pairs = list(zip(entries[::2], entries[1::2], strict=True))
    if not sum(length for length, _ in pairs):
        raise Temporary("source.read", f"the NBD server tells nothing of its extents at {offset}")
    return pairs


class _Reader:
    """One thread: its connection, its slots, its requests."""

    def __init__(
        self, handle: nbd.NBD, most: int, feed: Feed, take: Take, slot_bytes: int, limits: Settings, is_far: bool
    ) -> None:
        self._handle = handle
        self._feed = feed
        self._take = take
        self._slot_bytes = slot_bytes
        self._stall_s = limits.read_stall_s
        self._most = most
        self._depth = self._most if is_far else min(FIRST_DEPTH, self._most)
        self._waits: list[float] = []
        self._free: list[Slot] = []
        self._flying = 0  # blocks
        self._arrived: list[tuple[Block, Slot]] = []
        self._error: tuple[int, int] | None = None  # offset, errno

    def work(self, crew: Crew) -> None:
        empty = False
        while not self._feed.ending:
            while not empty and self._flying < self._depth:
                block = self._feed.next()
                empty = block is None
                if block:
                    self._ask(block)
            if not self._flying:
                break
            self._waits.append(self._wait())
            if len(self._waits) == WAITS:
                self._widen(crew)
            self._settle()
        if self._flying:
            hang_up(self._handle)  # told to end: nobody waits for what is still under way

    def _ask(self, block: Block) -> None:
        slot = self._free.pop() if self._free else Slot(self._slot_bytes)
        self._flying += 1
        left = [len(block.pieces)]
        if not block.pieces:
            slot.clear(0, block.length)
            self._arrived.append((block, slot))
        for offset, view in slot.parts(block):

            def arrived(error: int, offset: int = offset) -> int:
                if error:
                    self._error = self._error or (offset, error)
                left[0] -= 1
                if not left[0]:
                    self._arrived.append((block, slot))
                return 1  # libnbd forgets the request

            self._handle.aio_pread(nbd.Buffer.from_buffer(view), offset, arrived)

    def _wait(self) -> float:
        """Until something arrived; gives the seconds."""
        since = time.monotonic()
        while not self._arrived and not self._error and not self._feed.ending:
            if not self._handle.poll(POLL_MS) and time.monotonic() - since > self._stall_s:
                raise Temporary("source.stalled", f"the NBD server has answered nothing for {self._stall_s:.0f} s")
        return time.monotonic() - since

    def _widen(self, crew: Crew) -> None:
        mean_s, self._waits = sum(self._waits) / WAITS, []
        if mean_s > SLOW_S:
            if self._depth == self._most:
                crew.hire()
            self._depth = min(self._depth * 2, self._most)

    def _settle(self) -> None:
        if self._error:
            offset, code = self._error
            raise Temporary("source.read", f"reading at byte {offset} failed with error {code}")
        arrived, self._arrived = self._arrived, []
        for block, slot in arrived:
            self._flying -= 1
            self._take(block, slot)
            self._free.append(slot)


def _is_far(server: NbdServer) -> bool:
    """Whether the server takes long for the smallest read; the quickest of three counts."""
    times = []
    try:
        with connection(server) as handle:
            for _ in range(3):
                since = time.monotonic()
                handle.pread(PROBE_BYTES, 0)
                times.append(time.monotonic() - since)
    except nbd.Error:
        return False  # it will say so to those who read in earnest
    return min(times) > FAR_S


def read(server: NbdServer, feed: Feed, take: Take, slot_bytes: int, limits: Settings) -> None:
    """Every block of the feed, taken; raises what went wrong first."""
    is_far = server.far or _is_far(server)
    depth = max(1, min(server.depth, limits.depth))

    def work() -> None:
        try:
            with connection(server) as handle:
                if not is_far:
                    watch.read(handle, take, slot_bytes)
                _Reader(handle, depth, feed, take, slot_bytes, limits, is_far).work(crew)
        except nbd.Error as error:
            raise Temporary("source.read", f"the NBD server failed: {error}") from error

    most = max(1, server.connections)
    crew = Crew(feed, work, most)
    with Watch(feed, limits.read_stall_s) as watch:
        for _ in range(most if is_far else min(limits.threads, most)):
            crew.hire()
        crew.join()
