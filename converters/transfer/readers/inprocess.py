"""Reading with a provider's own reader, in this process: a thread reads, hashes and writes one block after another."""

from collections.abc import Callable, Iterator

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers.crew import Crew
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.slots import Slot
from mtv.errors import Temporary
from mtv.model.reading import RandomReader

Take = Callable[[Block, Slot], None]  # what is done with a block that was read: several threads call it at once


def read(reader: RandomReader, feed: Feed, take: Take, slot_bytes: int, threads: int) -> None:
    """Every block of the feed, taken; raises what went wrong first."""

    def work() -> None:
        slot = Slot(slot_bytes)
        while block := feed.next():
            for offset, view in slot.parts(block):
                fill(reader, offset, view)
            take(block, slot)

    crew = Crew(feed, work, threads)
    for _ in range(threads):
        crew.hire()
    crew.join()


def fill(reader: RandomReader, offset: int, view: memoryview) -> None:
    try:
        reader.read_into(offset, view)
    except OSError as error:
        raise Temporary("source.read", f"reading {len(view)} bytes at {offset} failed: {error}") from error


def extents(reader: RandomReader) -> Iterator[tuple[int, int]]:
    try:
        for extent in reader.extents():
            if not extent.zero:
                yield extent.offset, extent.length
    except OSError as error:
        raise Temporary("source.read", f"listing the source's extents failed: {error}") from error
