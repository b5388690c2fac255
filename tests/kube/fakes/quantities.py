"""Kubernetes' quantities, lower-case suffixes too: a Block claim of 1500Mi comes back as 1572864k."""

import re
from decimal import Decimal

SUFFIXES = {"": Decimal(1), "m": Decimal("0.001")}
SUFFIXES |= {letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", 1)}
SUFFIXES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}
MIB = 1 << 20
OVERHEAD = Decimal("1.06")  # of CDI, for a Filesystem


def amount(text: str | int) -> int:
    """Rounded up, as the API does. Raises ValueError."""
    found = re.fullmatch(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)(m|k|[KMGTPE]i?)?", str(text))
    if not found:
        raise ValueError(f"{text} is no quantity")
    return int((Decimal(found[1]) * SUFFIXES[found[2] or ""]).to_integral_value("ROUND_CEILING"))


def said(size_bytes: int) -> str:
    """As Go writes decimal ones: the largest suffix that divides it."""
    for letter in reversed("kMGTPE"):
        if size_bytes and size_bytes % int(SUFFIXES[letter]) == 0:
            return f"{size_bytes // int(SUFFIXES[letter])}{letter}"
    return str(size_bytes)


def said_in_binary(size_bytes: int) -> str:
    for letter in reversed("KMGTPE"):
        if size_bytes and size_bytes % int(SUFFIXES[f"{letter}i"]) == 0:
            return f"{size_bytes // int(SUFFIXES[f'{letter}i'])}{letter}i"
    return str(size_bytes)


def aligned(size_bytes: int) -> int:
    return -(-size_bytes // MIB) * MIB


def with_overhead(size_bytes: int) -> int:
    """What CDI requests of a file system for a disk of that size."""
    return int((aligned(size_bytes) * OVERHEAD).to_integral_value("ROUND_CEILING"))
