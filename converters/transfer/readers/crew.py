"""The threads that read one disk. The first failure ends them all and is raised where they are waited for."""

import threading
from collections.abc import Callable

from mtv.converters.transfer.readers.feed import Feed


class Crew:
    """Threads that do the same until the feed is empty; more may join while they work."""

    def __init__(self, feed: Feed, work: Callable[[], None], limit: int) -> None:
        self._feed = feed
        self._work = work
        self._limit = limit
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def hire(self) -> None:
        """One more thread, if there may be one."""
        with self._lock:
            if len(self._threads) < self._limit and not self._feed.ending:
                thread = threading.Thread(target=self._run, name=f"reader-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever joins
            self._feed.fail(error)

    def join(self) -> None:
        """Until all have ended, those that joined meanwhile too."""
        for thread in self._threads:  # grows while it is read
            thread.join()
        if self._feed.error:
            raise self._feed.error
