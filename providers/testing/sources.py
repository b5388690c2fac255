"""What every source promises, check by check."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mtv import codec
from mtv.errors import CheckFailed, MtvError
from mtv.model.estate import VM, Disk, Removal, Revision
from mtv.model.points import Export, Point
from mtv.model.reading import NbdServer
from mtv.providers.base import Capabilities, capabilities
from mtv.providers.testing.reading import check_covered, check_order, check_random, read_all

FENCE = "mtv-suite-1"
ABILITIES = ("power", "points", "tracks", "steady", "machines", "starts", "workers")


@dataclass(frozen=True, kw_only=True)
class SourceBench:
    """A source with one VM that holds data. `open` gives the provider as a new process would have it; `write` lets
    that VM's guest write something, None where it cannot."""

    open: Callable[[], Any]
    vm: str  # VM.id
    scratch: Path
    write: Callable[[], Awaitable[None]] | None = None

    async def point(self, name: str, since: Point | None = None) -> tuple[Any, VM, Point]:
        source = self.open()
        vm = await source.vm(self.vm)
        return source, vm, await source.freeze(vm, vm.disks, name, since, False)

    async def read(self, source: Any, point: Point, disk: Disk) -> bytes:
        return await asyncio.to_thread(self.read_export, source, await source.export(point, disk))

    def read_export(self, source: Any, export: Export) -> bytes:
        with source.openers[export.way](export, self.scratch, self.scratch) as opened:
            return read_all(opened, export.size_bytes)


SourceCheck = Callable[[SourceBench, Capabilities], Coroutine[Any, Any, None]]
SOURCE_CHECKS: list[tuple[str, SourceCheck]] = []


def _source(needs: str = "") -> Callable[[SourceCheck], SourceCheck]:
    def register(check: SourceCheck) -> SourceCheck:
        SOURCE_CHECKS.append((needs, check))
        return check

    return register


@_source()
async def it_can_do_what_it_claims(bench: SourceBench, has: Capabilities) -> None:
    found = capabilities(bench.open())
    for ability in ABILITIES:
        assert getattr(found, ability) == getattr(has, ability), ability


@_source()
async def each_failed_finding_has_its_fix(bench: SourceBench, has: Capabilities) -> None:
    for finding in await bench.open().check():
        assert finding.text, finding
        assert finding.ok or finding.fix, finding


@_source()
async def an_inventory_ends_with_a_revision_after_which_nothing_changed(bench: SourceBench, has: Capabilities) -> None:
    first = [change async for change in bench.open().inventory(None)]
    assert isinstance(first[-1], Revision)
    assert not [one for one in first[:-1] if isinstance(one, Revision | Removal)]
    ids = [(type(one), one.id) for one in first[:-1]]
    assert len(ids) == len(set(ids)), "something is told twice"
    later = [change async for change in bench.open().inventory(first[-1].value)]
    assert not [one for one in later if isinstance(one, VM)], "nothing changed, and a VM is told again"


@_source()
async def a_vm_now_is_the_vm_of_the_inventory(bench: SourceBench, has: Capabilities) -> None:
    source = bench.open()
    told = [one async for one in source.inventory(None) if isinstance(one, VM) and one.id == bench.vm]
    assert told == [await source.vm(bench.vm)]
    keys = [disk.key for disk in told[0].disks]
    assert keys
    assert len(keys) == len(set(keys))
    assert told[0].source == source.name


@_source()
async def an_unknown_vm_is_an_error_that_names_it(bench: SourceBench, has: Capabilities) -> None:
    with pytest.raises(MtvError, match="no-such-vm-4711"):
        await bench.open().vm("no-such-vm-4711")


@_source("points")
async def a_point_is_found_again_by_name(bench: SourceBench, has: Capabilities) -> None:
    _, _, point = await bench.point("mtv-again")
    source, _, again = await bench.point("mtv-again")
    assert again == point
    assert point.id == "mtv-again"
    await source.release(point)


@_source("points")
async def an_export_is_data_and_stays_the_same(bench: SourceBench, has: Capabilities) -> None:
    source, vm, point = await bench.point("mtv-data")
    for disk in _moving(vm):
        export = await source.export(point, disk)
        assert codec.load(Export, json.loads(json.dumps(codec.dump(export)))) == export
        assert export.size_bytes == disk.size_bytes
        assert await bench.open().export(point, disk) == export, "another process would be told otherwise"
        assert export.way in source.openers
    await source.release(point)


@_source("points")
async def a_point_reads_the_same_while_the_guest_writes(bench: SourceBench, has: Capabilities) -> None:
    source, vm, point = await bench.point("mtv-frozen")
    before = [await bench.read(source, point, disk) for disk in _moving(vm)]
    assert any(any(data) for data in before), "the bench's VM holds nothing"
    if bench.write:
        await bench.write()
    assert [await bench.read(bench.open(), point, disk) for disk in _moving(vm)] == before
    await source.release(point)


