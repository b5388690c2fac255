"""A sparse VMDK's bytes by offset: what lies in each grain, decompressed within bounds.

Grains are inflated by isal: 2.3x zlib's speed here, the checksum verified, every stream of zlib's (all levels,
strategies and windows) accepted, so a grain that isal refuses is damaged. It releases the interpreter's lock.
"""

from collections.abc import Iterator
from typing import NamedTuple

from isal import igzip_lib

from mtv.errors import MtvError
from mtv.formats.gzip import ISAL_ERROR
from mtv.formats.vmdk import SECTOR, Header, read_header
from mtv.formats.vmdk_tables import GRAIN_HEAD, MARKER, ZEROED, Tables, open_tables
from mtv.formats.window import Window
from mtv.model.points import Extent


class _Grain(NamedTuple):
    sector: int  # in the file
    start: int  # in the guest's disk, bytes


class SparseDisk:
    """Thread-safe as far as the Window's `read` is."""

    def __init__(self, disk: Window) -> None:
        self.header: Header = read_header(disk)
        self.tables: Tables = open_tables(disk, self.header)
        self.size_bytes = self.header.size_bytes
        self._disk = disk
        self._grain = self.header.grain_bytes

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill `view`; whole grains are the fastest. Raises MtvError `vmdk.grain` for a damaged one."""
        if offset < 0 or offset + len(view) > self.size_bytes:
            raise self._disk.refuse("range", f"{len(view)} bytes at {offset} of {self.size_bytes} were asked for")
        grains = self._locate(offset, view)
        for run in self._runs(sorted(grains)):
            self._read_run(run, offset, view)

    def extents(self) -> Iterator[Extent]:
        """Allocated grains, neighbours joined. Raises Refused where they cannot all be in a file of this size."""
        start = end = 0
        for grains, first in enumerate(self._allocated(), 1):
            self._check_count(grains)
            if first != end:
                if end:
                    yield Extent(start, end - start)
                start = first
            end = min(first + self._grain, self.size_bytes)
        if end:
            yield Extent(start, end - start)

    def allocated_bytes(self) -> int:
        """Of all grains that have data. Reads every table: 2 KiB for 32 MiB of the disk."""
        grains = 0
        for number in self.tables.numbers():
            table = self.tables.table(number) or ()
            grains += len(table) - table.count(0) - table.count(ZEROED)
            self._check_count(grains)
        return min(grains * self._grain, self.size_bytes)

    def _check_count(self, grains: int) -> None:
        least = SECTOR if self.header.compressed else self._grain
        if grains * least > self._disk.size:
            raise self._disk.refuse("grain-table", f"{grains} grains cannot lie in {self._disk.size} bytes: it loops")

    def _allocated(self) -> Iterator[int]:
        """Where each grain that has data begins in the guest's disk, in bytes, rising."""
        for number in self.tables.numbers():
            base = number * self.header.entries * self._grain
            for at, entry in enumerate(self.tables.table(number) or ()):
                if entry > ZEROED and base + at * self._grain < self.size_bytes:
                    yield base + at * self._grain

    def _locate(self, offset: int, view: memoryview) -> list[_Grain]:
        """The grains that have data; the others' part of `view` is cleared."""
        found: list[_Grain] = []
        first, last = offset // self._grain, (offset + len(view) - 1) // self._grain
        for number in range(first, last + 1):
            table = self.tables.table(number // self.header.entries)
            sector = table[number % self.header.entries] if table else 0
            start = number * self._grain
            if sector > ZEROED:
                found.append(_Grain(sector, start))
            else:
                low, high = max(start, offset), min(start + self._grain, offset + len(view))
                view[low - offset : high - offset] = bytes(high - low)
        return found

    def _runs(self, grains: list[_Grain]) -> Iterator[list[_Grain]]:
        """Grains that lie close together in the file are read in one go."""
        run: list[_Grain] = []
        for grain in grains:
            if run and (grain.sector - run[-1].sector) * SECTOR > 2 * self._grain + SECTOR:
                yield run
                run = []
            run.append(grain)
        if run:
            yield run

    def _read_run(self, run: list[_Grain], offset: int, view: memoryview) -> None:
        start, last = run[0].sector * SECTOR, run[-1].sector * SECTOR
        slack = self._grain + self._grain // 8 + SECTOR if self.header.compressed else self._grain
        data = memoryview(self._disk.take(start, min(last + slack, self._disk.size) - start, "grains"))
        for grain in run:
            at = grain.sector * SECTOR - start
            content = self._inflate(grain, data[at:]) if self.header.compressed else data[at : at + self._grain]
            low = max(grain.start, offset)
            high = min(grain.start + self._grain, offset + len(view))
            view[low - offset : high - offset] = content[low - grain.start : high - grain.start]

    def _inflate(self, grain: _Grain, data: memoryview) -> bytes:
        first_sector, length, _ = MARKER.unpack_from(data)
        if first_sector * SECTOR != grain.start or not 0 < length <= 2 * self._grain:
            raise damaged(self._disk, grain.start, f"the marker at sector {grain.sector} names sector {first_sector}")
        if GRAIN_HEAD + length > len(data):  # larger than it would be uncompressed
            data = memoryview(self._disk.take(grain.sector * SECTOR, GRAIN_HEAD + length, "grain"))
        return inflate(self._disk, data[GRAIN_HEAD : GRAIN_HEAD + length], grain.start, self.header)


def inflate(disk: Window, data: memoryview, start: int, header: Header) -> bytes:
    """One grain; never more than a grain's size, and never less than belongs to the disk."""
    engine = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_ZLIB)
    try:
        content: bytes = engine.decompress(data, header.grain_bytes + 1)
    except ISAL_ERROR as error:
        raise damaged(disk, start, str(error)) from error
    if not engine.eof or not min(header.grain_bytes, header.size_bytes - start) <= len(content) <= header.grain_bytes:
        raise damaged(disk, start, f"it does not expand to {header.grain_bytes} bytes")
    return content


def damaged(disk: Window, start: int, why: str) -> MtvError:
    return MtvError(
        "vmdk.grain", f"{disk.what}: the grain for the guest's byte {start} is damaged: {why}", "export the disk again"
    )
