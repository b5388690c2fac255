"""How fast one client asks: a cluster has others, and an API server that is asked too much lets all of them wait."""

import threading
from collections.abc import Callable


class Pace:
    """`a_second` requests, after `at_once` that need not wait."""

    def __init__(
        self, a_second: float, at_once: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._each_s, self._credit_s = 1 / a_second, at_once / a_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._free_at = clock() - self._credit_s

    def wait(self) -> None:
        """Until it is this request's turn."""
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - self._credit_s) + self._each_s
            wait_s = self._free_at - now
        if wait_s > 0:
            self._sleep(wait_s)
