"""True bytes of a disk's work, counted by its threads and told by another."""

import threading
from dataclasses import dataclass, field

from mtv.model.tasks import DiskProgress


@dataclass
class Meter:
    disk: str
    phase: str = "copy"
    done_bytes: int = 0
    total_bytes: int = 0
    counted: bool = False  # total_bytes is all there is
    written_bytes: int = 0
    read_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, phase: str, done_bytes: int = 0, total_bytes: int | None = None) -> None:
        """Without a total it is counted on the way."""
        with self._lock:
            self.phase, self.done_bytes = phase, done_bytes
            self.total_bytes, self.counted = total_bytes or 0, total_bytes is not None

    def read(self, size_bytes: int) -> None:
        with self._lock:
            self.read_bytes += size_bytes
            self.done_bytes += size_bytes

    def advance(self, size_bytes: int) -> None:
        """Done, and not read from the source."""
        with self._lock:
            self.done_bytes += size_bytes

    def wrote(self, size_bytes: int) -> None:
        with self._lock:
            self.written_bytes += size_bytes

    def total(self, total_bytes: int, counted: bool = True) -> None:
        with self._lock:
            self.total_bytes, self.counted = max(self.total_bytes, total_bytes), counted

    def count_done(self) -> None:
        """What was done is all there was: a stream ended."""
        with self._lock:
            self.total_bytes, self.counted = max(self.total_bytes, self.done_bytes), True

    @property
    def progress(self) -> DiskProgress:
        with self._lock:
            return DiskProgress(
                disk=self.disk,
                done_bytes=self.done_bytes,
                total_bytes=max(self.total_bytes, self.done_bytes),
                phase=self.phase,
                counted=self.counted,
            )
