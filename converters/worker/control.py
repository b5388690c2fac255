"""What the engine wants of a running worker: its control file read each second, SIGTERM, and, of a local worker, the
end of its stdin."""

import os
import signal
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from mtv.converters.worker import folders
from mtv.errors import Refused

POLL_S = 1.0


class Control:
    """Threads of its own, so that an operation that is deep in C code hears of a stop too."""

    def __init__(self, folder: Path, rate: int | None, replay: Callable[[], None], stopped: Callable[[], None]) -> None:
        self.rate_bytes_per_s = rate
        self._folder = folder
        self._replay = replay
        self._stopped = stopped
        self._asked = threading.Event()
        self._replayed: object = None

    @property
    def stopping(self) -> bool:
        return self._asked.is_set()

    def begin(self) -> None:
        """Must be called in the main thread: signals are its own."""
        threading.Thread(target=self._poll, name="control", daemon=True).start()
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)  # written at once, whatever the main thread does
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        threading.Thread(target=self._wait, args=(reading,), name="signals", daemon=True).start()
        if stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode):
            threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def stop(self) -> None:
        if not self._asked.is_set():
            self._asked.set()
            self._stopped()

    def _wait(self, reading: int) -> None:
        while told := os.read(reading, 1):
            if told[0] in (signal.SIGTERM, signal.SIGINT):
                self.stop()

    def _watch_stdin(self) -> None:
        while os.read(0, 4096):
            pass
        self.stop()

    def _poll(self) -> None:
        while True:
            self._obey()
            if self._asked.wait(POLL_S):
                return

    def _obey(self) -> None:
        wanted = folders.read_control(self._folder)
        if "rate_bytes_per_s" in wanted:
            rate = wanted["rate_bytes_per_s"]
            self.rate_bytes_per_s = rate if isinstance(rate, int) and rate > 0 else None
        tickets = wanted.get("tickets")
        for name, value in (tickets if isinstance(tickets, dict) else {}).items():
            self._renew(name, str(value).encode())
        if (replay := wanted.get("replay")) is not None and replay != self._replayed:
            self._replayed = replay
            self._replay()
        if wanted.get("stop") is True:
            self.stop()

    def _renew(self, name: str, value: bytes) -> None:
        """Whoever uses the ticket reads its file again."""
        path = self._folder / "secrets" / name
        try:
            if not path.exists() or path.read_bytes() != value:
                folders.write_secret(self._folder, name, value)
        except (Refused, OSError) as error:
            print(f"ticket '{name}' was not renewed: {error}")  # to the worker's log
