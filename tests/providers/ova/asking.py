"""Asking a source, and reading what its exports open."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbd

from mtv.model.estate import VM, Change
from mtv.model.points import Export
from mtv.model.reading import NbdServer, Opened
from mtv.providers.ova import OVA

STEP = 1 << 20


def changes(source: OVA, since: str | None = None) -> list[Change]:
    async def ask() -> list[Change]:
        return [change async for change in source.inventory(since)]

    return asyncio.run(ask())


def vms(source: OVA) -> list[VM]:
    return [change for change in changes(source) if isinstance(change, VM)]


def only(path: Path) -> VM:
    found = vms(OVA("o", str(path)))
    assert len(found) == 1
    return found[0]


def exports(path: Path, vm: VM | None = None) -> list[Export]:
    source = OVA("o", str(path))
    machine = vm or only(path)

    async def ask() -> list[Export]:
        point = await source.freeze(machine, machine.disks, "p", None, False)
        return [await source.export(point, disk) for disk in machine.disks]

    return asyncio.run(ask())


@contextmanager
def opened(export: Export, scratch: Path, serve: bool = False) -> Iterator[Opened]:
    with OVA.openers[export.way](export, scratch, scratch, serve=serve) as found:
        yield found


def content(export: Export, scratch: Path, serve: bool = False) -> bytes:
    """Every byte, as the transfer would read it: by extents where there are some."""
    with opened(export, scratch, serve) as found:
        out = bytearray(export.size_bytes)
        if isinstance(found, NbdServer):
            return _by_nbd(found, export.size_bytes)
        assert found.size_bytes == export.size_bytes
        if hasattr(found, "chunks"):
            last = -1
            for offset, data in found.chunks():
                assert offset > last
                last = offset
                out[offset : offset + len(data)] = data
            return bytes(out)
        end = 0
        for extent in found.extents():
            assert extent.offset >= end
            end = extent.offset + extent.length
            for at in range(extent.offset, end, STEP):
                found.read_into(at, memoryview(out)[at : min(at + STEP, end)])
        assert end <= export.size_bytes
        return bytes(out)


def _by_nbd(server: NbdServer, size: int) -> bytes:
    handle = nbd.NBD()
    handle.connect_uri(server.uri)
    try:
        assert handle.get_size() == size
        assert handle.is_read_only()
        return b"".join(bytes(handle.pread(min(STEP, size - at), at)) for at in range(0, size, STEP))
    finally:
        handle.shutdown()
