"""What a journal says of a volume, and how a pass may begin because of it: go on, add a delta, compare all, or trust a
new volume to be empty. No I/O but the reading of the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.records import Kind, Record
from mtv.converters.transfer.tables import ABSENT, HashTable, digest
from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.points import Export
from mtv.model.tasks import BLOCK_BYTES

Mode = Literal["fresh", "resync", "delta"]


class Bitmap:
    """A flag for each block."""

    def __init__(self, blocks: int) -> None:
        self._bits = bytearray(-(-blocks // 8))

    def __contains__(self, block: int) -> bool:
        return bool(self._bits[block >> 3] >> (block & 7) & 1)

    def add(self, block: int) -> None:
        self._bits[block >> 3] |= 1 << (block & 7)

    def drop(self, block: int) -> None:
        self._bits[block >> 3] &= ~(1 << (block & 7))

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self._bits):
            if byte:
                yield from (place * 8 + bit for bit in range(8) if byte >> bit & 1)

    def __len__(self) -> int:
        return int.from_bytes(self._bits, "little").bit_count()


def source_of(export: Export | None) -> str:
    """An epoch's source: what is looked into or copied under an equal one is the same bytes."""
    return f"{export.way} {export.identity} {export.size_bytes}" if export else "blank"


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """A pass over one state of the source into one volume."""

    pass_: int
    source: str
    target: str
    mode: Mode

    def record(self) -> Record:
        note: dict[str, Json] = {"source": self.source, "target": self.target, "mode": self.mode}
        return Record(Kind.EPOCH, self.pass_, 0, 0, note=note)


