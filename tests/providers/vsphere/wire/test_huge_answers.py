"""A server that would send a gigabyte: it is left early, and little of it was ever in memory."""

import re
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from mtv.errors import MtvError
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref
from tests.providers.vsphere.opening import Impostor

GIB, MIB = 1 << 30, 1 << 20
SERVICE = Ref("ServiceInstance", "ServiceInstance")
ENVELOPE = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><R xmlns="urn:vim25">'
BLOCKS = {
    "elements": b"<a/>" * 25_000,
    "attributes": b"<a " + b" ".join(b'a%d=""' % number for number in range(10_000)) + b"/>",
    "text": b"x" * 100_000,
    "comments": b"<!-- " + b"x" * 100_000 + b" -->",
    "objects": b"<objects><a/></objects>" * 4_000,
}


class Flood:
    """Sends one thing over and over, as much as is taken of it."""

    def __init__(self, block: bytes) -> None:
        self.block, self.sent_bytes = block, 0

    def __call__(self, sock: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % GIB
        with suppress(OSError):
            sock.sendall(head + ENVELOPE)
            while self.sent_bytes < GIB:
                sock.sendall(self.block)
                self.sent_bytes += len(self.block)


def call(session: Session) -> None:
    session.call("X", SERVICE)


def stream(session: Session) -> None:
    for _ in session.stream("X", SERVICE, "", "objects"):
        pass


def post(session: Session) -> None:
    """As pyVmomi's own calls go."""
    session.post(b"<x/>")


def peak_bytes() -> int:
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) << 10


@pytest.mark.parametrize(
    ("what", "ask"),
    [*((what, call) for what in BLOCKS), ("elements", stream), ("objects", stream), ("text", post)],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_gigabyte_is_not_taken(impostor: Impostor, what: str, ask: Callable[[Session], None]) -> None:
    impostor.answer = flood = Flood(BLOCKS[what])
    session = impostor.session(answer_limit_bytes=8 * MIB, answer_s=60.0)
    _ = session.about
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far counts no more
    before = peak_bytes()
    with pytest.raises(MtvError) as caught:
        ask(session)
    assert caught.value.fault.code in ("vsphere.too-large", "vsphere.xml")
    assert str(impostor.address) in caught.value.fault.text
    assert peak_bytes() - before < 300 * MIB
    assert flood.sent_bytes < 80 * MIB
