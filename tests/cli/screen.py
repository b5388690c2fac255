"""A terminal that a test types into and reads: tmux with a server of its own."""

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60.0


class Screen:
    """One window of 140 x 40. `show` is what it shows now, `code` the file that its program's exit status goes to:
    tmux's own word for a dead pane comes late at times, or never."""

    def __init__(self, socket: Path, code: Path) -> None:
        self.socket, self.code = socket, code
        self.code = socket.with_name("tmux.code")

    def tmux(self, *words: str) -> str:
        argv = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *words]
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True).stdout

    @property
    def show(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "main")

    @property
    def ended(self) -> bool:
        return self.code.exists() and self.code.read_text().endswith("\n")

    @property
    def status(self) -> int:
        """Of the program that ended."""
        return int(self.code.read_text())

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "main", *keys)

    def until(self, seen: Callable[[str], object], what: str) -> str:
        """What it shows when `seen` is true of it."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not seen(shown := self.show):
            assert time.monotonic() < deadline_s, f"{what}; it shows:\n{shown}"
            assert not self.ended or seen(self.show), f"{what}; it has ended and shows:\n{self.show}"
            time.sleep(0.05)
        return shown

    def wait(self) -> int:
        deadline_s = time.monotonic() + PATIENCE_S
        while not self.ended:
            assert time.monotonic() < deadline_s, f"it has not ended; it shows:\n{self.show}"
            time.sleep(0.05)
        return self.status


@contextmanager
def screen(argv: Sequence[str], folder: Path, env: dict[str, str]) -> Iterator[Screen]:
    """The program in a terminal of its own, which is gone when the context ends."""
    made = Screen(folder / "tmux", folder / "tmux.code")
    made.code.unlink(missing_ok=True)
    typed = ["sh", "-c", '"$@"; echo $? > tmux.code', "sh", *argv]
    words = ["env", "-i", *(f"{name}={value}" for name, value in env.items()), "TERM=screen-256color", *typed]
    words = ["sh", "-c", '"$@"; echo $? > "$0"', str(made.code), *words]
    start = ["new-session", "-d", "-s", "main", "-x", "140", "-y", "40", "-c", str(folder), shlex.join(words)]
    made.tmux("set-option", "-g", "remain-on-exit", "on", ";", *start)
    try:
        yield made
    finally:
        made.tmux("kill-server")
