"""Values out of elements. Nothing here raises for a value that is odd: it is as if it were not there."""

import re
from collections.abc import Mapping

from mtv.providers.vsphere.wire.answer import TYPE, VIM, Element
from mtv.providers.vsphere.wire.soap import Ref

Props = Mapping[str, Element]
_SKIP = len(VIM)
_ESCAPED = re.compile("%(2f|5c|25)", re.IGNORECASE)
_PLAIN = {"2f": "/", "5c": "\\", "25": "%"}
MOST = 1 << 53  # 8 PiB: the sum of hundreds still has 63 bits, which is what the store takes
_INTEGER = re.compile(r"\s*[+-]?\d{1,19}\s*")


def fields(element: Element | None) -> dict[str, Element]:
    """Children by local name; of several of one name the last."""
    return {} if element is None else {one.tag[_SKIP:]: one for one in element}


def text(of: Props, name: str) -> str:
    found = of.get(name)
    return "" if found is None else found.text or ""


def number(of: Props, name: str) -> int | None:
    found = of.get(name)
    return None if found is None else whole(found.text)


def whole(words: str | None) -> int | None:
    """An integer that is no nonsense, or None."""
    if words is None or not (words.isdecimal() and len(words) < 19) and not _INTEGER.fullmatch(words):
        return None  # the plain test before is for speed
    value = int(words)
    return value if abs(value) <= MOST else None


def times(value: int | None, unit: int | None) -> int | None:
    """A number in other units."""
    return None if value is None or unit is None or abs(value * unit) > MOST else value * unit


def flag(of: Props, name: str) -> bool:
    found = of.get(name)
    return found is not None and found.text in ("true", "1")


def all_of(element: Element | None, name: str) -> list[Element]:
    """Children of that name."""
    return [] if element is None else list(element.iterchildren(VIM + name))  # findall() takes three times as long


def texts(element: Element | None, name: str) -> tuple[str, ...]:
    return tuple(one.text for one in all_of(element, name) if one.text)


def reference(element: Element | None) -> Ref | None:
    """None for an empty one, which old servers give for NICs on networks that are gone."""
    if element is None or not element.text:
        return None
    return Ref(element.get("type", ""), element.text)


def references(element: Element | None) -> list[Ref]:
    found = [] if element is None else [reference(one) for one in element]
    return [one for one in found if one is not None]


def kind(element: Element | None) -> str:
    """Its type as the server names it, without a prefix."""
    return "" if element is None else str(element.get(TYPE, "")).rpartition(":")[2]


def unescaped(name: str) -> str:
    """vCenter writes / \\ % in names as %2f %5c %25."""
    return _ESCAPED.sub(lambda found: _PLAIN[found[1].lower()], name) if "%" in name else name
