"""Hash tables as a file: `receipt.hashes` beside a receipt, and what one step's worker leaves for the next. Bounded
and checksummed: a damaged or hostile one is refused, never believed."""

import io
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from mtv.converters.transfer.tables import SPAN_LIMIT_BYTES, HashTable
from mtv.errors import Refused

MAGIC = b"mtvhash1"
HEADER_LIMIT_BYTES = 1 << 20
DISK_LIMIT_BYTES = 1 << 46  # 64 TiB: what a claim can have
ALL_LIMIT_BYTES = 4 * DISK_LIMIT_BYTES
_SPAN = struct.Struct("<II")  # number, bytes


class _Hashed:
    """A file whose bytes are hashed as they pass."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = blake3()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self._file.write(data)

    def read(self, length: int) -> bytes:
        data = self._file.read(length)
        if len(data) != length:
            raise ValueError("it ends early")
        self._hash.update(data)
        return data

    def digest(self) -> bytes:
        return self._hash.digest()


def write(path: Path, tables: Mapping[str, HashTable]) -> None:
    """Whole or not at all: written beside, made durable, then renamed."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        _write(file, tables)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def to_bytes(tables: Mapping[str, HashTable]) -> bytes:
    """The file as bytes, for whoever writes it elsewhere."""
    file = io.BytesIO()
    _write(file, tables)
    return file.getvalue()


def _write(file: BinaryIO, tables: Mapping[str, HashTable]) -> None:
    out = _Hashed(file)
    spans = {name: list(table.data_spans()) for name, table in tables.items()}
    heads = [{"name": name, "size_bytes": one.size_bytes, "spans": len(spans[name])} for name, one in tables.items()]
    header = json.dumps(heads, separators=(",", ":")).encode()
    out.write(MAGIC + struct.pack("<I", len(header)) + header)
    for name, table in tables.items():
        for number in spans[name]:
            kept = table.span(number)
            out.write(_SPAN.pack(number, len(kept)) + kept)
    file.write(out.digest())


def read(path: Path) -> dict[str, HashTable]:
    """Raises Refused `hashes.damaged`; a file that is not there is an OSError of the caller's."""
    with path.open("rb") as file:
        try:
            return _read(_Hashed(file), file)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise Refused("hashes.damaged", f"{path} is damaged: {error}", "take it from a copy") from error


def _read(source: _Hashed, file: BinaryIO) -> dict[str, HashTable]:
    if source.read(len(MAGIC)) != MAGIC:
        raise ValueError("it holds no hashes of this version")
    (length,) = struct.unpack("<I", source.read(4))
    if length > HEADER_LIMIT_BYTES:
        raise ValueError(f"its header claims {length} bytes")
    tables = {}
    heads = json.loads(source.read(length))
    if sum(int(head["size_bytes"]) for head in heads) > ALL_LIMIT_BYTES:
        raise ValueError("it tells of too many and too large disks")
    for head in heads:
        tables[str(head["name"])] = _table(source, int(head["size_bytes"]), int(head["spans"]))
    if source.digest() != file.read(33):
        raise ValueError("its checksum does not fit")
    return tables


def _table(source: _Hashed, size_bytes: int, spans: int) -> HashTable:
    if not 0 <= size_bytes <= DISK_LIMIT_BYTES:
        raise ValueError(f"a disk of {size_bytes} bytes")
    table = HashTable(size_bytes)
    for _ in range(spans):
        number, length = _SPAN.unpack(source.read(_SPAN.size))
        if length > SPAN_LIMIT_BYTES or number >= table.spans:
            raise ValueError(f"span {number} of {length} bytes")
        table.put_span(number, source.read(length))
    return table