@_source("points")
async def a_random_reader_tells_ordered_extents_and_reads_any_part(bench: SourceBench, has: Capabilities) -> None:
    source, vm, point = await bench.point("mtv-random")
    for disk in _moving(vm):
        export = await source.export(point, disk)
        with source.openers[export.way](export, bench.scratch, bench.scratch) as opened:
            if export.kind == "random" and not isinstance(opened, NbdServer):
                check_random(opened, bench.read_export(source, export))
    await source.release(point)


@_source("points")
async def a_released_point_is_gone_and_may_be_released_again(bench: SourceBench, has: Capabilities) -> None:
    source, vm, point = await bench.point("mtv-gone")
    await source.release(point)
    await bench.open().release(Point(id=point.id, vm=point.vm, identity=""))
    if not has.steady:
        with pytest.raises(MtvError):
            await source.export(point, _moving(vm)[0])


@_source("points")
async def other_bytes_have_another_identity(bench: SourceBench, has: Capabilities) -> None:
    source, vm, first = await bench.point("mtv-first")
    before = [(await source.export(first, disk), await bench.read(source, first, disk)) for disk in _moving(vm)]
    await source.release(first)
    if bench.write:
        await bench.write()
    source, vm, second = await bench.point("mtv-second")
    for (export, data), disk in zip(before, _moving(vm), strict=True):
        if await bench.read(source, second, disk) != data:
            assert (await source.export(second, disk)).identity != export.identity
            assert second.identity != first.identity
    await source.release(second)


@_source("tracks")
async def what_tracking_was_is_remembered(bench: SourceBench, has: Capabilities) -> None:
    source = bench.open()
    vm = await source.vm(bench.vm)
    previous = await source.track(vm, True)
    assert await bench.open().track(vm, True) == previous, "asked again after a crash, the answer is another"
    await source.track(vm, previous)
    assert await source.track(vm, True) == previous
    await source.track(vm, previous)


@_source("tracks")
async def changes_cover_all_that_differs(bench: SourceBench, has: Capabilities) -> None:
    source = bench.open()
    vm = await source.vm(bench.vm)
    previous = await source.track(vm, True)
    _, _, first = await bench.point("mtv-base")
    assert await source.extents(first, _moving(vm)[0]) is None, "there is nothing before the first point"
    before = [await bench.read(source, first, disk) for disk in _moving(vm)]
    await source.release(first)
    if bench.write:
        await bench.write()
    source, _, second = await bench.point("mtv-delta", first)
    for old, disk in zip(before, _moving(vm), strict=True):
        extents = await source.extents(second, disk)
        if extents is not None:
            check_order(extents, disk.size_bytes)
            check_covered(old, await bench.read(source, second, disk), extents)
    await source.release(second)
    await source.track(vm, previous)


@_source("power")
async def power_goes_off_and_comes_back(bench: SourceBench, has: Capabilities) -> None:
    before = await bench.open().vm(bench.vm)
    for state in ("off", "off", before.power, before.power):
        await bench.open().power(before, state, 1.0, "force")
        assert (await bench.open().vm(bench.vm)).power == state
    assert _plain(await bench.open().vm(bench.vm)) == _plain(before)


@_source("power")
async def a_fence_goes_up_and_down_without_a_trace(bench: SourceBench, has: Capabilities) -> None:
    before = await bench.open().vm(bench.vm)
    await bench.open().unfence(before, FENCE)
    assert _plain(await bench.open().vm(bench.vm)) == _plain(before)
    await bench.open().power(before, "off", 1.0, "force")
    for _ in range(2):
        await bench.open().fence(before, FENCE)
    fenced = await bench.open().vm(bench.vm)
    assert fenced.name != before.name
    assert not any(nic.connected for nic in fenced.nics)
    for _ in range(2):
        await bench.open().unfence(before, FENCE)
    assert (await bench.open().vm(bench.vm)).name == before.name
    await bench.open().power(before, before.power, 1.0, "force")
    assert _plain(await bench.open().vm(bench.vm)) == _plain(before)


@_source("power")
async def a_fence_stays_with_the_run_that_put_it_up(bench: SourceBench, has: Capabilities) -> None:
    before = await bench.open().vm(bench.vm)
    await bench.open().power(before, "off", 1.0, "force")
    await bench.open().fence(before, FENCE)
    fenced = await bench.open().vm(bench.vm)
    with pytest.raises(CheckFailed, match=FENCE):
        await bench.open().fence(before, f"{FENCE}-other")
    await bench.open().unfence(before, f"{FENCE}-other")
    assert _plain(await bench.open().vm(bench.vm)) == _plain(fenced)
    await bench.open().unfence(before, FENCE)
    await bench.open().power(before, before.power, 1.0, "force")
    assert _plain(await bench.open().vm(bench.vm)) == _plain(before)


def _plain(vm: VM) -> VM:
    return replace(vm, revision="")


def _moving(vm: VM) -> list[Disk]:
    return [disk for disk in vm.disks if not disk.blank]
