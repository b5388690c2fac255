"""The conformance suite finds each broken promise: memory sources and targets with one defect each."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtv.model.estate import VM, Disk
from mtv.model.points import Export, Extent, Point
from mtv.model.tasks import Ended
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.base import Capabilities
from mtv.providers.memory import MemoryTarget
from mtv.providers.memory.source import TrackingSource
from mtv.providers.memory.workers import LOST
from mtv.providers.testing.sources import SOURCE_CHECKS
from mtv.providers.testing.targets import TARGET_CHECKS
from tests.providers.memory.test_conformance import TRACKING, source, target


class Forgetful(TrackingSource):
    async def freeze(self, vm: VM, disks: Sequence[Disk], name: str, since: Point | None, quiesce: bool) -> Point:
        return await super().freeze(vm, disks, f"{name}-{self._states.revision()}", since, quiesce)


class Careless(TrackingSource):
    async def extents(self, point: Point, disk: Disk) -> Sequence[Extent] | None:
        told = await super().extents(point, disk)
        return told[1:] if told else told


class Monotonous(TrackingSource):
    async def export(self, point: Point, disk: Disk) -> Export:
        return replace(await super().export(point, disk), identity="always the same")


class Drifting(TrackingSource):
    async def export(self, point: Point, disk: Disk) -> Export:
        export, state = await super().export(point, disk), self._states.get(self.estate.vms[0])
        return replace(export, params={**export.params, "generation": state.generation})


class Naive(TrackingSource):
    async def track(self, vm: VM, on: bool) -> bool:
        was = self._state(vm).tracking
        await super().track(vm, on)
        return was


class Lingering(TrackingSource):
    async def unfence(self, vm: VM, name: str) -> None:
        return None


class Greedy(TrackingSource):
    async def fence(self, vm: VM, name: str) -> None:
        await super().unfence(vm, self._state(vm).fence)
        await super().fence(vm, name)


class Trusting(MemoryTarget):
    async def create(self, spec: VolumeSpec) -> Volume:
        return replace(await super().create(spec), zeroed=True)


class Twin(MemoryTarget):
    async def create(self, spec: VolumeSpec) -> Volume:
        return replace(await super().create(spec), identity="always the same")


class Reckless(MemoryTarget):
    def _refuse_second(self, task: object) -> None:
        return None


class Amnesiac(MemoryTarget):
    async def stop(self, worker: str) -> Ended:
        await super().stop(worker)
        return LOST


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Forgetful, "a_point_is_found_again_by_name"),
        (Careless, "changes_cover_all_that_differs"),
        (Monotonous, "other_bytes_have_another_identity"),
        (Drifting, "a_point_reads_the_same_while_the_guest_writes"),
        (Naive, "what_tracking_was_is_remembered"),
        (Lingering, "a_fence_goes_up_and_down_without_a_trace"),
        (Greedy, "a_fence_stays_with_the_run_that_put_it_up"),
    ],
)
def test_a_broken_source_is_found(broken: Any, promise: str, tmp_path: Path) -> None:
    bench = source(tmp_path, "snapshots")
    address = f"memory:{tmp_path}?vms=2&size_mib=1"
    check = next(check for _, check in SOURCE_CHECKS if check.__name__ == promise)
    asyncio.run(check(bench, TRACKING))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        asyncio.run(check(replace(bench, open=lambda: broken("src", address)), TRACKING))


@pytest.mark.parametrize(
    ("broken", "promise"),
    [
        (Trusting, "a_volume_is_made_once_and_found_again"),
        (Twin, "a_removed_volume_is_gone_and_never_comes_back"),
        (Reckless, "no_second_worker_starts_before_the_first_was_seen_to_end"),
        (Amnesiac, "a_worker_says_its_events_in_order_and_ends_once"),
    ],
)
def test_a_broken_target_is_found(broken: Any, promise: str, tmp_path: Path) -> None:
    bench, has = target(tmp_path), Capabilities(machines=True, starts=True, workers=True)
    check = next(check for _, check in TARGET_CHECKS if check.__name__ == promise)
    asyncio.run(check(bench, has))
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        asyncio.run(check(replace(bench, open=lambda: broken("dst", str(tmp_path))), has))
