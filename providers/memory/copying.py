"""The in-process workers' transfer: made-up bytes, but the real order and promises. Data is written before its journal
row, identities are compared before anything is resumed, a difference means compare all."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import codec
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json
from mtv.model.points import Extent
from mtv.model.tasks import DiskProgress, Task, TaskDisk
from mtv.model.volumes import Volume
from mtv.providers.memory.content import Content, Run
from mtv.providers.memory.folder import Folder
from mtv.providers.memory.reader import export_content
from mtv.providers.memory.volumes import VolumeStore

Work = Generator[tuple[str, Facts], None, Facts]  # yields its events, returns its end's facts
PIECES = 4  # journal rows a disk and pass


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What is known to be in a volume."""

    source: str  # identity of the export
    volume: str
    whole: bool  # this pass goes over the whole disk, not over a delta
    done: tuple[int, ...] = ()  # pieces of this pass
    complete: bool = False
    content: Content


def read_journal(task: Task, disk: TaskDisk) -> Journal | None:
    data = Folder(Path(task.scratch)).get(f"journal {disk.id}")
    return codec.load(Journal, data, f"journal of {disk.id}") if data else None


def write_journal(task: Task, disk: TaskDisk, journal: Journal) -> None:
    Folder(Path(task.scratch)).put(f"journal {disk.id}", codec.dump(journal))


def volume_of(disk: TaskDisk) -> Volume:
    if disk.volume is None:
        raise MtvError("worker.task", f"disk {disk.id} names no volume")
    return disk.volume


def tell(disk: TaskDisk, done_bytes: int, total_bytes: int, phase: str) -> tuple[str, Facts]:
    return "progress", codec.dump(
        DiskProgress(disk=disk.id, done_bytes=done_bytes, total_bytes=total_bytes, phase=phase)
    )


def transfer(task: Task, volumes: VolumeStore) -> Work:
    facts: dict[str, Json] = {}
    written_bytes = 0
    for disk in task.disks:
        before = volumes.get(volume_of(disk)).written_bytes
        content = yield from _copy(task, disk, volumes)
        more = volumes.get(volume_of(disk)).written_bytes - before
        written_bytes += more
        facts[disk.id] = {"data_bytes": content.data_bytes, "root": content.root(), "written_bytes": more}
    return {"disks": facts, "checks": {}, "written_bytes": written_bytes}


def _copy(task: Task, disk: TaskDisk, volumes: VolumeStore) -> Generator[tuple[str, Facts], None, Content]:
    if disk.export is None:
        raise MtvError("worker.task", f"disk {disk.id} names no export")
    source, volume = export_content(disk.export), volume_of(disk)
    journal = _resumed(task, disk, disk.export.identity, volume)
    todo = [Extent(0, disk.size_bytes)] if journal.whole else list(disk.extents or ())
    total, done = _data_bytes(source, todo), 0
    for piece, extents in _pieces(disk.size_bytes, todo):
        done += _data_bytes(source, extents)
        if piece in journal.done:
            continue
        now = volumes.get(volume).content
        fresh = volume.zeroed and journal.whole
        volumes.write(volume, [run for one in extents for run in _needed(source, now, one, journal.whole, fresh)])
        held = [run for one in extents for run in source.within(one.offset, one.length)]
        journal = replace(journal, done=(*journal.done, piece), content=journal.content.put(held))
        write_journal(task, disk, journal)
        yield tell(disk, done, total, "copy")
        yield "root", {"disk": disk.id, "pass": task.pass_, "offset": piece, "root": journal.content.root()}
    write_journal(task, disk, replace(journal, complete=True))
    return journal.content


def _data_bytes(source: Content, extents: list[Extent]) -> int:
    return sum(run.length for one in extents for run in source.within(one.offset, one.length) if run.stamp)


def _resumed(task: Task, disk: TaskDisk, source: str, volume: Volume) -> Journal:
    """Where the last attempt of this pass stopped, or the beginning of a pass."""
    found = read_journal(task, disk)
    if found is None or found.volume != volume.identity:
        return Journal(source=source, volume=volume.identity, whole=True, content=Content(disk.size_bytes))
    if found.source == source and (found.complete or found.done):
        return replace(found, complete=False)
    if found.complete and disk.extents is not None:
        return replace(found, source=source, whole=False, done=(), complete=False)
    return replace(found, source=source, whole=True, done=(), complete=False)


def _needed(source: Content, now: Content, extent: Extent, whole: bool, fresh: bool) -> list[Run]:
    """What must be written of that extent: a fresh volume needs no holes, a resync only what differs."""
    if fresh:
        return [run for run in source.within(extent.offset, extent.length) if run.stamp]
    if whole:
        return source.differing(now, extent.offset, extent.length)
    return source.within(extent.offset, extent.length)


def _pieces(size_bytes: int, extents: list[Extent]) -> Iterator[tuple[int, list[Extent]]]:
    """The extents cut into those of each piece of the disk; pieces without any are left out."""
    span = -(-size_bytes // PIECES)
    for piece in range(PIECES):
        first, end = piece * span, (piece + 1) * span
        inside = [
            Extent(max(one.offset, first), min(one.offset + one.length, end) - max(one.offset, first))
            for one in extents
            if one.offset < end and one.offset + one.length > first
        ]
        if inside:
            yield piece, inside
