"""A streamOptimized VMDK in one pass, for bytes that come only once: grains in rising order, then its end."""

from array import array
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from mtv.formats.vmdk import AT_END, SECTOR, Header, read_header
from mtv.formats.vmdk_disk import inflate
from mtv.formats.vmdk_tables import DIRECTORY, END_OF_STREAM, FOOTER, GRAIN_HEAD, MARKER, TABLE
from mtv.formats.window import Window, window

BATCH_BYTES = 1 << 20
AHEAD = 4  # batches in hand for each core
PREFACE_LIMIT_BYTES = 64 << 20  # header, descriptor and, if they stand in front, all grain tables


class Feed:
    """Takes exact lengths from chunks of any length."""

    def __init__(self, chunks: Iterator[bytes], what: str) -> None:
        self._chunks, self._rest, self._nothing = chunks, memoryview(b""), Window(_no_read, 0, what, "vmdk")
        self.what, self.at = what, 0

    def take(self, length: int) -> bytes:
        parts: list[memoryview] = []
        missing = length
        while missing:
            if not self._rest and not self._fill():
                raise self._nothing.refuse(
                    "truncated", f"it ends {missing} bytes early, at {self.at}", "fetch it again"
                )
            parts.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(parts[-1])
        self.at += length
        return b"".join(parts)

    def skip(self, length: int) -> None:
        while length:
            length -= len(self.take(min(length, 1 << 20)))

    def ended(self) -> bool:
        return not self._rest and not self._fill()

    def _fill(self) -> bool:
        self._rest = memoryview(next(self._chunks, b""))
        return bool(self._rest)


class Packed(NamedTuple):
    """A grain as it lies in the stream; `start` is its place in the disk."""

    start: int
    data: memoryview


def grains(feed: Feed, size_bytes: int) -> Iterator[tuple[int, bytes]]:
    """(offset in the disk, content) of each grain, rising. Raises Refused `vmdk.*` for a stream that is cut off,
    unordered or of another size, MtvError `vmdk.grain` for a damaged grain."""
    disk, header = _begin(feed, size_bytes)
    for one in _packed(feed, disk, header):
        yield one.start, inflate(disk, one.data, one.start, header)


def grains_by(feed: Feed, size_bytes: int, cores: int) -> Iterator[tuple[int, bytes]]:
    """The same, inflated by so many threads while the stream comes: a batch is 1 MiB of the disk or less."""
    disk, header = _begin(feed, size_bytes)
    packed = _packed(feed, disk, header)
    share = max(1, BATCH_BYTES // header.grain_bytes)

    def unpack(batch: list[Packed]) -> list[tuple[int, bytes]]:
        return [(one.start, inflate(disk, one.data, one.start, header)) for one in batch]

    with ThreadPoolExecutor(cores, "mtv-grains") as pool:
        waiting: deque[Future[list[tuple[int, bytes]]]] = deque()
        while batch := list(islice(packed, share)):
            waiting.append(pool.submit(unpack, batch))
            if len(waiting) > AHEAD * cores:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _begin(feed: Feed, size_bytes: int) -> tuple[Window, Header]:
    first = feed.take(SECTOR)
    header = read_header(_headless(first, feed.what))
    disk = window(first, feed.what, "vmdk")
    if not header.compressed or header.size_bytes != size_bytes:
        raise disk.refuse("stream", f"a streamOptimized disk of {size_bytes} bytes was promised")
    return disk, header


def _packed(feed: Feed, disk: Window, header: Header) -> Iterator[Packed]:
    expected = _preface(feed, disk.take(0, SECTOR, "header"), header)
    seen, closed, last = 0, False, -1
    while not closed and not feed.ended():
        value, length, kind = MARKER.unpack_from(raw := feed.take(SECTOR))
        if not length:
            closed = _metadata(disk, feed, value, kind)
            continue
        if length > 2 * header.grain_bytes or value % header.grain or value >= header.capacity or value <= last:
            raise disk.refuse("stream", f"after the guest's sector {last} comes {value} with {length} bytes")
        raw += feed.take(max(0, -(-(GRAIN_HEAD + length) // SECTOR) - 1) * SECTOR)
        yield Packed(value * SECTOR, memoryview(raw)[GRAIN_HEAD : GRAIN_HEAD + length])
        seen, last = seen + 1, value
    if expected is not None and seen != expected or expected is None and not closed:
        raise disk.refuse(
            "truncated", f"it ends after {seen} grains, without its end-of-stream marker", "fetch it again"
        )


def _headless(first: bytes, what: str) -> Window:
    """The header alone; its descriptor is checked with the preface."""
    without = first[:28] + bytes(16) + first[44:]
    return window(without, what, "vmdk")


def _preface(feed: Feed, first: bytes, header: Header) -> int | None:
    """What comes before the first grain; gives the number of grains where the tables stand there."""
    length = max(header.overhead, 1) * SECTOR
    rest = length - SECTOR
    if length > PREFACE_LIMIT_BYTES:
        raise window(first, feed.what, "vmdk").refuse("header", f"{length} bytes before its first grain are absurd")
    raw = first + feed.take(rest)
    preface = window(raw, feed.what, "vmdk")
    read_header(preface)
    if header.directory == AT_END or header.directory * SECTOR >= length:
        return None
    return _count(preface, header)


def _count(preface: Window, header: Header) -> int:
    starts = array("I", preface.take(header.directory * SECTOR, header.tables * 4, "grain directory"))
    count = 0
    for start in starts:
        if start:
            entries = array("I", preface.take(start * SECTOR, header.entries * 4, "grain table"))
            count += sum(1 for entry in entries if entry > 1)
    return count


def _metadata(disk: Window, feed: Feed, sectors: int, kind: int) -> bool:
    """Skip a table, directory or footer; true at the end-of-stream marker."""
    if kind == END_OF_STREAM:
        return True
    if kind not in (TABLE, DIRECTORY, FOOTER) or sectors > PREFACE_LIMIT_BYTES // SECTOR:
        raise disk.refuse("marker", f"the marker at byte {feed.at - SECTOR} is of unknown type {kind}")
    feed.skip(sectors * SECTOR)
    return False


def _no_read(offset: int, length: int) -> bytes:
    return b""
