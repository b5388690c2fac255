"""wicked's native form: /etc/wicked/ifconfig/*.xml, one <interface> each or many in a row."""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers.parts import Draft
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import Text, load_all
from mtv.model.guest import Interface

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# The prefixes stand for nothing: wicked declares none. Undeclared they are an error to any XML parser.
_PREFIX = re.compile(r"<(/?)(ipv4|ipv6):")
_MEMBERS = {"bond": "slaves/slave/device", "bridge": "ports/port/device", "vlan": "device", "team": "ports/port/device"}


def read(files: GuestFiles, draft: Draft) -> None:
    for text in load_all(files, draft.flaws, "/etc/wicked/ifconfig/*.xml"):
        root = _parsed(text, draft)
        for one in root.iter("interface") if root is not None else ():
            _interface(one, text, draft)


def _parsed(text: Text, draft: Draft) -> Element | None:
    body = _PREFIX.sub(r"<\1\2-", _DECLARATION.sub("", text.whole))
    try:
        root: Element = fromstring(f"<all>{body}</all>", forbid_dtd=True)
        return root
    except ParseError as error:
        draft.flaw(text.file, error.position[0], "is no XML")
    except DefusedXmlException:
        draft.flaw(text.file, 0, "declares entities or a DTD: left alone")
    return None


def _interface(one: Element, text: Text, draft: Draft) -> None:
    name, mac = _identity(one, text, draft)
    if name == "lo" or not (name or mac):
        return
    kind, members = _kind(one)
    written = [(node.text or "") for node in one.iter("local")]
    made = [addresses.address(word) for word in written]
    if None in made:
        draft.flaw(text.file, 0, f"{written[made.index(None)][:60]!r} is no address")
    for route in one.iter("route"):
        to = (route.findtext("destination") or "default").strip()
        found = addresses.route(to, (route.findtext("nexthop/gateway") or "").strip(), dev=name)
        draft.routes += [found] if found else []
    dynamic = any(node.findtext("enabled") == "true" for node in (*one.iter("ipv4-dhcp"), *one.iter("ipv6-dhcp")))
    draft.interfaces.append(
        Interface(
            name=name,
            mac=mac,
            kind=kind,
            method="dhcp" if dynamic else "static" if any(made) else "none",
            addresses=tuple(address for address in made if address),
            members=members,
            file=text.file,
        )
    )


def _identity(one: Element, text: Text, draft: Draft) -> tuple[str, str]:
    """The name as plain text, or the MAC under <name namespace="ethernet">."""
    node = one.find("name")
    if node is None:
        return "", ""
    by_mac = node.findtext("permanent-address")
    if by_mac:
        line = next((n for n, row in enumerate(text.lines, 1) if by_mac.strip() in row), 0)
        return "", draft.bind("mac", by_mac.strip(), "", text.file, line)
    written = (node.text or "").strip()
    return (addresses.checked_name(written, text.file, 0, draft.flaws), "") if written else ("", "")


def _kind(one: Element) -> tuple[str, tuple[str, ...]]:
    for tag, path in _MEMBERS.items():
        node = one.find(tag)
        if node is not None:
            members = tuple(found.text.strip() for found in node.iterfind(path) if found.text)
            return ("bond" if tag == "team" else tag), tuple(filter(addresses.is_name, members))
    return "ethernet", ()
