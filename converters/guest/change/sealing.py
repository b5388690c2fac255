"""The commit protocol: a conversion reaches the disks in full, or the crash that came between is finished later.

`commit.json` in the guest's scratch folder says `committing` before the first byte reaches a disk, with what each
overlay touches, and names each disk that is done. From then on there are two ways: finish that commit (repeating it
changes nothing), or, an overlay being lost, restore the blocks that it touched from the source and convert again.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mtv import codec
from mtv.converters.guest.change import overlays
from mtv.converters.guest.change.proving import changed, compare, differing
from mtv.converters.transfer import hashfile
from mtv.converters.transfer.tables import HashTable
from mtv.converters.worker.job import Job
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json
from mtv.model.volumes import Volume

STATE = "commit.json"
HASHES = "handed-over.hashes"
RANGES_TOLD = 200  # of all disks together, in facts and events: a line has 16 KiB; `commit.json` has them all


@dataclass(frozen=True, kw_only=True)
class Part:
    """One disk of a commit."""

    volume: Volume
    overlay: str
    touched: tuple[tuple[int, int], ...]
    committed: bool = False


@dataclass(frozen=True, kw_only=True)
class Commit:
    state: str  # committing committed lost
    parts: tuple[Part, ...]
    facts: Mapping[str, Json]  # of the conversion, told again when it is finished after a crash


def read(folder: Path) -> Commit | None:
    """What was begun there."""
    try:
        return codec.load(Commit, json.loads((folder / STATE).read_bytes()), STATE)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise MtvError("convert.state", f"{folder / STATE} is damaged: {error}") from error


def write(folder: Path, commit: Commit) -> None:
    """Durable when it returns: whole or not at all."""
    new = folder / f"{STATE}.new"
    with new.open("wb") as file:
        file.write(json.dumps(codec.dump(commit)).encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / STATE)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(handle)
    os.close(handle)


def begin(job: Job, folder: Path, files: Mapping[str, Path], copied: Mapping[str, HashTable], facts: Facts) -> Commit:
    """From here on the disks may be changed. `files` are the overlays by disk; `copied` what the disks hold now. The
    touched blocks are hashed as they read through the overlays."""
    parts, tables = [], {}
    for volume in volumes(job):
        overlay = files[volume.disk]
        overlays.wait_unlocked(str(overlay))
        found = overlays.mapped(overlay)
        with overlays.stored(replace(volume, path=str(overlay), format="qcow2"), job.folder / "servers") as through:
            tables[volume.disk] = changed(copied[volume.disk], found, through.read_into)
        parts.append(Part(volume=volume, overlay=str(overlay), touched=found.touched))
    hashfile.write(folder / HASHES, tables)
    commit = Commit(state="committing", parts=tuple(parts), facts=dict(facts))
    write(folder, commit)
    job.say("sealed", {"state": "committing", "disks": [part.volume.disk for part in parts], "touched": told(commit)})
    return commit


def finish(job: Job, folder: Path, commit: Commit) -> Commit:
    """Commits what is not committed yet, reads it back, and says so disk by disk. Safe to repeat."""
    tables = hashfile.read(folder / HASHES)
    if lost := [part for part in commit.parts if not part.committed and not overlays.sound(Path(part.overlay))]:
        raise _lose(job, folder, commit, lost[0])
    for index, part in enumerate(commit.parts):
        if part.committed:
            continue
        overlays.wait_unlocked(part.volume.path)
        overlays.commit(Path(part.overlay))
        with overlays.stored(part.volume, job.folder / "servers") as stored:
            compare(part.volume.path, part.touched, tables[part.volume.disk], stored)
        parts = (*commit.parts[:index], replace(part, committed=True), *commit.parts[index + 1 :])
        commit = replace(commit, parts=parts)
        write(folder, commit)
        job.say("sealed", {"state": "committed", "disk": part.volume.disk})
    commit = replace(commit, state="committed")
    write(folder, commit)
    return commit


def restored(job: Job, copied: Mapping[str, HashTable], commit: Commit) -> bool:
    """After an overlay was lost: whether all that the commit had touched is as it was copied."""
    for part in commit.parts:
        with overlays.stored(part.volume, job.folder / "servers") as stored:
            if differing(part.touched, copied[part.volume.disk], stored):
                return False
    return True


def _lose(job: Job, folder: Path, commit: Commit, part: Part) -> MtvError:
    write(folder, replace(commit, state="lost"))
    job.say("sealed", {"state": "lost", "disk": part.volume.disk, "touched": told(commit)})
    return lost_error(job)


def lost_error(job: Job) -> MtvError:
    text = f"{job.task.name}: a conversion was half committed when its overlay was lost, so its disks are neither the"
    hint = "copy again from the source: the transfer restores the blocks that differ; then the conversion begins anew"
    return MtvError("convert.overlay-lost", f"{text} source's nor converted", hint)


def told(commit: Commit) -> dict[str, Json]:
    """The touched ranges by disk, the nearest joined until there are few enough to tell."""
    most = max(1, RANGES_TOLD // max(1, len(commit.parts)))
    return {part.volume.disk: [list(one) for one in joined(part.touched, most)] for part in commit.parts}


def joined(ranges: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most so many, which cover all of those."""
    gaps = sorted(range(1, len(ranges)), key=lambda at: ranges[at][0] - sum(ranges[at - 1]))
    close = set(gaps[: max(0, len(ranges) - most)])
    made: list[tuple[int, int]] = []
    for at, (offset, length) in enumerate(ranges):
        if at in close:
            made[-1] = (made[-1][0], offset + length - made[-1][0])
        else:
            made.append((offset, length))
    return made


def volumes(job: Job) -> list[Volume]:
    """All disks of the task, in the VM's order."""
    found = [disk.volume for disk in job.task.disks if disk.volume is not None]
    return sorted(found, key=lambda volume: volume.index)
