"""Which bytes are to be read: extents merged, cut into blocks, counted. Pure, and compact: a disk of terabytes in
pieces of kilobytes fits in some megabytes."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mtv.model.points import Extent


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of work: read, hashed and recorded as a whole. `pieces` are the allocated parts, as offset in the
    disk and length; what lies between them reads as zeroes."""

    offset: int
    length: int
    pieces: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        return self.offset + self.length

    @property
    def piece_bytes(self) -> int:
        if len(self.pieces) == 1:  # nearly always; asked for twice a block
            return self.pieces[0][1]
        return sum(length for _, length in self.pieces)


class ExtentList:
    """Extents in rising order, not overlapping, touching ones merged; 16 bytes each."""

    def __init__(self, extents: Iterable[tuple[int, int]] = ()) -> None:
        self._starts = array("Q")
        self._ends = array("Q")
        self.total_bytes = 0
        for offset, length in extents:
            self.add(offset, length)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for start, end in zip(self._starts, self._ends, strict=True):
            yield start, end - start

    def at(self, index: int) -> tuple[int, int]:
        return self._starts[index], self._ends[index] - self._starts[index]

    def add(self, offset: int, length: int) -> None:
        """At the end: an extent before the last one is an error of whoever lists them."""
        if length <= 0:
            return
        if self._ends and offset < self._ends[-1]:
            raise ValueError(f"extent at {offset} lies before the end of the last one, {self._ends[-1]}")
        self.total_bytes += length
        if self._ends and offset == self._ends[-1]:
            self._ends[-1] = offset + length
            return
        self._starts.append(offset)
        self._ends.append(offset + length)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of the extents that lie in that range."""
        index = max(0, bisect_right(self._starts, start) - 1)
        while index < len(self._starts) and self._starts[index] < end:
            first, last = max(start, self._starts[index]), min(end, self._ends[index])
            if first < last:
                yield first, last - first
            index += 1

    def gaps(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of that range that no extent covers."""
        for offset, length in self.within(start, end):
            if offset > start:
                yield start, offset - start
            start = offset + length
        if start < end:
            yield start, end - start


def tidy(extents: Iterable[Extent], size_bytes: int) -> ExtentList:
    """A stranger's list of changes: sorted, merged, cut at the disk's end."""
    found = ExtentList()
    end = 0
    for extent in sorted(extents):
        start, last = max(extent.offset, end), min(extent.offset + extent.length, size_bytes)
        if start < last:
            found.add(start, last - start)
            end = last
    return found


def blocks(extents: Iterable[tuple[int, int]], size_bytes: int, block_bytes: int) -> Iterator[Block]:
    """The aligned blocks that the extents touch, in order; the last one ends with the disk."""
    number, pieces = -1, list[tuple[int, int]]()
    for offset, length in extents:
        end = min(offset + length, size_bytes)
        while offset < end:
            if offset // block_bytes != number:
                if pieces:
                    yield _block(number, pieces, size_bytes, block_bytes)
                number, pieces = offset // block_bytes, []
            stop = min(end, (number + 1) * block_bytes)
            pieces.append((offset, stop - offset))
            offset = stop
    if pieces:
        yield _block(number, pieces, size_bytes, block_bytes)


def _block(number: int, pieces: list[tuple[int, int]], size_bytes: int, block_bytes: int) -> Block:
    start = number * block_bytes
    return Block(start, min(block_bytes, size_bytes - start), tuple(pieces))


def slices(extents: Iterable[tuple[int, int]], block_bytes: int, is_zero: bool = False) -> Iterator[Block]:
    """A delta's units: each extent by itself, cut where a block of the disk ends, so that none spans two. What is
    known to be zero has nothing to be read."""
    for offset, length in extents:
        end = offset + length
        while offset < end:
            stop = min(end, (offset // block_bytes + 1) * block_bytes)
            yield Block(offset, stop - offset, () if is_zero else ((offset, stop - offset),))
            offset = stop


def delta(extents: Iterable[Extent], size_bytes: int, block_bytes: int) -> Iterator[Block]:
    """All units of a delta. What one extent calls zero and another data is read."""
    listed = list(extents)
    data = tidy((one for one in listed if not one.zero), size_bytes)
    for offset, length in tidy((one for one in listed if one.zero), size_bytes):
        yield from slices(data.gaps(offset, offset + length), block_bytes, is_zero=True)
    yield from slices(data, block_bytes)
