"""WebSocket frames as a client sends and reads them (RFC 6455): pure, bounded."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from mtv.errors import MtvError

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LAST, MASKED = 0x80, 0x80
MESSAGE_LIMIT_BYTES = 4 << 20  # an API server's pieces have 32 KiB


def encode(kind: int, data: bytes, mask: bytes = b"") -> bytes:
    """One whole message in one frame; a client's are masked."""
    mask = mask or secrets.token_bytes(4)
    size = len(data)
    if size < 126:
        head = bytes([LAST | kind, MASKED | size])
    elif size < 1 << 16:
        head = bytes([LAST | kind, MASKED | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([LAST | kind, MASKED | 127]) + size.to_bytes(8, "big")
    return head + mask + masked(data, mask)


def masked(data: bytes, mask: bytes) -> bytes:
    """The same again takes it off. As one number: bytes one by one take 40 times as long."""
    whole = (mask * (len(data) // 4 + 1))[: len(data)]
    return (int.from_bytes(data, "big") ^ int.from_bytes(whole, "big")).to_bytes(len(data), "big")


@dataclass
class Frames:
    """What has come so far. Messages in several frames are put together."""

    _bytes: bytearray = field(default_factory=bytearray)
    _kind: int = 0
    _parts: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and content of each message that is complete now. Raises MtvError `kubevirt.websocket`."""
        self._bytes += data
        while (frame := self._next()) is not None:
            last, kind, content = frame
            if kind >= CLOSE:
                if not last or len(content) > 125:
                    raise _broken("a control frame in pieces")
                yield kind, content
                continue
            if (kind == CONTINUED) != bool(self._kind):
                raise _broken("pieces out of order")
            self._kind = self._kind or kind
            self._parts += content
            if len(self._parts) > MESSAGE_LIMIT_BYTES:
                raise _broken("a message without an end")
            if last:
                kind, whole = self._kind, bytes(self._parts)
                self._kind, self._parts = 0, bytearray()
                yield kind, whole

    def _next(self) -> tuple[bool, int, bytes] | None:
        """Whether it is its message's last, its kind and content; None: it has not come yet."""
        found = self._bytes
        if len(found) < 2:
            return None
        first, size = found[0], found[1] & 0x7F
        if first & 0x70 or found[1] & MASKED or first & 0x0F not in (CONTINUED, TEXT, BINARY, CLOSE, PING, PONG):
            raise _broken(f"a frame that begins with {bytes(found[:2]).hex()}")
        more = {126: 2, 127: 8}.get(size, 0)
        if len(found) < 2 + more:
            return None
        size = int.from_bytes(found[2 : 2 + more], "big") if more else size
        if size > MESSAGE_LIMIT_BYTES:
            raise _broken(f"a frame of {size} bytes")
        if len(found) < 2 + more + size:
            return None
        content = bytes(found[2 + more : 2 + more + size])
        del found[: 2 + more + size]
        return bool(first & LAST), first & 0x0F, content


def _broken(what: str) -> MtvError:
    return MtvError("kubevirt.websocket", f"what comes is no WebSocket: {what}", "a proxy between may not let it pass")
