"""Until when this Pod may write, in memory that the keeper and the worker share: each of them looks by itself, so that
it holds also where the other one was stopped."""

import mmap
import struct
import time


def boot_s() -> float:
    """Seconds that also pass while a machine sleeps, or a process is stopped."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Deadline:
    """Made before the process parts in two."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8)

    def set(self, at_s: float) -> None:
        struct.pack_into("d", self._shared, 0, at_s)

    def is_over(self) -> bool:
        at_s: float = struct.unpack_from("d", self._shared, 0)[0]
        return boot_s() >= at_s
