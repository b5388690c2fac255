"""Progress on stderr: drawn over itself on a terminal, a line every ten seconds elsewhere, nothing before two
seconds."""

import sys
import threading
import time
from types import TracebackType

import click

from mtv.progress import Rate
from mtv.words import duration, share, size

SHOW_AFTER_S = 2.0
PLAIN_EVERY_S = 10.0
DRAW_EVERY_S = 0.2
TICK_S = 1.0


class Meter:
    """One job's progress: `bytes(done, total)` with rate and time left, or `count(n)` of things. As a context it also
    says how long it has taken while there is no news."""

    def __init__(self, title: str) -> None:
        self.title, self.text, self.began_s, self.drawn_s, self.width = title, "", time.monotonic(), 0.0, 0
        self.rate = Rate()
        self._ended = threading.Event()
        self._drawing = threading.RLock()

    def __enter__(self) -> "Meter":
        self._ticking = threading.Thread(target=self._tick, name="meter", daemon=True)
        self._ticking.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._ticking.join()
        self.wipe()

    def _tick(self) -> None:
        while not self._ended.wait(TICK_S):
            quiet_s = time.monotonic() - max(self.drawn_s, self.began_s)
            if quiet_s >= (TICK_S if sys.stderr.isatty() else PLAIN_EVERY_S):  # a log needs no line for what is short
                took = duration(time.monotonic() - self.began_s)
                self._show(f"{self.text}, {took}" if self.text else took)

    def wipe(self) -> None:
        with self._drawing:
            if self.width:
                click.echo("\r" + " " * self.width + "\r", nl=False, err=True)
            self.width = 0

    def line(self, text: str) -> None:
        """A line that stays, above the meter."""
        self.wipe()
        click.echo(text, err=True)

    def bytes(self, done: int, total: int, what: str = "") -> None:  # noqa: A003 - bytes are what it counts
        self.rate.at(time.monotonic(), done)
        self.moved(done, total, self.rate.bytes_per_s, what)

    def moved(self, done: int, total: int, bytes_per_s: float | None, what: str = "") -> None:
        """The same at a rate that is known already. A total of 0 is not counted yet: no share and no time left."""
        parts = [what, share(done, total), f"{done * 100 // total}%" if total else ""]
        parts += [f"{size(bytes_per_s)}/s"] if bytes_per_s else []
        parts += [f"{duration((total - done) / bytes_per_s)} left"] if bytes_per_s and total else []
        self.draw(", ".join(part for part in parts if part))

    def count(self, number: int, what: str = "") -> None:
        self.draw(f"{number} {what}".strip())

    def draw(self, text: str) -> None:
        self.text = text
        self._show(text)

    def _show(self, text: str) -> None:
        with self._drawing:
            self._put(text)

    def _put(self, text: str) -> None:
        now_s = time.monotonic()
        tty = sys.stderr.isatty()
        due = now_s - self.drawn_s >= (DRAW_EVERY_S if tty else PLAIN_EVERY_S)
        if now_s - self.began_s < SHOW_AFTER_S or not due:
            return
        self.drawn_s = now_s
        line = f"{self.title}: {text}"
        if tty:
            click.echo("\r" + line.ljust(self.width), nl=False, err=True)
            self.width = len(line)
        else:
            click.echo(line, err=True)
