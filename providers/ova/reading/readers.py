"""Random readers of this process: flat images as they lie, sparse VMDKs decompressed on all cores."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mtv.errors import Refused
from mtv.formats.vmdk_disk import SparseDisk
from mtv.model.points import Extent
from mtv.providers.ova.reading.pieces import Pieces
from mtv.settings import settings

SECTOR = 512


class Flat:
    """Raw bytes. What a disk has over its image (the rest of the last sector) reads as zeroes."""

    def __init__(self, pieces: Pieces, size_bytes: int) -> None:
        self.size_bytes, self._pieces = size_bytes, pieces

    def read_into(self, offset: int, view: memoryview) -> None:
        if offset < 0 or offset + len(view) > self.size_bytes:
            raise ValueError(f"{len(view)} bytes at {offset} of {self.size_bytes}")
        there = max(0, min(len(view), self._pieces.size - offset))
        if there:
            self._pieces.read_into(offset, view[:there])
        view[there:] = bytes(len(view) - there)

    def extents(self) -> Iterator[Extent]:
        for offset, length in self._pieces.data():
            yield Extent(offset, length)

    def close(self) -> None:
        self._pieces.close()


class Sparse:
    """Grains of a streamOptimized or monolithicSparse VMDK. The transfer reads with a few threads of its own; where
    there are more cores than those, each read is split among them."""

    def __init__(self, pieces: Pieces, what: str, size_bytes: int) -> None:
        self._disk = SparseDisk(pieces.window(what, "vmdk"))
        self.size_bytes = self._disk.size_bytes
        if self.size_bytes != size_bytes:
            raise Refused("vmdk.header", f"{what}: it holds {self.size_bytes} bytes, {size_bytes} were found before")
        self._pieces, self._grain = pieces, self._disk.header.grain_bytes
        cores = len(os.sched_getaffinity(0))
        self._parts = max(1, cores // settings().threads) if self._disk.header.compressed else 1
        self._pool = ThreadPoolExecutor(cores, "mtv-grains") if self._parts > 1 else None

    def read_into(self, offset: int, view: memoryview) -> None:
        share = -(-len(view) // self._parts // self._grain) * self._grain
        if self._pool is None or share >= len(view):
            self._disk.read_into(offset, view)
            return
        places = range(0, len(view), share)
        for _ in self._pool.map(lambda at: self._disk.read_into(offset + at, view[at : at + share]), places):
            pass

    def extents(self) -> Iterator[Extent]:
        return self._disk.extents()

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._pieces.close()
