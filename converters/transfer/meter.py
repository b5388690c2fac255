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
    written_bytes: int = 0
    read_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def begin(self, phase: str, done_bytes: int = 0, total_bytes: int = 0) -> None:
        with self._lock:
            self.phase, self.done_bytes, self.total_bytes = phase, done_bytes, total_bytes

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

    def total(self, total_bytes: int) -> None:
        with self._lock:
            self.total_bytes = max(self.total_bytes, total_bytes)

    @property
    def progress(self) -> DiskProgress:
        with self._lock:
            return DiskProgress(
                disk=self.disk,
                done_bytes=self.done_bytes,
                total_bytes=max(self.total_bytes, self.done_bytes),
                phase=self.phase,
            )
