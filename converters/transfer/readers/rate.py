"""Bytes per second, held by a token bucket that all threads of a worker share."""

import threading
import time
from collections.abc import Callable

BURST_S = 0.25  # what was not used may be caught up for so long
STEP_S = 0.2  # between looks at whether somebody said stop


class Bucket:
    """`limit` is asked each time: the engine changes it while the copy runs. The clock and the sleep are parameters."""

    def __init__(
        self,
        limit: Callable[[], int | None],
        stopping: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limit = limit
        self._stopping = stopping
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._free_at = clock()  # when all that was taken is paid for

    def take(self, size_bytes: int) -> None:
        """Returns when so many bytes may be read, or when somebody said stop."""
        limit = self._limit()
        if not limit:
            return
        with self._lock:
            self._free_at = max(self._free_at, self._clock() - BURST_S) + size_bytes / limit
            until = self._free_at
        while (left := until - self._clock()) > 0 and not self._stopping():
            self._sleep(min(left, STEP_S))
