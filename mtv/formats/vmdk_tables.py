"""Where the grains of a sparse VMDK lie: from the grain directory (header or footer), or by walking the markers."""

import struct
import sys
import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from mtv.formats.vmdk import AT_END, SECTOR, ZEROED_GRAINS, Header, parse_header
from mtv.formats.window import Window

ZEROED = 1  # a grain table's entry that says: reads as zeroes
MARKER = struct.Struct("<QII")
GRAIN_HEAD = 12  # of a grain's marker: its first sector, its compressed length
END_OF_STREAM, TABLE, DIRECTORY, FOOTER = range(4)
CACHED_TABLES = 1024  # 2 MiB
_AGAIN = "it is cut off or damaged: fetch or export it again"


class Tables(Protocol):
    """Grain tables by number; `None` is a table without grains."""

    def numbers(self) -> Iterator[int]: ...

    def table(self, number: int) -> Sequence[int] | None: ...


def open_tables(disk: Window, header: Header) -> Tables:
    """Raises Refused `vmdk.grain-table` for what points outside or twice, `vmdk.truncated` for a cut-off stream."""
    if header.directory != AT_END:
        return Directory(disk, header)
    footer = _footer(disk, header)
    return Directory(disk, footer) if footer else Walked(disk, header)


def _footer(disk: Window, header: Header) -> Header | None:
    """The last three sectors: the footer's marker, the footer, the end-of-stream marker."""
    at = disk.size - 3 * SECTOR
    if at < SECTOR or at % SECTOR:
        return None
    raw = disk.take(at, 3 * SECTOR, "footer")
    if MARKER.unpack_from(raw) != (1, 0, FOOTER) or any(raw[2 * SECTOR :]):
        return None
    footer = parse_header(disk, raw[SECTOR : 2 * SECTOR])
    if footer.directory == AT_END:
        return None
    if (footer.capacity, footer.grain, footer.entries) != (header.capacity, header.grain, header.entries):
        raise disk.refuse("footer", "its footer contradicts its header", "export it again")
    return replace(header, directory=footer.directory)


