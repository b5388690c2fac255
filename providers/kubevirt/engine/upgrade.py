"""The step from HTTP to a WebSocket on a connection to the API server."""

import base64
import hashlib
import http.client
import io
import secrets
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.wire import answers
from mtv.providers.kubevirt.wire.answers import Asked
from mtv.providers.kubevirt.wire.link import Link, said

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api

HEAD_LIMIT_BYTES = 64 << 10
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


def upgrade(
    api: "Api", path: str, params: Sequence[tuple[str, str]], protocols: Sequence[str]
) -> tuple[Link, bytes, str]:  # fmt: skip
    """The connection, what came on it already, and the protocol that the server chose. Raises Status for what the
    server refuses."""
    return api.logged_in(lambda: _upgraded(api, path, params, protocols))


def _upgraded(
    api: "Api", path: str, params: Sequence[tuple[str, str]], protocols: Sequence[str]
) -> tuple[Link, bytes, str]:  # fmt: skip
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    link = api.new_link()
    try:
        with said(api.server):
            link.putrequest("GET", f"{api.server.base}{path}?{urlencode(params)}", skip_accept_encoding=True)
            for name, value in (
                ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", key), ("Sec-WebSocket-Protocol", ", ".join(protocols)),
                *api.credentials.headers(),
            ):  # fmt: skip
                link.putheader(name, value)
            link.endheaders()
            head, rest = _head(link.sock)
            response = _response(head, rest, link.sock)
            if response.status != 101:
                answers.read(response, Asked(api.server, path), api.limits)
                raise _refused(f"it answers {response.status}")
            expected = base64.b64encode(hashlib.sha1(f"{key}{MAGIC}".encode()).digest()).decode()
            chosen = response.headers.get("Sec-WebSocket-Protocol", "")
            if response.headers.get("Sec-WebSocket-Accept", "") != expected or chosen not in protocols:
                raise _refused("its answer is another's")
            return link, rest, chosen
    except BaseException:
        link.close()
        raise


def _head(sock: socket.socket) -> tuple[bytes, bytes]:
    """The answer's head, and what came behind it: http.client would keep that in a buffer of its own."""
    found = b""
    while b"\r\n\r\n" not in found:
        if len(found) > HEAD_LIMIT_BYTES:
            raise _refused("its answer has no end")
        if not (data := sock.recv(8192)):
            raise Temporary("kubevirt.connection", "the connection was cut off before the WebSocket began")
        found += data
    head, _, rest = found.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


class _Rest(io.RawIOBase):
    """The answer anew: what was read of it, and then what the socket still has."""

    def __init__(self, known: bytes, sock: socket.socket) -> None:
        self._known, self._sock = known, sock

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if self._known:
            size = min(len(self._known), len(into))
            into[:size], self._known = self._known[:size], self._known[size:]
            return size
        return self._sock.recv_into(into)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)


def _response(head: bytes, rest: bytes, sock: socket.socket) -> http.client.HTTPResponse:
    made = http.client.HTTPResponse(cast(socket.socket, _Rest(head + rest, sock)))
    made.begin()
    return made


def _refused(how: str) -> MtvError:
    return MtvError(
        "kubevirt.websocket", f"the API server, or a proxy before it, does not speak WebSocket: {how}",
        "NO_PROXY keeps a proxy out",
    )  # fmt: skip
