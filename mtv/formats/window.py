"""Foreign bytes, read by offset: whoever parses a format is given a Window and never reads outside of it."""

from collections.abc import Callable
from dataclasses import dataclass

from mtv.errors import Refused

ReadAt = Callable[[int, int], bytes]
"""`read(offset, length)` gives exactly `length` bytes or raises; it is only asked for what lies inside the size."""


@dataclass(frozen=True)
class Window:
    """`what` names the bytes in errors (file and member); `area` starts the codes of those errors."""

    read: ReadAt
    size: int
    what: str
    area: str

    def take(self, offset: int, length: int, part: str) -> bytes:
        """Exactly those bytes. Raises Refused `AREA.truncated` where they do not all lie inside."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.refuse(
                "truncated",
                f"its {part} would end at byte {offset + length}, of {self.size} there are",
                "fetch it again",
            )
        data = self.read(offset, length)
        if len(data) != length:
            raise self.refuse("truncated", f"{length} bytes at {offset} for its {part} gave {len(data)}")
        return data

    def refuse(self, code: str, text: str, hint: str = "") -> Refused:
        return Refused(f"{self.area}.{code}", f"{self.what}: {text}", hint)


def window(data: bytes, what: str, area: str) -> Window:
    """Bytes that are in memory."""
    return Window(lambda offset, length: data[offset : offset + length], len(data), what, area)
