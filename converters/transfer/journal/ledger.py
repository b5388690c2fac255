"""Between a copy and its journal: keeps what was written until it is durable, every 256 MiB or 2 s, and only then
writes it down. It flushes in a thread of its own, so that the copy goes on meanwhile."""

import threading
from collections.abc import Callable

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.journal.known import Known
from mtv.converters.transfer.journal.records import Journal, Record
from mtv.converters.transfer.targets.raw import Target
from mtv.model.tasks import ROOT_SPAN_BYTES
from mtv.settings import Settings

TellRoot = Callable[[int], None]  # the number of a span, all of whose blocks are durable


class Ledger:
    def __init__(self, journal: Journal, target: Target, known: Known, limits: Settings, tell_root: TellRoot) -> None:
        self._journal = journal
        self._target = target
        self._known = known
        self._limits = limits
        self._tell_root = tell_root
        self._lock = threading.Lock()
        self._due = threading.Event()
        self._pending: list[Record] = []
        self._pending_bytes = 0
        self._open: dict[int, int] = {}  # span: blocks given out that are not durable yet
        self._reached = 0  # the span of the last block given out
        self._ending = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def expect(self, block: Block) -> None:
        """That block is being worked on; called in the blocks' order."""
        with self._lock:
            self._reached = block.offset // ROOT_SPAN_BYTES
            self._open[self._reached] = self._open.get(self._reached, 0) + 1

    def note(self, record: Record) -> None:
        """It is at the target, not yet durable. Any thread."""
        with self._lock:
            self._pending.append(record)
            self._pending_bytes += record.length
            if self._pending_bytes >= self._limits.flush_bytes:
                self._due.set()

    def settle(self, block: Block) -> None:
        """That expected block needs no record: it is known already."""
        with self._lock:
            self._open[block.offset // ROOT_SPAN_BYTES] -= 1

    def _run(self) -> None:
        while not self._ending:
            self._due.wait(self._limits.flush_s)
            self._due.clear()
            try:
                self._flush()
            except BaseException as error:  # noqa: BLE001 - ends the copy, which raises it
                self.error = error
                return

    def _flush(self) -> None:
        with self._lock:
            records, self._pending, self._pending_bytes = self._pending, [], 0
        if records:
            self._target.flush()
            self._journal.append(records)
            for record in records:
                self._known.apply(record)
        for span in self._finished(records):
            self._tell_root(span)

    def _finished(self, records: list[Record]) -> list[int]:
        with self._lock:
            for record in records:
                span = record.offset // ROOT_SPAN_BYTES
                self._open[span] = self._open.get(span, 0) - 1
            done = [span for span, left in self._open.items() if left <= 0 and (self._ending or span < self._reached)]
            for span in done:
                del self._open[span]
            return sorted(done)

    def close(self) -> None:
        """All that was noted is durable and written down, or `error` says why not. A second flush after a failed one
        would prove nothing: the kernel has dropped what it could not write."""
        self._ending = True
        self._due.set()
        self._thread.join()
        if self.error is None:
            try:
                self._flush()
            except BaseException as error:  # noqa: BLE001 - raised by whoever looks at it
                self.error = error
