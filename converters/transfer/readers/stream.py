"""Reading a stream: bytes come in rising order and once. They are put together to blocks here, and hashed and written
by other threads."""

import queue
from collections.abc import Callable

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers.crew import Crew
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.inprocess import Take
from mtv.converters.transfer.readers.slots import Slot
from mtv.errors import MtvError, Temporary
from mtv.model.reading import StreamReader

SLOTS_PER_THREAD = 4


class _Assembly:
    """The block that is being put together."""

    def __init__(
        self, size_bytes: int, block_bytes: int, empty: "queue.Queue[Slot]", full: Callable[[Block, Slot], None]
    ):
        self._size_bytes = size_bytes
        self._block_bytes = block_bytes
        self._empty = empty
        self._full = full
        self._slot: Slot | None = None
        self._start = 0
        self._filled = 0  # of the block, zeroes included
        self._pieces: list[tuple[int, int]] = []
        self._end = 0

    def add(self, offset: int, data: bytes) -> None:
        if offset < self._end or offset + len(data) > self._size_bytes:
            raise MtvError(
                "source.stream", f"the stream gives {len(data)} bytes at {offset}, after {self._end} and of a disk of"
                f" {self._size_bytes}",
            )  # fmt: skip
        self._end = offset + len(data)
        view = memoryview(data)
        while view:
            start = offset - offset % self._block_bytes
            if self._slot is None or start != self._start:
                self.finish()
                self._slot, self._start, self._filled = self._empty.get(), start, 0
            view, offset = self._put(view, offset)

    def _put(self, view: memoryview, offset: int) -> tuple[memoryview, int]:
        assert self._slot
        place = offset - self._start
        length = min(len(view), self._block_bytes - place)
        self._slot.clear(self._filled, place)
        self._slot.view[place : place + length] = view[:length]
        self._filled = place + length
        self._pieces.append((offset, length))
        return view[length:], offset + length

    def finish(self) -> None:
        """What there is of the block becomes one; the rest of it is zeroes."""
        if self._slot is None:
            return
        length = min(self._block_bytes, self._size_bytes - self._start)
        self._slot.clear(self._filled, length)
        self._full(Block(self._start, length, tuple(self._pieces)), self._slot)
        self._slot, self._pieces = None, []


def read(
    reader: StreamReader, feed: Feed, expect: Callable[[Block], None], take: Take, block_bytes: int, threads: int
) -> None:
    """All of the stream, taken block by block. The feed has no blocks of its own here: it holds the rate, and it
    tells when to end. `expect` hears of each block in order."""
    empty: queue.Queue[Slot] = queue.Queue()
    full: queue.Queue[tuple[Block, Slot] | None] = queue.Queue()
    for _ in range(threads * SLOTS_PER_THREAD):
        empty.put(Slot(block_bytes))

    def work() -> None:
        while item := full.get():
            try:
                if not feed.ending:
                    take(*item)
            except BaseException as error:  # noqa: BLE001 - told by join; slots must go on round until then
                feed.fail(error)
            empty.put(item[1])

    crew = Crew(feed, work, threads)
    for _ in range(threads):
        crew.hire()

    def finished(block: Block, slot: Slot) -> None:
        expect(block)
        full.put((block, slot))

    assembly = _Assembly(reader.size_bytes, block_bytes, empty, finished)
    try:
        _pour(reader, feed, assembly)
    except BaseException as error:  # noqa: BLE001 - told by join
        feed.fail(error)
    for _ in range(threads):
        full.put(None)
    crew.join()


def _pour(reader: StreamReader, feed: Feed, assembly: _Assembly) -> None:
    try:
        for offset, data in reader.chunks():
            feed.pay(len(data))
            if feed.ending:
                return
            assembly.add(offset, data)
    except OSError as error:
        raise Temporary("source.read", f"the stream broke: {error}") from error
    assembly.finish()
