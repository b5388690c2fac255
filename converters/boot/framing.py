"""The agent's lines out of a byte stream: JSON values, one a line, and 0xFF, after which all that came before is void.

The other end is a guest, and a guest may say anything: what is kept is bounded, what is no JSON is dropped.
"""

import json
from collections.abc import Iterator

from mtv.errors import MtvError
from mtv.model.estate import Json

DELIMITER = 0xFF
LIMIT_BYTES = 4 << 20


class Lines:
    """Feed bytes as they come; get the values that they complete."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Json]:
        """Raises MtvError `agent.babble` for a line without end."""
        self._rest += data
        while (end := self._rest.find(b"\n")) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            yield from _value(line[line.rfind(DELIMITER.to_bytes()) + 1 :])
        if len(self._rest) > self.limit_bytes:
            self._rest.clear()
            raise MtvError("agent.babble", f"the guest's agent sent more than {self.limit_bytes} bytes in one line")


def _value(line: bytes) -> Iterator[Json]:
    try:
        value: Json = json.loads(line)
    except (ValueError, RecursionError):
        return
    yield value
