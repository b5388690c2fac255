"""Small foreign files, right ones and wrong ones, made from scratch."""

import random
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from mtv.formats.window import Window, window

SECTOR = 512
GRAIN = 65536
HEADER = struct.Struct("<4sIIQQQQIQQQB4sH")
AT_END = (1 << 64) - 1
DESCRIPTOR = (
    "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
    'createType="{kind}"\n\nRW {sectors} SPARSE "x.vmdk"\n'
)


def guest(size: int, seed: int, pieces: int = 12) -> bytes:
    """A disk's content: noise here, text there, and holes."""
    made, chance = bytearray(size), random.Random(seed)
    for number in range(pieces):
        length = min(chance.randrange(1, 150_000), size)
        at = chance.randrange(0, size - length + 1)
        made[at : at + length] = (
            chance.randbytes(length) if number % 2 else (b"line %d of a text\n" % number * (length // 16 + 1))[:length]
        )
    return bytes(made)


def shown(data: bytes, area: str = "vmdk") -> Window:
    return window(data, "x", area)


def stretched(data: bytes, size: int, what: str = "x", area: str = "vmdk") -> Window:
    """Those bytes, then zeroes up to a size that need not be in memory."""

    def read(offset: int, length: int) -> bytes:
        return data[offset : offset + length].ljust(length, b"\0")

    return Window(read, size, what, area)


def header(
    *,
    capacity: int,
    grain: int = 128,
    descriptor: tuple[int, int] = (0, 0),
    entries: int = 512,
    directory: int = AT_END,
    overhead: int = 1,
    flags: int = 0x30001,
    version: int = 3,
    algorithm: int = 1,
    magic: bytes = b"KDMV",
) -> bytes:
    made = HEADER.pack(
        magic, version, flags, capacity, grain, *descriptor, entries, 0, directory, overhead, 0, b"\n \r\n", algorithm
    )
    return made.ljust(SECTOR, b"\0")


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def marker(sectors: int, kind: int) -> bytes:
    return struct.pack("<QII", sectors, 0, kind).ljust(SECTOR, b"\0")


def grain_record(sector: int, content: bytes, level: int = 6) -> bytes:
    packed = zlib.compress(content, level)
    return padded(struct.pack("<QI", sector, len(packed)) + packed)


@dataclass
class Stream:
    """A streamOptimized VMDK as VMware's tools write it: grains, tables and directory behind them, then the footer.
    Each field is a place where a test can lie."""

    content: bytes
    grain: int = 128
    descriptor: str = DESCRIPTOR
    footer: bool = True
    end: bool = True
    directory: bool = True
    capacity: int | None = None
    table_of: Callable[[int, list[int]], list[int]] = field(default=lambda number, entries: entries)
    directory_of: Callable[[list[int]], list[int]] = field(default=lambda starts: starts)
    record_of: Callable[[int, bytes], bytes] = field(default=lambda sector, content: grain_record(sector, content))

    def bytes(self) -> bytes:
        capacity = self.capacity if self.capacity is not None else len(self.content) // SECTOR
        text = self.descriptor.format(kind="streamOptimized", sectors=capacity).encode()
        described = -(-len(text) // SECTOR)
        overhead = 1 + described
        out = bytearray(overhead * SECTOR)
        out[SECTOR : SECTOR + len(text)] = text
        starts = self._grains(out)
        at = len(out) // SECTOR + 1 if self.directory else 0
        if self.directory:
            out += marker(-(-len(starts) * 4 // SECTOR), 2)
            out += padded(struct.pack(f"<{len(starts)}I", *self.directory_of(starts)))
        told = {"capacity": capacity, "grain": self.grain, "descriptor": (1, described), "overhead": overhead}
        out[:SECTOR] = header(directory=AT_END, **told)  # type: ignore[arg-type]
        if self.footer:
            out += marker(1, 3) + header(directory=at, **told)  # type: ignore[arg-type]
        if self.end:
            out += bytes(SECTOR)
        return bytes(out)

    def _grains(self, out: bytearray) -> list[int]:
        size, starts = self.grain * SECTOR, []
        tables = -(-(self.capacity or len(self.content) // SECTOR) // (self.grain * 512))
        for number in range(tables):
            entries = [0] * 512
            for at in range(512):
                offset = (number * 512 + at) * size
                content = self.content[offset : offset + size]
                if any(content):
                    entries[at] = len(out) // SECTOR
                    out += self.record_of(offset // SECTOR, content.ljust(size, b"\0"))
            entries = self.table_of(number, entries)
            starts.append(len(out) // SECTOR + 1 if any(entries) else 0)
            if any(entries):
                out += marker(4, 1) + struct.pack("<512I", *entries)
        return starts


def tar_header(
    name: bytes, size: int | bytes, kind: bytes = b"0", *, prefix: bytes = b"", magic: bytes = b"ustar\x0000"
) -> bytes:
    told = size if isinstance(size, bytes) else b"%011o\0" % size
    block = bytearray(512)
    block[:100] = name[:100].ljust(100, b"\0")
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:136], block[136:148] = told, b"%011o\0" % 0
    block[156:157], block[257:265] = kind, magic
    block[345:500] = prefix.ljust(155, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def tar_member(name: bytes, data: bytes, kind: bytes = b"0") -> bytes:
    return tar_header(name, len(data), kind) + padded(data)


def pax(records: Mapping[bytes, bytes], kind: bytes = b"x") -> bytes:
    return tar_member(b"pax", b"".join(pax_record(key, value) for key, value in records.items()), kind)


def pax_record(key: bytes, value: bytes) -> bytes:
    length = len(key) + len(value) + 3
    while len(b"%d" % length) + len(key) + len(value) + 3 != length:
        length = len(b"%d" % length) + len(key) + len(value) + 3
    return b"%d %s=%s\n" % (length, key, value)


def archive(parts: Iterable[bytes]) -> bytes:
    return b"".join(parts) + bytes(1024)