class Directory:
    """Tables as the grain directory tells; read when asked for, the last ones kept."""

    def __init__(self, disk: Window, header: Header) -> None:
        self._disk, self._header = disk, header
        self._starts = _words(disk.take(header.directory * SECTOR, header.tables * 4, "grain directory"))
        self._cache = _Cache()
        self._check_directory()

    def _check_directory(self) -> None:
        """Two tables in one place would let a small file claim endless data."""
        sectors = -(-self._header.entries * 4 // SECTOR)
        used = sorted(start for start in self._starts if start)
        if used and used[-1] * SECTOR + self._header.entries * 4 > self._disk.size:
            text = f"a grain table at sector {used[-1]} lies outside of the file"
            raise self._disk.refuse("grain-table", text, _AGAIN)
        for first, second in zip(used, used[1:], strict=False):
            if second - first < sectors:
                raise self._disk.refuse("grain-table", f"two grain tables lie at sector {second}: it loops", _AGAIN)
        directory = self._header.directory
        end = directory + -(-self._header.tables * 4 // SECTOR)
        for start in used:
            if directory - sectors < start < end:
                raise self._disk.refuse(
                    "grain-table", f"a grain table lies at sector {start}, in its own directory: it loops", _AGAIN
                )

    def numbers(self) -> Iterator[int]:
        return (number for number, start in enumerate(self._starts) if start)

    def table(self, number: int) -> Sequence[int] | None:
        return self._cache.get(number, lambda: self._read(number)) if self._starts[number] else None

    def _read(self, number: int) -> "array[int]":
        header, start = self._header, self._starts[number]
        raw = self._disk.take(start * SECTOR, header.entries * 4, f"grain table {number}")
        entries = _words(raw)
        used = [entry for entry in entries if entry and (entry != ZEROED or header.flags & ZEROED_GRAINS == 0)]
        if used and min(used) < max(header.overhead, 1 + ZEROED):
            text = f"grain table {number} points to sector {min(used)}, into the disk's own head"
            raise self._disk.refuse("grain-table", text, _AGAIN)
        if len(set(used)) != len(used):
            raise self._disk.refuse("grain-table", f"grain table {number} points to one grain twice", _AGAIN)
        least = SECTOR if header.compressed else header.grain_bytes
        if used and max(used) * SECTOR + least > self._disk.size:
            raise self._disk.refuse(
                "grain-table",
                f"grain table {number} points to sector {max(used)}, the file has {self._disk.size // SECTOR}",
                _AGAIN,
            )
        return entries


class Walked:
    """Tables made by walking a stream's markers from its first grain to its end: slow, for streams without a footer.
    What is kept of a grain are 8 bytes: whole tables would let a small file with a grain in each take much memory."""

    def __init__(self, disk: Window, header: Header) -> None:
        self._disk, self._header = disk, header
        self._grains = array("Q")  # number of the grain in the guest's disk << 32 | sector in the file, rising
        self._cache = _Cache()
        if not self._walk():
            raise disk.refuse(
                "truncated", "it ends without a footer and without an end-of-stream marker", "fetch it again"
            )
        self._order()

    def numbers(self) -> Iterator[int]:
        at = 0
        while at < len(self._grains):
            number = (self._grains[at] >> 32) // self._header.entries
            yield number
            at = self._place(number + 1, at)

    def table(self, number: int) -> Sequence[int] | None:
        first = self._place(number)
        last = self._place(number + 1, first)
        return self._cache.get(number, lambda: self._filled(first, last)) if first < last else None

    def _place(self, number: int, low: int = 0) -> int:
        """Where the grains of that table begin."""
        return bisect_left(self._grains, number * self._header.entries << 32, low)

    def _filled(self, first: int, last: int) -> "array[int]":
        table = array("I", bytes(4 * self._header.entries))
        for grain in self._grains[first:last]:
            table[(grain >> 32) % self._header.entries] = grain & 0xFFFFFFFF
        return table

    def _walk(self) -> bool:
        at, directory = max(self._header.overhead, 1), False
        while (at + 1) * SECTOR <= self._disk.size:
            value, length, kind = MARKER.unpack(self._disk.take(at * SECTOR, MARKER.size, "marker"))
            if length:
                self._add(value, at)
                at += -(-(GRAIN_HEAD + length) // SECTOR)
            elif kind == END_OF_STREAM:
                return True
            elif kind in (TABLE, DIRECTORY, FOOTER) and value <= self._disk.size // SECTOR:
                at += 1 + value
                directory = directory or (kind == DIRECTORY and at * SECTOR <= self._disk.size)
            else:
                raise self._disk.refuse("marker", f"the marker at sector {at} is of unknown type {kind}")
        return directory

    def _add(self, first_sector: int, at: int) -> None:
        wrong = first_sector % self._header.grain or first_sector >= self._header.capacity
        if wrong or not ZEROED < at < 1 << 32:  # a table has 32 bits for the place, and 1 means zeroes
            raise self._disk.refuse("marker", f"the marker at sector {at} names the guest's sector {first_sector}")
        self._grains.append(first_sector // self._header.grain << 32 | at)

    def _order(self) -> None:
        """They rise in every stream that a tool has written."""
        if any(first > second for first, second in pairwise(self._grains)):
            self._grains = array("Q", sorted(self._grains))
        for first, second in pairwise(self._grains):
            if first >> 32 == second >> 32:
                sector = (first >> 32) * self._header.grain
                where = second & 0xFFFFFFFF
                raise self._disk.refuse(
                    "marker", f"the guest's sector {sector} is there twice, again at sector {where}"
                )


class _Cache:
    """The tables that were asked for last."""

    def __init__(self) -> None:
        self._tables: dict[int, array[int]] = {}
        self._lock = threading.Lock()

    def get(self, number: int, read: Callable[[], "array[int]"]) -> "array[int]":
        with self._lock:
            if (known := self._tables.get(number)) is not None:
                return known
        table = read()
        with self._lock:
            if len(self._tables) >= CACHED_TABLES:
                self._tables.pop(next(iter(self._tables)))
            self._tables[number] = table
        return table


def _words(raw: bytes) -> "array[int]":
    words = array("I", raw)
    if sys.byteorder == "big":
        words.byteswap()
    return words
