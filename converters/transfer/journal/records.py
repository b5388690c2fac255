"""What is known to be in a volume, on storage that outlives the worker: a file per disk of records of 64 bytes, each
with its CRC, written after the data they tell of is durable. Whatever cannot be read of its end never happened."""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

from mtv.converters.transfer.tables import digest
from mtv.model.estate import Json

_RECORD = struct.Struct("<BBHIQQ32sI")  # kind, 0, 0, pass, offset, length, hash, 0; then the CRC
_CRC = struct.Struct("<I")
RECORD_BYTES = _RECORD.size + _CRC.size
NOTE_LIMIT_BYTES = 64 << 10


class Kind(IntEnum):
    EPOCH = 1  # a note: a pass begins, with the identities of both ends
    BLOCK = 2  # that block is at the target and has that hash
    PIECE = 3  # a part of a block, by a delta: the block's own hash is unknown until it is verified
    SEAL = 4  # a note: the pass is complete
    LOST = 5  # that block is not at the target after all
    CLOSE = 6  # a note: the worker ended of its own will, and left the target looking like this


NOTES = frozenset({Kind.EPOCH, Kind.SEAL, Kind.CLOSE})
_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Record:
    kind: Kind
    pass_: int
    offset: int
    length: int
    hash: bytes = bytes(32)
    note: Mapping[str, Json] | None = None


def path(scratch: Path, disk: str) -> Path:
    """A disk's journal; its key may hold anything, so the file's name is made of its hash."""
    return scratch / "journal" / f"{digest(disk.encode()).hex()[:16]}.journal"


def encode(record: Record) -> bytes:
    if record.note is None:
        return _sealed(record.kind, record.pass_, record.offset, record.length, record.hash)
    note = json.dumps(record.note, separators=(",", ":")).encode()
    head = _sealed(record.kind, record.pass_, 0, len(note), digest(note))
    return head + note + bytes(-len(note) % RECORD_BYTES)


def _sealed(kind: Kind, pass_: int, offset: int, length: int, found: bytes) -> bytes:
    body = _RECORD.pack(kind, 0, 0, pass_, offset, length, found, 0)
    return body + _CRC.pack(zlib.crc32(body))


def decode(file: BinaryIO) -> Iterator[tuple[Record, int]]:
    """Each sound record with the offset of its end; stops at the first that is not."""
    end = 0
    while True:
        raw = file.read(RECORD_BYTES)
        if len(raw) < RECORD_BYTES or zlib.crc32(raw[: _RECORD.size]) != _CRC.unpack(raw[_RECORD.size :])[0]:
            return
        number, _, _, pass_, offset, length, found, _ = _RECORD.unpack(raw[: _RECORD.size])
        if number not in _KINDS:
            return
        kind, note = Kind(number), None
        end += RECORD_BYTES
        if kind in NOTES:
            padded = length + -length % RECORD_BYTES
            if length > NOTE_LIMIT_BYTES or len(text := file.read(padded)) < padded or digest(text[:length]) != found:
                return
            note = json.loads(text[:length])
            end += padded
        yield Record(kind, pass_, offset, length, found, note), end


class Journal:
    """A journal being written. Opening it cuts off a torn end."""

    def __init__(self, path: Path, end: int) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        os.fsync(self._file)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)  # else a crash may lose the file's name
        os.close(folder)

    def append(self, records: Sequence[Record]) -> None:
        """Durable when it returns. What they tell of must be durable before."""
        data = memoryview(b"".join(map(encode, records)))
        while data:
            data = data[os.write(self._file, data) :]
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)
