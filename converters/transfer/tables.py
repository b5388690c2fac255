"""One disk's hashes: 32 bytes of BLAKE3 for each block that is not all zeroes, a root for each 256 MiB and one over
all. Journals fill them, verification compares with them, receipts sign their roots and keep them in a side file."""

import mmap
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

from blake3 import blake3

from mtv.model.estate import Json
from mtv.model.receipts import DiskTable
from mtv.model.tasks import BLOCK_BYTES, ROOT_SPAN_BYTES

ALGORITHM = "blake3 of blocks of 1 MiB"
DIGEST_BYTES = 32
ABSENT = bytes(DIGEST_BYTES)  # the block reads as zeroes
SPAN_BLOCKS = ROOT_SPAN_BYTES // BLOCK_BYTES
BITMAP_BYTES = SPAN_BLOCKS // 8
SPAN_BYTES = SPAN_BLOCKS * DIGEST_BYTES
SPAN_LIMIT_BYTES = BITMAP_BYTES + SPAN_BYTES

Read = Callable[[int, memoryview], None]  # fill the view from that offset


def digest(data: bytes | memoryview) -> bytes:
    return blake3(data).digest()


_zeroes: dict[int, bytes] = {}


def zero_digest(length: int) -> bytes:
    """The hash of so many zeroes: how an all-zero block is known without looking at it again."""
    if length not in _zeroes:
        _zeroes[length] = digest(bytes(length))
    return _zeroes[length]


class HashTable:
    """Absent blocks read as zeroes. Memory is touched only where there is data: 32 KiB a GiB of it."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.blocks = -(-size_bytes // BLOCK_BYTES)
        self.spans = -(-size_bytes // ROOT_SPAN_BYTES)
        self._hashes = mmap.mmap(-1, max(1, self.spans) * SPAN_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def length(self, block: int) -> int:
        """Bytes of that block: the last one ends with the disk."""
        return min(BLOCK_BYTES, self.size_bytes - block * BLOCK_BYTES)

    def get(self, block: int) -> bytes:
        """Its hash, or ABSENT."""
        return self._hashes[block * DIGEST_BYTES : (block + 1) * DIGEST_BYTES]

    def put(self, block: int, found: bytes) -> None:
        """`found` may be the hash of zeroes: that block becomes absent."""
        if not 0 <= block < self.blocks:
            raise ValueError(f"block {block} lies outside a disk of {self.blocks} blocks")
        known = ABSENT if found == zero_digest(self.length(block)) else found
        if known != ABSENT or self.get(block) != ABSENT:  # leaves untouched memory untouched
            self._hashes[block * DIGEST_BYTES : (block + 1) * DIGEST_BYTES] = known

    def matches(self, block: int, found: bytes) -> bool:
        known = self.get(block)
        return found == (zero_digest(self.length(block)) if known == ABSENT else known)

    def present(self) -> Iterator[int]:
        """Blocks with data, in order."""
        for span in self.data_spans():
            for block in range(span * SPAN_BLOCKS, min((span + 1) * SPAN_BLOCKS, self.blocks)):
                if self.get(block) != ABSENT:
                    yield block

    @property
    def data_bytes(self) -> int:
        return sum(self.length(block) for block in self.present())

    def data_spans(self) -> Iterator[int]:
        nothing = bytes(SPAN_BYTES)
        for span in range(self.spans):
            if self._hashes[span * SPAN_BYTES : (span + 1) * SPAN_BYTES] != nothing:
                yield span

    def span(self, number: int) -> bytes:
        """A span as it is kept: a bitmap of the blocks present, then their hashes."""
        bits, hashes = bytearray(BITMAP_BYTES), []
        first = number * SPAN_BLOCKS
        for place in range(min(SPAN_BLOCKS, self.blocks - first)):
            if (known := self.get(first + place)) != ABSENT:
                bits[place // 8] |= 1 << place % 8
                hashes.append(known)
        return bytes(bits) + b"".join(hashes)

    def put_span(self, number: int, kept: bytes) -> None:
        """The reverse; raises ValueError for anything that `span` would not have written."""
        bits, hashes = kept[:BITMAP_BYTES].ljust(BITMAP_BYTES, b"\0"), kept[BITMAP_BYTES:]
        places = [place for place in range(SPAN_BLOCKS) if bits[place // 8] >> place % 8 & 1]
        if len(kept) < BITMAP_BYTES or len(hashes) != len(places) * DIGEST_BYTES:
            raise ValueError(f"span {number} names {len(places)} blocks in {len(hashes)} bytes")
        for rank, place in enumerate(places):
            self.put(number * SPAN_BLOCKS + place, hashes[rank * DIGEST_BYTES : (rank + 1) * DIGEST_BYTES])

    def span_root(self, number: int) -> str:
        """Empty for a span without data."""
        kept = self.span(number)
        return digest(kept).hex() if len(kept) > BITMAP_BYTES else ""

    def roots(self) -> tuple[str, ...]:
        return tuple(self.span_root(span) for span in range(self.spans))

    def root(self) -> str:
        return root_of(self.size_bytes, self.roots())

    def copy(self) -> "HashTable":
        new = HashTable(self.size_bytes)
        for span in self.data_spans():
            new._hashes[span * SPAN_BYTES : (span + 1) * SPAN_BYTES] = self._hashes[
                span * SPAN_BYTES : (span + 1) * SPAN_BYTES
            ]
        return new

    def differing(self, other: "HashTable") -> Iterator[int]:
        """Blocks whose hashes are not the same."""
        for span in range(max(self.spans, other.spans)):
            slot = slice(span * SPAN_BYTES, (span + 1) * SPAN_BYTES)
            if self._hashes[slot] != other._hashes[slot]:
                first = span * SPAN_BLOCKS
                yield from (block for block in range(first, first + SPAN_BLOCKS) if self.get(block) != other.get(block))


def root_of(size_bytes: int, roots: Iterable[str]) -> str:
    """The root over all spans; holes count, by their place."""
    whole = blake3(b"mtv hash table 1" + struct.pack("<QI", size_bytes, BLOCK_BYTES))
    for root in roots:
        whole.update(bytes.fromhex(root) if root else ABSENT)
    return whole.hexdigest()


def with_changes(table: HashTable, extents: Iterable[tuple[int, int]], read: Read) -> HashTable:
    """A copy in which every block that an extent touches is hashed again, from `read`."""
    new, buffer, last = table.copy(), memoryview(bytearray(BLOCK_BYTES)), -1
    for offset, length in sorted(extents):
        for block in range(max(offset // BLOCK_BYTES, last + 1), -(-(offset + length) // BLOCK_BYTES)):
            view = buffer[: new.length(block)]
            read(block * BLOCK_BYTES, view)
            new.put(block, digest(view))
            last = block
    return new


def disk_table(table: HashTable, disk: str, file: str, identity: Mapping[str, Json] | None = None) -> DiskTable:
    """What a receipt says of a disk."""
    roots = table.roots()
    return DiskTable(
        disk=disk,
        file=file,
        size_bytes=table.size_bytes,
        data_bytes=table.data_bytes,
        root=root_of(table.size_bytes, roots),
        roots=roots,
        identity=identity or {},
    )