class Known:
    """The fold over a disk's journal."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.epoch: Epoch | None = None
        self.table = HashTable(size_bytes)
        self.done = Bitmap(self.table.blocks)
        self.pieces: dict[tuple[int, int], bytes] = {}  # of the newest delta
        self.stale: set[int] = set()  # blocks that a delta touched: their hash in the table is of before
        self.lost: set[int] = set()  # blocks that turned out not to be at the target
        self.complete = False
        self.closed: str | None = None  # how the target looked when the last worker ended well
        self.end = 0
        self._by_block: dict[int, list[tuple[int, int]]] | None = None  # pieces, made when they are asked for

    def apply(self, record: Record) -> None:
        if record.kind is Kind.CLOSE:
            self.closed = str((record.note or {}).get("looks"))
            return
        self.closed = None
        if record.kind is Kind.EPOCH:
            self._begin(record)
        elif record.kind is Kind.SEAL:
            self.complete = True
        elif record.kind is Kind.BLOCK:
            self._put(record.offset // BLOCK_BYTES, record.hash)
        elif record.kind is Kind.LOST:
            self._forget(record.offset // BLOCK_BYTES)
        else:
            self.pieces[record.offset, record.length] = record.hash
            self._by_block = None
            self.stale.add(record.offset // BLOCK_BYTES)

    def _begin(self, record: Record) -> None:
        note = record.note or {}
        mode: Mode = "delta" if note["mode"] == "delta" else "fresh" if note["mode"] == "fresh" else "resync"
        self.epoch = Epoch(pass_=record.pass_, source=str(note["source"]), target=str(note["target"]), mode=mode)
        self.done = Bitmap(self.table.blocks)
        self.pieces = {}
        self._by_block = None
        self.lost = set()
        self.complete = False
        if mode != "delta":
            self.table = HashTable(self.size_bytes)
            self.stale = set()

    def holds(self, offset: int, length: int) -> bool:
        """Whether that unit of the epoch's work is at the target already."""
        return (offset, length) in self.pieces or (
            offset % BLOCK_BYTES == 0 and offset // BLOCK_BYTES in self.done
            and length == self.table.length(offset // BLOCK_BYTES)
        )  # fmt: skip

    def _put(self, block: int, found: bytes) -> None:
        self.table.put(block, found)
        self.done.add(block)
        self.stale.discard(block)
        self.lost.discard(block)

    def _forget(self, block: int) -> None:
        self.done.drop(block)
        self.table.put(block, ABSENT)
        self.lost.add(block)
        self.complete = False

    def same(self, block: int, data: memoryview) -> bool:
        """Whether those bytes are what the journal says of that block, as far as it says anything."""
        if block not in self.stale:
            return self.table.matches(block, digest(data))
        start = block * BLOCK_BYTES
        parts = [(offset - start, length, found) for (offset, length), found in self._pieces_of(block)]
        return all(digest(data[place : place + length]) == found for place, length, found in parts)

    def _pieces_of(self, block: int) -> Iterator[tuple[tuple[int, int], bytes]]:
        if self._by_block is None:
            self._by_block = {}
            for piece in self.pieces:
                self._by_block.setdefault(piece[0] // BLOCK_BYTES, []).append(piece)
        for piece in self._by_block.get(block, []):
            yield piece, self.pieces[piece]

    def fits(self, record: Record) -> bool:
        """Whether that record can be about this disk."""
        if record.kind in records.NOTES:
            return record.note is not None and (record.kind is not Kind.EPOCH or _is_epoch(record.note))
        if record.kind in (Kind.BLOCK, Kind.LOST):
            block, rest = divmod(record.offset, BLOCK_BYTES)
            return not rest and block < self.table.blocks and record.length == self.table.length(block)
        return record.length > 0 and record.offset + record.length <= self.size_bytes


def _is_epoch(note: Mapping[str, Json]) -> bool:
    return all(isinstance(note.get(key), str) for key in ("source", "target", "mode"))


def read(path: Path, size_bytes: int) -> Known:
    """What the journal there knows; nothing where there is none."""
    known = Known(size_bytes)
    if path.exists():
        with path.open("rb") as file:
            for record, end in records.decode(file):
                if not known.fits(record):
                    break
                known.apply(record)
                known.end = end
    return known


def table_from_journal(scratch: Path, disk: str, size_bytes: int) -> HashTable:
    """The hashes of a disk that was copied to its end and, after a delta, verified. Raises MtvError
    `verify.no-journal`, `verify.stale`."""
    known = complete(scratch, disk, size_bytes)
    if known.stale:
        raise MtvError(
            "verify.stale", f"disk {disk}: {len(known.stale)} blocks changed since it was verified", "verify it first"
        )
    return known.table


def complete(scratch: Path, disk: str, size_bytes: int) -> Known:
    """The same as it was written, of a disk that was copied to its end."""
    known = read(records.path(scratch, disk), size_bytes)
    if not known.complete:
        raise MtvError(
            "verify.no-journal", f"the journal in {scratch} does not say that disk {disk} was copied to its end",
            "run the transfer again: `mtv retry`",
        )  # fmt: skip
    return known


@dataclass(frozen=True)
class Beginning:
    """How a pass begins. `epoch` is None where it goes on with the journal's own. With `check`, what the journal says
    is held against the target first: nobody can say that the target was left alone."""

    mode: Mode
    epoch: Epoch | None = None
    check: bool = False


def begin(known: Known, new: Epoch, zeroed: bool, looks: str) -> Beginning:
    """`new` is what this pass would be: a delta, or the whole disk (`fresh`). `looks` is the target as it is now."""
    old = known.epoch
    if old is None or old.target != new.target:
        mode: Mode = "fresh" if zeroed else "resync"
        return Beginning(mode, Epoch(pass_=new.pass_, source=new.source, target=new.target, mode=mode))
    touched = looks != known.closed
    if old.source == new.source and not (old.mode == "delta" and known.lost):
        return Beginning(old.mode, None, touched)
    if new.mode == "delta" and known.complete:
        return Beginning("delta", new, touched)
    return Beginning("resync", Epoch(pass_=new.pass_, source=new.source, target=new.target, mode="resync"))
