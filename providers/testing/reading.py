"""Reading small disks whole, and holding what is told of them against their bytes."""

from collections.abc import Sequence
from typing import Any

from mtv.model.points import Extent
from mtv.model.reading import NbdServer, Opened


def read_all(opened: Opened, size_bytes: int) -> bytes:
    """Every byte of a small disk, whatever shape it is opened in; what is said to be a hole is not read."""
    data = bytearray(size_bytes)
    if isinstance(opened, NbdServer):
        import nbd  # the binding is not on every machine that has only the memory provider

        handle = nbd.NBD()
        handle.connect_uri(opened.uri)
        for at in range(0, size_bytes, 1 << 20):
            data[at : at + (1 << 20)] = handle.pread(min(1 << 20, size_bytes - at), at)
        handle.shutdown()
    elif hasattr(opened, "chunks"):
        last = 0
        for offset, chunk in opened.chunks():
            assert last <= offset, f"a stream went back from {last} to {offset}"
            last = offset + len(chunk)
            data[offset:last] = chunk
    else:
        for extent in opened.extents():
            opened.read_into(extent.offset, memoryview(data)[extent.offset : extent.offset + extent.length])
    assert len(data) == size_bytes, "more bytes than the disk has"
    return bytes(data)


def check_order(extents: Sequence[Extent], size_bytes: int) -> None:
    last = 0
    for extent in extents:
        assert extent.length > 0
        assert last <= extent.offset, "extents overlap, or are out of order"
        last = extent.offset + extent.length
    assert last <= size_bytes, "an extent ends behind its disk"


def check_covered(old: bytes, new: bytes, extents: Sequence[Extent]) -> None:
    patched = bytearray(old)
    for extent in extents:
        part = new[extent.offset : extent.offset + extent.length]
        assert not (extent.zero and any(part)), f"{extent} is said to be zeroes, and is not"
        patched[extent.offset : extent.offset + extent.length] = part
    assert patched == new, "something changed and was not told"


def check_random(reader: Any, data: bytes) -> None:
    extents = list(reader.extents())
    check_order(extents, len(data))
    part = bytearray(min(len(data), 777))
    for at in (0, len(data) // 3, len(data) - len(part)):
        reader.read_into(at, memoryview(part))
        assert part == data[at : at + len(part)], f"at {at}"
