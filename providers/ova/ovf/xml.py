"""An OVF's XML: no entities, no DTD, bounded; elements by their local names, errors that name file and element."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mtv.errors import Refused

ENVELOPES = (
    "http://schemas.dmtf.org/ovf/envelope/1",
    "http://schemas.dmtf.org/ovf/envelope/1/",  # oVirt's storage domains
    "http://schemas.dmtf.org/ovf/envelope/2",
)
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
DECLARED = re.compile(rb"""\s{0,9}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([^"']{0,80})""")
ENCODINGS = re.compile(
    r"utf-?8|utf-?16([bl]e)?|us-ascii|ascii|iso-8859-\d{1,2}|latin-?1|windows-125\d|cp125\d", re.IGNORECASE
)
"""Python would take any codec of its own, `unicode_escape` too."""
NUMBER = re.compile(r"[+-]?\d{1,20}")


def parse(data: bytes, file: str) -> Element:
    """The Envelope. Raises Refused `ova.xml` or `ova.namespace`."""
    declared = DECLARED.match(data.removeprefix(b"\xef\xbb\xbf"))
    if declared and not ENCODINGS.fullmatch(encoding := declared[1].decode("latin-1")):
        raise Refused("ova.xml", f"{file}: its encoding {encoding!r} is not one of XML's", "export the VM again: UTF-8")
    try:
        root = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Refused("ova.xml", f"{file}: it has a document type or entities, which no OVF needs") from error
    except (ParseError, LookupError, ValueError) as error:
        raise Refused("ova.xml", f"{file}: it is no well-formed XML: {error}", "export the VM again") from error
    space, name = split(root.tag)
    if name != "Envelope" or space not in ENVELOPES:
        raise Refused(
            "ova.namespace", f"{file}: its root is '{name[:40]}' of namespace '{space[:80]}', no OVF Envelope"
        )
    return root


def split(tag: str) -> tuple[str, str]:
    """Namespace and local name."""
    space, brace, name = tag.rpartition("}")
    return (space[1:], name) if brace else ("", tag)


def local(element: Element) -> str:
    return split(element.tag)[1]


def children(element: Element, *names: str) -> Iterator[Element]:
    return (child for child in element if isinstance(child.tag, str) and local(child) in names)


def sections(element: Element, name: str) -> Iterator[Element]:
    """`<DiskSection>`, or what oVirt's domains call `<Section xsi:type="ovf:DiskSection_Type">`."""
    for child in element:
        if not isinstance(child.tag, str) or split(child.tag)[0] not in ("", *ENVELOPES):
            continue
        kind = child.get(TYPE, "").rpartition(":")[2]
        if local(child) == name or local(child) in ("Section", "Content") and kind == f"{name}_Type":
            yield child


def text(element: Element, *names: str) -> str:
    """The text of the first child that has one of those names and is not empty; "" where there is none."""
    for name in names:
        for child in children(element, name):
            if found := (child.text or "").strip():
                return found
    return ""


def attribute(element: Element, name: str) -> str:
    """By local name: writers disagree whether attributes have the OVF's namespace."""
    for key, value in element.attrib.items():
        if split(key)[1] == name:
            return value.strip()
    return ""


def whole(words: str, where: str, low: int, high: int) -> int:
    """A number within bounds. Raises Refused `ova.number`, naming the element."""
    if not NUMBER.fullmatch(words) or not low <= int(words) <= high:
        raise Refused("ova.number", f"{where} is '{words[:40]}', a whole number from {low} to {high} is needed")
    return int(words)


def configs(element: Element) -> dict[str, str]:
    """VMware's `<vmw:Config vmw:key= vmw:value=>` and ExtraConfig of an element, keys in lower case."""
    return {
        attribute(child, "key").lower(): attribute(child, "value")
        for child in children(element, "Config", "ExtraConfig")
        if attribute(child, "key")
    }
