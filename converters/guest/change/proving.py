"""What a disk must read as once its overlay is committed, and whether it does."""

import mmap
from collections.abc import Iterable, Iterator, Sequence

from mtv.converters.guest.change.overlays import Map, Stored
from mtv.converters.transfer.journal.known import Bitmap
from mtv.converters.transfer.tables import ABSENT, HashTable, Read, digest, zero_digest
from mtv.errors import MtvError
from mtv.model.tasks import BLOCK_BYTES

Ranges = Sequence[tuple[int, int]]  # offset and length, in order, not overlapping


def changed(copied: HashTable, found: Map, read: Read) -> HashTable:
    """The table of a disk after the commit; `read` reads through the overlay. Trimmed space is known to read as zeroes
    and not read: it may be most of the disk."""
    table, zeroes, buffer = copied.copy(), _whole(found.zeroes, copied), _buffer()
    for block in _blocks(found.touched):
        if block in zeroes:
            table.put(block, zero_digest(table.length(block)))
            continue
        view = buffer[: table.length(block)]
        read(block * BLOCK_BYTES, view)
        table.put(block, digest(view))
    return table


def compare(path: str, touched: Ranges, table: HashTable, stored: Stored) -> None:
    """What was committed is on the disk. Raises MtvError `convert.differs`."""
    if wrong := differing(touched, table, stored):
        text = f"{path} does not hold what was committed to it, in {len(wrong)} blocks of 1 MiB, the first at byte"
        raise MtvError("convert.differs", f"{text} {wrong[0] * BLOCK_BYTES}", "look after the target's storage")


def differing(touched: Ranges, table: HashTable, stored: Stored) -> list[int]:
    """Blocks that those ranges touch and that do not have the hash in that table."""
    holds, buffer, wrong = Bitmap(table.blocks), _buffer(), []
    for block in _blocks(stored.data()):
        holds.add(block)
    for block in _blocks(touched):
        if block not in holds and table.get(block) == ABSENT:
            continue
        view = buffer[: table.length(block)]
        stored.read_into(block * BLOCK_BYTES, view)
        if not table.matches(block, digest(view)):
            wrong.append(block)
    return wrong


def _buffer() -> memoryview:
    return memoryview(mmap.mmap(-1, BLOCK_BYTES))  # aligned, as O_DIRECT wants it


def _blocks(ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Blocks that those touch, each once."""
    last = -1
    for offset, length in ranges:
        first, end = max(offset // BLOCK_BYTES, last + 1), -(-(offset + length) // BLOCK_BYTES)
        yield from range(first, end)
        last = max(last, end - 1)


def _whole(ranges: Ranges, table: HashTable) -> Bitmap:
    """Blocks that lie in one of those as a whole; the last one ends with the disk."""
    found = Bitmap(table.blocks)
    for offset, length in ranges:
        end = offset + length
        last = table.blocks if end >= table.size_bytes else end // BLOCK_BYTES
        for block in range(-(-offset // BLOCK_BYTES), last):
            found.add(block)
    return found
