"""qcow2 overlays: all changes to a guest are made on them, and reach its disks only when they are committed."""

import errno
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv import process
from mtv.converters.transfer.readers import nbd as reading
from mtv.converters.transfer.tables import Read
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.cold import ColdFile
from mtv.converters.transfer.targets.served import qemu_nbd
from mtv.errors import MtvError, Temporary
from mtv.model.reading import NbdServer
from mtv.model.volumes import Volume

LOCK_S = 30.0  # a killed virt-v2v's qemu-nbd ends within this time, or somebody else has the disk
COMMIT_S = 3600.0
LISTEN_S = 5.0
_LOCKED = "lock"


def create(path: Path, backing: str, backing_format: str, size_bytes: int) -> None:
    """A new one, empty; an old one of that name is gone."""
    path.unlink(missing_ok=True)
    _qemu_img("create", "-q", "-f", "qcow2", "-b", backing, "-F", backing_format, str(path), str(size_bytes))


def move_onto(source: Path, path: Path, volume: Volume) -> None:
    """A copy of that overlay over another disk with the same bytes. The original stays: a conversion that is killed
    begins again from it."""
    path.unlink(missing_ok=True)  # an earlier attempt's orphan may still write to that file: not to this one
    shutil.copyfile(source, path)
    _qemu_img("rebase", "-u", "-f", "qcow2", "-b", volume.path, "-F", image_format(volume), str(path))


def image_format(volume: Volume) -> str:
    return "qcow2" if volume.format == "qcow2" else "raw"


def sound(path: Path) -> bool:
    """It is there, and its tables are whole. What lies below is not opened: the source's server may be gone."""
    if not path.is_file():
        return False
    alone = {"driver": "qcow2", "backing": None, "file": {"driver": "file", "filename": str(path)}}
    argv = ["qemu-img", "check", "-q", f"json:{json.dumps(alone)}"]
    return process.run(argv, timeout_s=600.0, check=False).status == 0


@dataclass(frozen=True)
class Map:
    """Ranges as offset and length, in order; neighbours are one."""

    touched: tuple[tuple[int, int], ...]  # what the overlay changes
    zeroes: tuple[tuple[int, int], ...]  # what reads as zeroes, its disk below included: never read, only known


def mapped(path: Path) -> Map:
    told = json.loads(_qemu_img("map", "--output=json", "-f", "qcow2", str(path)).out)
    return Map(
        touched=_ranges(one for one in told if not one["depth"] and one.get("present") is not False),
        zeroes=_ranges(one for one in told if one["zero"]),
    )


def _ranges(entries: Iterable[Mapping[str, int]]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for one in entries:
        if found and sum(found[-1]) == one["start"]:
            found[-1] = (found[-1][0], found[-1][1] + one["length"])
        else:
            found.append((one["start"], one["length"]))
    return tuple(found)


def commit(path: Path) -> None:
    """Its changes go into its disk, and are durable there. Safe to repeat: the overlay stays as it is (-d)."""
    _qemu_img("commit", "-q", "-f", "qcow2", "-d", str(path), timeout_s=COMMIT_S)


def wait_unlocked(path: str, timeout_s: float = LOCK_S) -> None:
    """Until no other process has that image open for writing. Raises Temporary `convert.locked`."""
    deadline = time.monotonic() + timeout_s
    while True:
        ended = process.run(["qemu-img", "info", "--output=json", path], check=False)
        if _LOCKED not in ended.err:
            return
        if time.monotonic() > deadline:
            text = f"{path} is still open for writing by another process after {timeout_s:.0f} s"
            raise Temporary("convert.locked", text, "end the qemu-nbd or QEMU that has it open (`fuser` tells)")
        time.sleep(0.2)


@dataclass(frozen=True)
class Stored:
    """A disk as it is stored, past the page cache."""

    read_into: Read
    data: Callable[[], Iterator[tuple[int, int]]]  # what may be other than zero


@contextmanager
def stored(volume: Volume, folder: Path) -> Iterator[Stored]:
    """That disk; or an overlay, given as a qcow2 volume, with what lies below it."""
    if volume.format in ("raw", "block"):
        file = ColdFile(volume.path, volume.size_bytes)
        try:
            yield Stored(file.read_into, lambda: ((one.offset, one.length) for one in file.extents()))
        finally:
            file.close()
        return
    with qemu_nbd(volume, folder, read_only=True) as uri:
        server = NbdServer(uri)
        with reading.connection(server) as handle:

            def read_into(offset: int, view: memoryview) -> None:
                view[:] = handle.pread(len(view), offset)

            yield Stored(read_into, lambda: reading.extents(server, volume.size_bytes))


def _qemu_img(*argv: str, timeout_s: float = 120.0) -> process.Result:
    ended = process.run(["qemu-img", *argv], timeout_s=timeout_s, check=False)
    if ended.status == 0:
        return ended
    last = (ended.err.strip() or "it said nothing").splitlines()[-1][:300]
    if os.strerror(errno.ENOSPC) in last:
        raise raw.failed(OSError(errno.ENOSPC, last), f"write by qemu-img {argv[0]} to", argv[-1])
    if _LOCKED in last:
        raise Temporary("convert.locked", f"qemu-img {argv[0]}: {last}", "another process has that disk open")
    if ended.status < 0:
        raise Temporary("convert.killed", f"qemu-img {argv[0]} of {argv[-1]} was killed by signal {-ended.status}")
    raise MtvError("convert.qemu-img", f"qemu-img {argv[0]} of {argv[-1]} failed: {last}", "`mtv logs` has more")
