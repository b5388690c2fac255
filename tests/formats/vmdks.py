"""Sparse VMDKs read whole, in every way that there is."""

from collections.abc import Iterable

import pytest

from mtv.errors import MtvError
from mtv.formats import vmdk_stream
from mtv.formats.vmdk_disk import SparseDisk
from tests.formats.build import shown


def whole(disk: SparseDisk, step: int = 1 << 20) -> bytes:
    out = bytearray(b"\xaa" * disk.size_bytes)
    for at in range(0, disk.size_bytes, step):
        disk.read_into(at, memoryview(out)[at : at + step])
    return bytes(out)


def by_extents(disk: SparseDisk) -> bytes:
    out = bytearray(disk.size_bytes)
    for extent in disk.extents():
        disk.read_into(extent.offset, memoryview(out)[extent.offset : extent.offset + extent.length])
    return bytes(out)


def streamed(data: bytes, size: int, step: int = 1000) -> bytes:
    """By one thread, and by several: both give the same, or both refuse."""

    def feed() -> vmdk_stream.Feed:
        return vmdk_stream.Feed((data[at : at + step] for at in range(0, len(data), step)), "x")

    try:
        found = laid(vmdk_stream.grains(feed(), size), size)
    except MtvError:
        with pytest.raises(MtvError):
            laid(vmdk_stream.grains_by(feed(), size, 3), size)
        raise
    assert laid(vmdk_stream.grains_by(feed(), size, 3), size) == found
    return found


def laid(grains: Iterable[tuple[int, bytes]], size: int) -> bytes:
    out, last = bytearray(size), -1
    for offset, content in grains:
        assert offset > last
        last = offset
        out[offset : offset + len(content)] = content[: size - offset]
    return bytes(out)


def read_all(data: bytes) -> bytes:
    disk = SparseDisk(shown(data))
    assert sum(extent.length for extent in disk.extents()) <= disk.size_bytes
    return whole(disk)


def codes(data: bytes) -> str:
    """The code that opening, listing or reading it ends with."""
    with pytest.raises(MtvError) as caught:
        read_all(data)
    assert str(caught.value).startswith("x: ")
    return caught.value.fault.code
