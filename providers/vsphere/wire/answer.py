"""An answer's bytes, bounded in size and time, and their XML: streamed, with namespaces, without entities.

Whatever comes is a stranger's: a proxy's page, a bomb, or a page that never ends.
"""

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from mtv.errors import MtvError, Temporary
from mtv.providers.vsphere.wire.address import Address

VIM = "{urn:vim25}"
FAULT = "{http://schemas.xmlsoap.org/soap/envelope/}Fault"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
CHUNK_BYTES = 128 << 10
MARKS_LIMIT = 2_000_000  # elements and attributes held at a time: 64 MiB of the smallest ones would be 2 GiB of memory
Element = etree._Element


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of one answer. The socket's own limit bounds the wait for the next byte."""

    size_bytes: int
    total_s: float


def chunks(response: http.client.HTTPResponse, address: Address, bounds: Bounds) -> Iterator[bytes]:
    """Raises MtvError `vsphere.no-xml`, `vsphere.too-large`, `vsphere.entities`; Temporary `vsphere.endless`."""
    _of_a_server(response, address)
    deadline, size, last = time.monotonic() + bounds.total_s, 0, b""
    while data := response.read1(CHUNK_BYTES):
        size += len(data)
        if size > bounds.size_bytes:
            raise MtvError("vsphere.too-large", f"an answer of {address} has more than {bounds.size_bytes} bytes")
        if time.monotonic() > deadline:
            raise Temporary("vsphere.endless", f"an answer of {address} took longer than {bounds.total_s:.0f} s")
        seen = last + data  # such a word may lie across two pieces
        if b"!" in seen and (b"<!DOCTYPE" in seen or b"<!ENTITY" in seen):
            raise MtvError("vsphere.entities", f"an answer of {address} declares entities, which no vCenter does")
        last = seen[-9:]
        yield data
    if response.length:
        raise Temporary("vsphere.truncated", f"an answer of {address} ended early: {response.length} bytes are missing")
    response.close()  # read1 does not see the end by itself, and the connection would count as busy


def stream(data: Iterator[bytes], address: Address, *tags: str) -> Iterator[Element]:
    """Each element with one of those tags, once it is complete; it is emptied when the next one is asked for."""
    parser = etree.XMLPullParser(
        events=("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    marks = 0
    try:
        for piece in data:
            marks = _counted(marks, piece, address)
            parser.feed(piece)
            for _, element in parser.read_events():
                if isinstance(element, Element):
                    yield element
                    _empty(element)
                    marks = 0
        parser.close()
        yield from (element for _, element in parser.read_events() if isinstance(element, Element))
    except etree.XMLSyntaxError as error:
        raise _malformed(address, error) from error


def parser() -> etree.XMLParser:
    """For what lies in memory."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True,
        remove_pis=True, encoding="utf-8",
    )  # fmt: skip


def whole(data: Iterator[bytes], address: Address) -> Element:
    """What the SOAP body holds: one answer, or one fault."""
    reader, marks = parser(), 0
    try:
        for piece in data:
            marks = _counted(marks, piece, address)
            reader.feed(piece)
        root: Element = reader.close()
    except etree.XMLSyntaxError as error:
        raise _malformed(address, error) from error
    body = next((one for one in root if str(one.tag).endswith("}Body")), None)
    if body is None or not len(body):
        raise MtvError("vsphere.no-soap", f"{address} answers, but not as a vCenter", "is the port right?")
    return next((one for one in body if one.tag == FAULT), body[0])  # one behind half an answer counts


def _counted(marks: int, piece: bytes, address: Address) -> int:
    """With this piece. Raises MtvError `vsphere.too-large`."""
    marks += piece.count(b"<") + 2 * piece.count(b"=")  # an attribute takes twice the memory of an element
    if marks > MARKS_LIMIT:
        raise MtvError("vsphere.too-large", f"an answer of {address} has more than {MARKS_LIMIT} elements in one piece")
    return marks


def _empty(element: Element) -> None:
    parent = element.getparent()
    element.clear()
    while parent is not None and parent[0] is not element:
        del parent[0]


def _of_a_server(response: http.client.HTTPResponse, address: Address) -> None:
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    if response.status in (502, 503, 504, 429):
        raise Temporary("vsphere.busy", f"{address} answers {response.status}: it is starting, stopping or overloaded")
    if kind == "text/html":
        raise MtvError(
            "vsphere.html", f"{address} answers with a web page ({response.status}), not as a vCenter",
            "a proxy may sit between (see NO_PROXY), or the port is another program's",
        )  # fmt: skip
    if response.status not in (200, 500):
        raise MtvError(
            "vsphere.no-soap", f"{address} answers {response.status}, not as a vCenter", "is the port right?"
        )


def _malformed(address: Address, error: etree.XMLSyntaxError) -> MtvError:
    text = str(error.msg or "").lower()
    if "premature end" in text or "extra content" not in text and "no element found" in text:
        return Temporary("vsphere.truncated", f"an answer of {address} ended early")
    return MtvError("vsphere.xml", f"an answer of {address} is no well-formed XML: {text[:200]}")
