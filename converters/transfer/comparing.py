"""Reading a target again and holding it against hashes: before a pass goes on, after it, and when a receipt is
checked."""

import threading
from collections.abc import Callable, Iterable, Iterator

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.journal.known import Bitmap
from mtv.converters.transfer.meter import Meter
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.rate import Bucket
from mtv.converters.transfer.readers.slots import Slot
from mtv.converters.transfer.readers.source import Source
from mtv.converters.transfer.tables import HashTable, digest
from mtv.errors import Cancelled
from mtv.model.tasks import BLOCK_BYTES

Same = Callable[[int, memoryview], bool]  # a block's number and bytes: are they what they should be?


def wanted(table: HashTable, data: Iterable[tuple[int, int]], also: Iterable[int] = ()) -> Bitmap:
    """Blocks that have to be read to know all of a target: those with a hash, and those where it holds anything. The
    rest are holes in both."""
    found = Bitmap(table.blocks)
    for block in (*table.present(), *also):
        found.add(block)
    for offset, length in data:
        for block in range(offset // BLOCK_BYTES, min(-(-(offset + length) // BLOCK_BYTES), table.blocks)):
            found.add(block)
    return found


def whole_blocks(numbers: Iterable[int], table: HashTable) -> Iterator[Block]:
    for number in numbers:
        offset, length = number * BLOCK_BYTES, table.length(number)
        yield Block(offset, length, ((offset, length),))


def differing(
    target: Source, blocks: Iterator[Block], same: Same, bucket: Bucket, stopping: Callable[[], bool], meter: Meter
) -> list[int]:
    """Numbers of the blocks that are not the same, in order. Raises Cancelled if told to stop before the end."""
    wrong: list[int] = []
    lock = threading.Lock()

    def take(block: Block, slot: Slot) -> None:
        number = block.offset // BLOCK_BYTES
        if not same(number, slot.view[: block.length]):
            with lock:
                wrong.append(number)
        meter.advance(block.length)

    target.read(Feed(blocks, bucket, stopping), take)
    if stopping():
        raise Cancelled("worker.stopped", "told to stop")
    return sorted(wrong)


def table_of(target: Source, bucket: Bucket, stopping: Callable[[], bool], meter: Meter) -> HashTable:
    """The hashes of all that a disk holds. Raises Cancelled if told to stop before the end."""
    found = HashTable(target.size_bytes)
    asked = wanted(found, target.extents())
    meter.begin(meter.phase, total_bytes=sum(map(found.length, asked)))
    lock = threading.Lock()

    def take(block: Block, slot: Slot) -> None:
        known = digest(slot.view[: block.length])
        with lock:
            found.put(block.offset // BLOCK_BYTES, known)
        meter.advance(block.length)

    target.read(Feed(whole_blocks(asked, found), bucket, stopping), take)
    if stopping():
        raise Cancelled("worker.stopped", "told to stop")
    return found
