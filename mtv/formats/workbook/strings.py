"""A workbook's texts: those that cells share, and what stands in one element."""

import re
from collections.abc import Sequence

from mtv.errors import Refused
from mtv.formats.workbook.package import AGAIN, Element, Package

STRINGS = 4_000_000
CHARACTERS = 256 << 20
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # ECMA-376 part 1, 22.4.2.4: what XML cannot hold, or would lose


def shared(package: Package, part: str) -> Sequence[str]:
    """All of them, in their order. Raises Refused `workbook.bomb` for more than a large estate can have."""
    found: list[str] = []
    room = CHARACTERS
    for one in package.each(part, "si"):
        found.append(words(one))
        room -= len(found[-1])
        if room < 0 or len(found) > STRINGS:
            text = f"{package.name} has more than {STRINGS} texts, or {CHARACTERS} characters in them"
            raise Refused("workbook.bomb", text, AGAIN)
    return found


def words(of: Element) -> str:
    """Its text, of all its pieces; how it sounds (Japanese) is left out."""
    if len(of) == 1 and not len(of[0]):
        return plain(of[0].text or "")
    pieces = []
    for one in of.iter("{*}t"):
        above = one.getparent()
        if above is None or not str(above.tag).endswith("}rPh"):
            pieces.append(one.text or "")
    return plain("".join(pieces))


def plain(text: str) -> str:
    """Without escapes. Half a character, which only an escape can bring, is none."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda one: chr(int(one[1], 16)), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
