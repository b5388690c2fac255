"""Reading ahead: a file's areas in windows of some MiB, fetched by threads of its own while those before are hashed and
written. A request costs a server the same for 64 KiB and for 4 MiB: opening the file, looking who holds it."""

import threading
import time
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from mtv.errors import Cancelled
from mtv.model.points import Extent

GAP_BYTES = 256 << 10  # less than this between two areas is fetched with them
SPARE = 2  # windows that are there already, for each disk
JOIN_S = 5.0

Piece = tuple[int, int]  # where it begins and ends in the file
Fetch = Callable[[int, memoryview], None]


@dataclass
class _Window:
    start: int
    pieces: list[Piece]
    data: memoryview
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    taken_bytes: int = 0
    readers: int = 0

    def part(self, low: int, high: int) -> memoryview:
        return self.data[low - self.start : high - self.start]

    def holds(self, low: int, high: int) -> bool:
        return any(first <= low and high <= last for first, last in self.pieces)


class Windows:
    """What `areas` names is fetched in its order, so many windows at a time; anything else when it is asked for."""

    def __init__(self, fetch: Fetch, fetchers: int, window_bytes: int) -> None:
        self._fetch, self._limit, self._bytes = fetch, fetchers + SPARE, window_bytes
        self._starts, self._ends, self._complete = array("Q"), array("Q"), False
        self._next = 0  # no window before this place is begun any more
        self._open: dict[int, _Window] = {}
        self._waiting: deque[_Window] = deque()
        self._free: list[memoryview] = []
        self._closed = False
        self._change = threading.Condition()
        names = (f"fetch-{number}" for number in range(fetchers))
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    def areas(self, found: Iterable[Extent]) -> Iterator[Extent]:
        """The same, noted: they are fetched ahead from now on."""
        for extent in found:
            with self._change:
                self._starts.append(extent.offset)
                self._ends.append(extent.offset + extent.length)
            yield extent
        self._complete = True

    def read_into(self, offset: int, view: memoryview) -> None:
        while len(view):
            end = min(offset + len(view), (offset // self._bytes + 1) * self._bytes)
            part = view[: end - offset]
            window = self._find(offset, end)
            if window:
                self._take(window, offset, part)
            else:
                self._fetch(offset, part)
            view, offset = view[len(part) :], end

    def close(self) -> None:
        """Whoever still fetches is cut off by whoever closes the connections."""
        with self._change:
            self._closed = True
            self._change.notify_all()
            left = (*self._open.values(), *self._waiting)
        for window in left:
            window.error = window.error or Cancelled("source.closed", "the source was closed")
            window.done.set()

    def join(self) -> None:
        until = time.monotonic() + JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _find(self, low: int, high: int) -> _Window | None:
        """The window that has it, or will have; those behind it are begun."""
        number = low // self._bytes
        with self._change:
            self._begin(number)
            found = self._open.get(number)
            if found is None or not found.holds(low, high):
                return None
            found.readers += 1
            return found

    def _take(self, window: _Window, offset: int, view: memoryview) -> None:
        window.done.wait()
        if window.error:
            raise window.error
        view[:] = window.part(offset, offset + len(view))
        with self._change:
            window.taken_bytes += len(view)
            window.readers -= 1
            is_whole = window.taken_bytes >= sum(last - first for first, last in window.pieces)
            if is_whole and not window.readers and window is self._open.pop(window.start // self._bytes, None):
                self._free.append(window.data)  # memory that was never written costs more than the copy

    def _begin(self, number: int) -> None:
        """As many windows as there is room for, from that one on. What lies before it nobody asks for any more, but
        for threads that are late: the last few stay."""
        while len(self._open) > self._limit and min(self._open) < number - SPARE:
            del self._open[min(self._open)]
        while len(self._open) < self._limit + SPARE and (window := self._ahead(number)):
            self._open[window.start // self._bytes] = window
            self._waiting.append(window)
            self._change.notify()

    def _ahead(self, number: int) -> _Window | None:
        """The next window with anything in it, once all that is in it is known."""
        at = max(self._next, number * self._bytes)
        index = bisect_right(self._ends, at)
        if index == len(self._ends):
            return None
        start = max(at, self._starts[index]) // self._bytes * self._bytes
        end = start + self._bytes
        if not self._complete and self._ends[-1] < end:
            return None
        self._next = end
        data = self._free.pop() if self._free else memoryview(bytearray(self._bytes))
        return _Window(start, list(self._pieces(index, max(at, start), end)), data)

    def _pieces(self, index: int, start: int, end: int) -> Iterator[Piece]:
        low = high = -1
        while index < len(self._ends) and self._starts[index] < end:
            first, last = max(start, self._starts[index]), min(end, self._ends[index])
            if low >= 0 and first - high > GAP_BYTES:
                yield low, high
                low = first
            low, high = first if low < 0 else low, last
            index += 1
        if low >= 0:
            yield low, high

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._waiting and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                window = self._waiting.popleft()
            try:
                for first, last in window.pieces:
                    self._fetch(first, window.part(first, last))
            except BaseException as error:  # noqa: BLE001 - raised by whoever asks for the window
                window.error = window.error or error
            window.done.set()
