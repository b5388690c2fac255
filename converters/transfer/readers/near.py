"""Reading an NBD server that answers at once: each thread asks for one block at a time and waits inside libnbd, without
Python between. That leaves 0.1 s a GiB more of two cores to hashing and writing than a loop over what arrives."""

import os
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType

import nbd

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.inprocess import Take
from mtv.converters.transfer.readers.slots import Slot
from mtv.errors import Temporary

SLOW_S = 0.003  # waiting so long for a block, again and again: more should be asked for at once
WAITS = 8  # waits that are looked at together
LOOK_S = 0.5  # between looks at whether somebody said stop, or a server hangs


class Line:
    """One thread's connection, which another may cut: libnbd holds the handle while it waits."""

    def __init__(self, handle: nbd.NBD, slot_bytes: int) -> None:
        self.since: float | None = None  # when it began to wait
        self.is_stalled = False
        self._handle = handle
        self._socket = socket.socket(fileno=os.dup(handle.aio_get_fd()))
        self._slot = Slot(slot_bytes)  # for blocks in several pieces

    def read(self, block: Block) -> Slot:
        if len(block.pieces) == 1 and block.pieces[0][1] == block.length:
            return Slot.of(self._pread(block.offset, block.length))
        for offset, view in self._slot.parts(block):
            view[:] = self._pread(offset, len(view))
        return self._slot

    def _pread(self, offset: int, length: int) -> bytearray:
        self.since = time.monotonic()
        try:
            data: bytearray = self._handle.pread(length, offset)
        except nbd.Error as error:
            if self.is_stalled:
                raise Temporary("source.stalled", f"the NBD server has not answered a read at {offset}") from error
            raise Temporary("source.read", f"reading at byte {offset} failed: {error}") from error
        finally:
            self.since = None
        return data

    def cut(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


class Watch:
    """Looks after lines that wait: one is cut when somebody said stop, or when its server hangs."""

    def __init__(self, feed: Feed, stall_s: float) -> None:
        self._feed = feed
        self._stall_s = stall_s
        self._lines: list[Line] = []
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(LOOK_S):
            with self._lock:
                for line in self._lines:
                    self._look(line)

    def _look(self, line: Line) -> None:
        since = line.since
        if since is not None:
            line.is_stalled = time.monotonic() - since > self._stall_s
            if line.is_stalled or self._feed.ending:
                line.cut()

    def read(self, handle: nbd.NBD, take: Take, slot_bytes: int) -> None:
        """Blocks of the feed, taken, until there are no more or the server turns out to be slow."""
        line = Line(handle, slot_bytes)
        with self._lock:
            self._lines.append(line)
        try:
            self._read(line, take)
        except Temporary:
            if line.is_stalled or not self._feed.ending:  # else it was cut because of that
                raise
        finally:
            with self._lock:
                self._lines.remove(line)
            line.close()

    def _read(self, line: Line, take: Take) -> None:
        waits = list[float]()
        while not _is_slow(waits) and (block := self._feed.next()):
            since = time.monotonic()
            slot = line.read(block)
            waits = [*waits[1 - WAITS :], time.monotonic() - since]
            take(block, slot)


def _is_slow(waits: Sequence[float]) -> bool:
    """By the middle one: some long waits are the scheduler's."""
    return len(waits) == WAITS and sorted(waits)[WAITS // 2] > SLOW_S
