"""Bytes as Kubernetes quantities, and how large a claim must be to hold a disk."""

import re

from mtv.errors import Refused

MIB = 1 << 20
OVERHEAD_PERCENT = 6
"""CDI's default for claims with a file system. A claim that is larger than CDI's own rule says makes KubeVirt grow the
guest's disk at each start, one that is smaller cannot take it."""


def quantity(size_bytes: int) -> str:
    """Exact, in the largest binary unit that divides it."""
    for unit, shift in (("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10)):
        if size_bytes and size_bytes % (1 << shift) == 0:
            return f"{size_bytes >> shift}{unit}"
    return str(size_bytes)


def aligned(size_bytes: int) -> int:
    """CDI makes no disk smaller than a MiB, nor of parts of one."""
    return max(-(-size_bytes // MIB) * MIB, MIB)


def request(size_bytes: int, mode: str) -> int:
    """What a claim must ask for: the device itself, or a file on a file system that takes room of its own."""
    whole = aligned(size_bytes)
    return whole if mode == "Block" else -(-whole * (100 + OVERHEAD_PERCENT) // 100)


_BINARY, _DECIMAL = ("Ki", "Mi", "Gi", "Ti", "Pi"), ("k", "M", "G", "T", "P")
_UNITS: dict[str, int] = {"": 1} | {unit: 1 << 10 * power for power, unit in enumerate(_BINARY, 1)}
_UNITS |= {unit: int("1" + "000" * power) for power, unit in enumerate(_DECIMAL, 1)}


def size_bytes(text: str | int) -> int:
    """What a quantity stands for. Raises Refused."""
    found = re.fullmatch(r"(\d{1,19})(?:\.(\d{1,9}))?([kKMGTP]?i?)", str(text))
    if found is None or found[3] not in _UNITS:
        raise Refused("manifest.quantity", f"'{str(text)[:40]}' is no size")
    digits = found[2] or ""
    return int(found[1] + digits) * _UNITS[found[3]] // int("1" + "0" * len(digits))
