"""What every target promises, check by check."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.tasks import Event, Task, worker_name
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.base import Capabilities, capabilities
from mtv.providers.testing.sources import ABILITIES


@dataclass(frozen=True, kw_only=True)
class TargetBench:
    """A target that holds nothing. `open` gives the provider as a new process would have it; `task` makes a short
    task for its workers, writing that volume, as that attempt and with that scratch."""

    open: Callable[[], Any]
    spec: VolumeSpec
    task: Callable[[Volume, int, str], Task] | None = None
    documents: Sequence[Mapping[str, Json]] = ()
    extras: Mapping[str, bytes] = field(default_factory=lambda: {"README.txt": b"moved\n"})
    folder: Callable[[str], Path] = Path
    """Where on this machine a scratch folder is that workers see by that name."""
    is_gone: Callable[[Path], bool] = lambda folder: not folder.exists()


Check = Callable[[TargetBench, Capabilities], Coroutine[Any, Any, None]]
TARGET_CHECKS: list[tuple[str, Check]] = []


def _target(needs: str = "") -> Callable[[Check], Check]:
    def register(check: Check) -> Check:
        TARGET_CHECKS.append((needs, check))
        return check

    return register


@_target()
async def it_can_do_what_it_claims(bench: TargetBench, has: Capabilities) -> None:
    found = capabilities(bench.open())
    for ability in ABILITIES:
        assert getattr(found, ability) == getattr(has, ability), ability


@_target()
async def a_volume_is_made_once_and_found_again(bench: TargetBench, has: Capabilities) -> None:
    assert await bench.open().find(bench.spec) is None
    made = await bench.open().create(bench.spec)
    found = await bench.open().create(bench.spec)
    assert made.zeroed
    assert not found.zeroed, "a volume that was there before is believed empty"
    assert (found.id, found.identity, found.path) == (made.id, made.identity, made.path)
    assert (made.disk, made.index) == (bench.spec.disk, bench.spec.index)
    assert made.size_bytes >= bench.spec.size_bytes
    assert await bench.open().find(bench.spec) == found
    await bench.open().remove(made)


@_target()
async def a_removed_volume_is_gone_and_never_comes_back(bench: TargetBench, has: Capabilities) -> None:
    made = await bench.open().create(bench.spec)
    await bench.open().remove(made)
    await bench.open().remove(made)
    assert await bench.open().find(bench.spec) is None
    again = await bench.open().create(bench.spec)
    assert again.identity != made.identity, "a journal of the first would be believed of the second"
    await bench.open().remove(again)


@_target()
async def scratch_outlives_its_maker_and_is_tidied(bench: TargetBench, has: Capabilities) -> None:
    run, machine = bench.spec.run, bench.spec.machine
    told = await bench.open().scratch(run, machine, [bench.spec])
    folder = bench.folder(told)
    (folder / "journal").write_text("row\n")
    assert await bench.open().scratch(run, machine, [bench.spec]) == told
    assert bench.folder(told) == folder
    assert (folder / "journal").read_text() == "row\n"
    await bench.open().tidy(run, machine)
    await bench.open().tidy(run, machine)
    assert bench.is_gone(folder)


@_target("machines")
async def a_machine_is_made_halted_and_found_again(bench: TargetBench, has: Capabilities) -> None:
    name = bench.spec.machine
    assert (await bench.open().machine(name)).state == "absent"
    volume = await bench.open().create(bench.spec)
    for _ in range(2):
        made = await bench.open().create_machine(name, bench.documents, bench.extras)
        assert (made.name, made.state, made.started_at) == (name, "halted", "")
    assert await bench.open().machine(name) == made
    for _ in range(2):
        await bench.open().remove_machine(name)
    assert (await bench.open().machine(name)).state == "absent"
    await bench.open().remove(volume)


@_target("starts")
async def a_machine_starts_and_stops_and_that_is_remembered(bench: TargetBench, has: Capabilities) -> None:
    name = bench.spec.machine
    volume = await bench.open().create(bench.spec)
    await bench.open().create_machine(name, bench.documents, bench.extras)
    for _ in range(2):
        await bench.open().start_machine(name)
    assert (await bench.open().machine(name)).state == "running"
    started_at = (await bench.open().machine(name)).started_at
    assert started_at
    for _ in range(2):
        await bench.open().stop_machine(name)
    stopped = await bench.open().machine(name)
    assert (stopped.state, stopped.started_at) == ("halted", started_at)
    await bench.open().remove_machine(name)
    await bench.open().remove(volume)


@_target("workers")
async def a_worker_says_its_events_in_order_and_ends_once(bench: TargetBench, has: Capabilities) -> None:
    target, volume, task = await _task(bench, 1)
    worker = await target.start(task, {})
    assert worker == worker_name(task.run, task.vm, task.step, task.attempt)
    events: list[Event] = [event async for event in target.events(worker)]
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert [event.type for event in events].index("end") == len(events) - 1
    assert (await target.stop(worker)).outcome == "done"
    assert (await target.stop(worker)).outcome == "done", "asked again, it tells otherwise"
    await _away(bench, volume)


@_target("workers")
async def a_worker_that_nobody_ever_saw_can_be_stopped(bench: TargetBench, has: Capabilities) -> None:
    assert (await bench.open().stop(worker_name("no-run", "no/vm", "transfer", 1))).outcome != "done"


@_target("workers")
async def no_second_worker_starts_before_the_first_was_seen_to_end(bench: TargetBench, has: Capabilities) -> None:
    target, volume, first = await _task(bench, 1)
    worker = await target.start(first, {})
    _, _, second = await _task(bench, 2)
    with pytest.raises(MtvError):
        await target.start(second, {})
    await target.stop(worker)
    worker = await target.start(second, {})
    assert [event.type async for event in target.events(worker)][-1] == "end"
    assert (await target.stop(worker)).outcome == "done"
    await _away(bench, volume)


async def _task(bench: TargetBench, attempt: int) -> tuple[Any, Volume, Task]:
    target = bench.open()
    volume = await target.create(bench.spec)
    assert bench.task is not None, "a target with workers needs a task"
    return (
        target,
        volume,
        bench.task(volume, attempt, await target.scratch(bench.spec.run, bench.spec.machine, [bench.spec])),
    )


async def _away(bench: TargetBench, volume: Volume) -> None:
    await bench.open().remove(volume)
    await bench.open().tidy(bench.spec.run, bench.spec.machine)
