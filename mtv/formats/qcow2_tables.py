"""A qcow2's tables: whether all that they point to lies in the file. What is cut off, qemu reads as zeroes."""

import sys
from array import array
from collections.abc import Iterator

from mtv.formats.qcow2 import Qcow2
from mtv.formats.window import Window

ENTRY = 8  # bytes
HOST = 0x00FF_FFFF_FFFF_FE00  # bits 9 to 55: where a table or a cluster lies in the file
COMPRESSED = 1 << 62
L1_LIMIT = 1 << 22  # qemu reads no larger one


def check_end(image: Window, header: Qcow2) -> None:
    """Raises Refused `qcow2.truncated`. Reads each table once, however often one is named: 8 bytes for 64 KiB."""
    if header.l1_entries > L1_LIMIT:
        raise image.refuse("header", f"its first table claims {header.l1_entries} entries")
    tables = {one & HOST for one in _entries(image, header.l1_offset, header.l1_entries, "first table")}
    last = max((_last(image, header, at) for at in tables if at), default=0)
    if last >= image.size:
        raise image.refuse(
            "truncated",
            f"its data goes on to byte {last + 1} at least, of {image.size} there are",
            "it is cut off: fetch it again",
        )


def _last(image: Window, header: Qcow2, at: int) -> int:
    """Where in the file the last cluster of one second-level table begins. A file may end within its last cluster."""
    entries = _entries(image, at, header.cluster_bytes // ENTRY, "second table")
    return max(_places(entries[:: 2 if header.extended else 1], header), default=0)


def _places(entries: "array[int]", header: Qcow2) -> Iterator[int]:
    packed = (1 << (62 - (header.cluster_bits - 8))) - 1  # a compressed cluster's place has the low bits alone
    return (one & packed if one & COMPRESSED else one & HOST for one in entries)


def _entries(image: Window, at: int, count: int, part: str) -> "array[int]":
    found = array("Q", image.take(at, count * ENTRY, part))
    if sys.byteorder == "little":
        found.byteswap()
    return found
