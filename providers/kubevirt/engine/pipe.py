"""A program in a Pod, by exec: its stdin and stdout as lines (v5.channel.k8s.io, and v4 where that is all there is)."""

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import orjson

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.engine.frames import BINARY, CLOSE, PING, PONG, Frames, encode
from mtv.providers.kubevirt.engine.upgrade import upgrade
from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.wire.link import said
from mtv.words import plain

if TYPE_CHECKING:
    from mtv.providers.kubevirt.wire.api import Api

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS, ENDS = 0, 1, 2, 3, 255
PIECE_BYTES = 16 << 10
LINE_LIMIT_BYTES = 48 << 20
KILLED = "exit code 137"  # by signal 9: so ends all in a container whose first process has ended
PING_S = 20.0
SILENT = 3  # pings without any answer: the connection is dead


class PodPipe:
    """providers.engines.Pipe. Lines are read by one thread at a time; sending is safe from another."""

    def __init__(self, api: "Api", namespace: str, pod: str, container: str, argv: Sequence[str]) -> None:
        self._api, self._where = api, f"{namespace}/{pod}"
        wanted = [("command", word) for word in argv]
        wanted += [("container", container)] if container else []
        wanted += [("stdin", "true"), ("stdout", "true"), ("stderr", "true")]
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/exec"
        with api.said(f"exec into Pod {self._where}"):
            self._link, self._rest, self.protocol = upgrade(api, path, wanted, PROTOCOLS)
        self._sock = self._link.sock
        self._sock.settimeout(PING_S)
        self._frames, self._sending = Frames(), threading.Lock()
        self._ended = False

    def send(self, line: bytes) -> None:
        for start in range(0, len(line), PIECE_BYTES):
            self._put(BINARY, bytes([STDIN]) + line[start : start + PIECE_BYTES])

    def _put(self, kind: int, data: bytes) -> None:
        with self._sending, said(self._api.server):
            self._sock.sendall(encode(kind, data))

    def lines(self) -> Iterator[bytes]:
        kept = bytearray()
        for channel, data in self._pieces():
            if channel == STDERR:
                sys.stderr.write(plain(data.decode(errors="replace")))
            elif channel == STATUS:
                self._judge(data)
            elif channel == STDOUT:
                kept += data
                if len(kept) > LINE_LIMIT_BYTES:
                    raise MtvError("kubevirt.websocket", f"Pod {self._where} sends a line without an end")
                *whole, rest = kept.split(b"\n")
                kept = rest
                yield from (bytes(one) + b"\n" for one in whole)

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        data = self._rest
        while True:
            for kind, content in self._frames.feed(data):
                if kind == CLOSE:
                    return
                if kind == PING:
                    self._put(PONG, content)
                elif kind != PONG and content:
                    yield content[0], content[1:]
            if not (data := self._more()):
                if self._ended:
                    return
                raise Temporary(
                    "kubevirt.exec-cut", f"the connection to Pod {self._where} was cut", "is it still there?"
                )

    def _more(self) -> bytes:
        for _ in range(SILENT):
            try:
                with said(self._api.server):
                    return self._sock.recv(PIECE_BYTES * 4)
            except Temporary as error:
                if error.fault.code != "kubevirt.timeout":
                    raise
                self._put(PING, b"mtv")
        raise Temporary("kubevirt.exec-cut", f"nothing came from Pod {self._where} for {SILENT * PING_S:.0f} s")

    def _judge(self, data: bytes) -> None:
        """What became of the program. Raises MtvError `kubevirt.exec` where it did not even start, or failed."""
        self._ended = True
        try:
            found: Object = orjson.loads(data)
        except orjson.JSONDecodeError:
            found = {}
        if text(found, "status") != "Success":
            why = plain(text(found, "message")[:500]) or "no reason was given"
            if why.endswith(KILLED):
                raise Temporary(
                    "kubevirt.exec-killed", f"Pod {self._where} ended, or was killed, before it had answered",
                    f"kubectl logs -n {self._where.replace('/', ' ')} says why; once it is up again, ask what was done",
                )  # fmt: skip
            raise MtvError(
                "kubevirt.exec", f"the program in Pod {self._where} failed: {why}", "is its image an engine's?"
            )

    def close(self) -> None:
        with suppress(MtvError):
            if self.protocol == PROTOCOLS[0]:
                self._put(BINARY, bytes([ENDS, STDIN]))
            self._put(CLOSE, (1000).to_bytes(2, "big"))
        self._link.close()
