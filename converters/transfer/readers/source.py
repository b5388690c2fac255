"""A disk that was opened for reading, whichever of the three shapes it has."""

from collections.abc import Callable, Iterator
from typing import cast

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.readers import inprocess, nbd, stream
from mtv.converters.transfer.readers.feed import Feed
from mtv.converters.transfer.readers.inprocess import Take
from mtv.model.estate import Facts
from mtv.model.reading import NbdServer, Opened, RandomReader, StreamReader
from mtv.model.tasks import BLOCK_BYTES
from mtv.settings import Settings


class Source:
    def __init__(self, opened: Opened, limits: Settings) -> None:
        self._opened = opened
        self._limits = limits
        self.is_stream = hasattr(opened, "chunks")
        self.size_bytes = nbd.size_bytes(opened) if isinstance(opened, NbdServer) else opened.size_bytes

    @property
    def checked(self) -> Facts:
        """What the source's own checksum said of a stream that has come whole."""
        return cast(Facts, getattr(self._opened, "checked", {}))

    def extents(self) -> Iterator[tuple[int, int]]:
        """What is allocated. A stream does not know."""
        if isinstance(self._opened, NbdServer):
            return nbd.extents(self._opened, self.size_bytes)
        return inprocess.extents(cast(RandomReader, self._opened))

    def read(self, feed: Feed, take: Take) -> None:
        """Every block of the feed, by several threads; raises what went wrong first."""
        if isinstance(self._opened, NbdServer):
            nbd.read(self._opened, feed, take, BLOCK_BYTES, self._limits)
        else:
            inprocess.read(cast(RandomReader, self._opened), feed, take, BLOCK_BYTES, self._limits.threads)

    def pour(self, feed: Feed, expect: Callable[[Block], None], take: Take) -> None:
        """All of a stream; `expect` hears of each block in order, before its taking."""
        stream.read(cast(StreamReader, self._opened), feed, expect, take, BLOCK_BYTES, self._limits.threads)
