"""The worker's mouth: events in order, one end and nothing after it. Whatever else this process or its children print
goes to the worker's log."""

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from mtv import codec
from mtv.formats import lines
from mtv.model.estate import Json
from mtv.model.tasks import Ended
from mtv.times import now

LOG_TOLD_BYTES = 64 << 10


class Speaker:
    def __init__(self, out: int) -> None:
        self._out = out
        self._seq = 0
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        self.has_ended = False

    def say(self, kind: str, data: Mapping[str, Json]) -> None:
        with self._lock:
            self._write(kind, data)
            if kind == "progress" and data.get("phase") == "copy":
                self._done[str(data["disk"])] = int(str(data["done_bytes"]))

    def end(self, ended: Ended) -> bool:
        """The last word; False if it was said already, or nobody could hear it."""
        with self._lock:
            if self.has_ended:
                return False
            try:
                self._write("end", codec.dump(ended))
            except OSError:
                return False
            self.has_ended = True
            return True

    def _write(self, kind: str, data: Mapping[str, Json]) -> None:
        if self.has_ended:
            return
        for line in lines.encode(self._seq, now(), kind, data):
            self._seq += 1
            view = memoryview(line)
            while view:
                view = view[os.write(self._out, view) :]

    @property
    def copied_bytes(self) -> int:
        """As far as the copy got: an attempt that gets further than the one before is progress."""
        with self._lock:
            return sum(self._done.values())

    def tell_log(self, path: Path) -> None:
        """The end of the log, for people who look why it failed."""
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_TOLD_BYTES))
            text = file.read().decode(errors="replace")
        for piece in lines.cut(text):
            self.say("log", {"level": "info", "text": piece})


def take_stdout(log: Path) -> int:
    """The descriptor to speak on. From now on stdout and stderr are the log, for children too."""
    sys.stdout.flush()
    out = os.dup(1)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    return out
