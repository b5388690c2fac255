"""A streamed answer of the API server, line by line: a Pod's log, a watch. Its connection is its own."""

import contextlib
import http.client
import socket
import threading

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.wire.answers import Asked
from mtv.providers.kubevirt.wire.link import Link, said

CHUNK_BYTES = 64 << 10
LINE_LIMIT_BYTES = 4 << 20  # etcd holds objects up to 1.5 MiB, and JSON may write a byte as six


class Stream:
    """An iterator that ends where the server ended it, or where `close` was called, which any thread may do. Raises
    Temporary `kubevirt.connection`, `kubevirt.timeout`, `kubevirt.truncated`; MtvError `kubevirt.too-large`."""

    def __init__(self, link: Link, response: http.client.HTTPResponse, asked: Asked, limit_bytes: int) -> None:
        self._link, self._response, self._asked, self._limit_bytes = link, response, asked, limit_bytes
        self._socket = link.sock
        self._rest = bytearray()
        self._seen = 0  # bytes of it without an end of line
        self._closed = False
        self._reading = threading.Lock()

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        """Without its end of line."""
        with self._reading:
            return self._next()

    def _next(self) -> bytes:
        try:
            while (end := self._rest.find(b"\n", self._seen)) < 0:
                self._seen = len(self._rest)
                if not self._more():
                    return self._last()
        except BaseException as error:
            was_closed = self._closed
            self._end()
            if was_closed and isinstance(error, MtvError):
                raise StopIteration from None
            raise
        line = bytes(self._rest[:end])
        del self._rest[: end + 1]
        self._seen = 0
        return line

    def _more(self) -> bool:
        if len(self._rest) > self._limit_bytes:
            raise MtvError(
                "kubevirt.too-large", f"{self._asked.server}: {self._asked.what}: a line over {self._limit_bytes} bytes"
            )
        if self._closed:
            return False
        with said(self._asked.server):
            piece = self._response.read1(CHUNK_BYTES)
        if not piece and self._response.length:
            raise Temporary("kubevirt.truncated", f"{self._asked.server}: {self._asked.what} ended early")
        self._rest += piece
        return bool(piece)

    def _last(self) -> bytes:
        """What came after the last end of line, once."""
        line = bytes(self._rest)
        self._rest.clear()
        self._seen = 0
        if line and not self._closed:
            return line
        self._end()
        raise StopIteration

    def close(self) -> None:
        """A reader in another thread wakes up, and ends it."""
        self._closed = True
        if self._socket:
            with contextlib.suppress(OSError):  # the other end went first
                self._socket.shutdown(socket.SHUT_RDWR)
        if self._reading.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._reading.release()

    def _end(self) -> None:
        self._closed = True
        self._response.close()
        self._link.close()
