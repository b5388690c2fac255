"""Where the reading threads get their work: blocks in order, counted while they are still being found, held to the
rate, and none any more once something failed or somebody said stop."""

import threading
from collections.abc import Callable, Iterable, Iterator

from mtv.converters.transfer.extents import Block, ExtentList
from mtv.converters.transfer.readers.rate import Bucket

BATCH = 256
LOOK_S = 0.05  # how long extents wait that do not fill a batch
CLOSE_S = 5.0


class Survey:
    """Lists a source's extents in a thread of its own, ahead of the copy: the whole count is known early, and asking
    where the data lies costs the copy no time."""

    def __init__(self, extents: Iterable[tuple[int, int]], stopping: Callable[[], bool]) -> None:
        self.found = ExtentList()
        self.complete = False
        self._stopping = stopping
        self._closed = False
        self._error: BaseException | None = None
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._look, args=(extents,), name="survey", daemon=True)
        self._thread.start()

    @property
    def _ending(self) -> bool:
        return self._closed or self._stopping()

    def _look(self, extents: Iterable[tuple[int, int]]) -> None:
        try:
            for offset, length in extents:
                if self._ending:
                    return
                with self._more:
                    self.found.add(offset, length)
                    if len(self.found) % BATCH == 0:
                        self._more.notify_all()
        except BaseException as error:  # noqa: BLE001 - raised again where the extents are used
            self._error = error
        finally:
            with self._more:
                self.complete = True
                self._more.notify_all()

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """The extents. The last one found may still grow: it is given only when there is another, or no more."""
        index = 0
        while batch := self._next(index):
            yield from batch
            index += len(batch)
        if self._error and not self._ending:
            raise self._error

    def _next(self, index: int) -> list[tuple[int, int]]:
        with self._more:
            while not self.complete and len(self.found) < index + 2 and not self._ending:
                self._more.wait(LOOK_S)
            ready = len(self.found) - (0 if self.complete else 1)
            return [self.found.at(place) for place in range(index, min(ready, index + BATCH))]

    def close(self) -> None:
        """Its thread ends, or is left behind where the source hangs: closing the source ends it then."""
        self._closed = True
        self._thread.join(CLOSE_S)


class Feed:
    """Blocks for several threads."""

    def __init__(self, blocks: Iterator[Block], bucket: Bucket, stopping: Callable[[], bool]) -> None:
        self._blocks = blocks
        self._bucket = bucket
        self._stopping = stopping
        self._lock = threading.Lock()
        self.error: BaseException | None = None

    def next(self) -> Block | None:
        """The next block, or None when there are no more or the pass is to end."""
        with self._lock:
            if self.ending:
                return None
            try:
                block = next(self._blocks, None)
            except Exception as error:
                self.error = error
                return None
        if block is not None:
            self._bucket.take(block.piece_bytes)
        return None if self.ending else block

    def pay(self, size_bytes: int) -> None:
        """Wait as the rate demands, for bytes that came without asking."""
        self._bucket.take(size_bytes)

    @property
    def ending(self) -> bool:
        return self.error is not None or self._stopping()

    def fail(self, error: BaseException) -> None:
        """The first failure is the one that is told."""
        with self._lock:
            self.error = self.error or error
