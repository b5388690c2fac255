"""AllocationUnits: `byte * 2^20`, `MegaBytes`, `GB`, as bytes."""

import re

from mtv.errors import Refused

LIMIT_BYTES = 1 << 56  # 64 PiB
POWERS = {
    "": 0,
    "k": 1,
    "ki": 1,
    "kilo": 1,
    "m": 2,
    "mi": 2,
    "mega": 2,
    "g": 3,
    "gi": 3,
    "giga": 3,
    "t": 4,
    "ti": 4,
    "tera": 4,
}
WORD = re.compile(r"([a-z]*?)(?:bytes?|b)")
FORMULA = re.compile(r"([a-z]+)((?:\s*\*\s*\d{1,9}(?:\s*\^\s*\d{1,2})?)*)")
FACTOR = re.compile(r"(\d+)(?:\s*\^\s*(\d+))?")


def bytes_of(units: str, where: str) -> int:
    """How many bytes one of `units` has; "" means byte. Raises Refused `ova.units`, naming the element."""
    words = units.strip().lower() or "byte"
    formula = FORMULA.fullmatch(words[:80])
    word = WORD.fullmatch(formula[1]) if formula else None
    if formula is None or word is None or word[1] not in POWERS:
        raise _absurd(units, where)
    value = 1024 ** POWERS[word[1]]
    for factor in FACTOR.finditer(formula[2]):
        value *= int(factor[1]) ** int(factor[2] or 1)
    if not 0 < value <= LIMIT_BYTES:
        raise _absurd(units, where)
    return int(value)


def quantity(amount: int, units: str, where: str) -> int:
    """Bytes, bounded."""
    total = amount * bytes_of(units, where)
    if total > LIMIT_BYTES:
        raise Refused("ova.units", f"{where} is {amount} times '{units[:40]}', which is over 64 PiB")
    return total


def _absurd(units: str, where: str) -> Refused:
    return Refused("ova.units", f"{where} has the units '{units[:40]}', for example 'byte * 2^20' is needed")
