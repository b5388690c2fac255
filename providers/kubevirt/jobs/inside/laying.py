"""Claims before a copy: a new file system has no file for its disk yet, by the name that KubeVirt knows; and a device
is often larger than its disk, where the guest would see what somebody else left."""

import os
from collections.abc import Callable
from pathlib import Path

from mtv.errors import Held
from mtv.model.tasks import Task
from mtv.model.volumes import Volume

MODE = 0o660  # as CDI makes them: KubeVirt's own processes are of another user, and of our group
STEP_BYTES = 1 << 20
TAIL_LIMIT_BYTES = 4 << 30  # drivers round up to a GiB; a device that is larger yet somebody prepared
_ZEROES = bytes(STEP_BYTES)
Guard = Callable[[], None]


def lay(task: Task, guard: Guard) -> None:
    """Before a transfer. `guard` is asked before each write. Raises Held `target.failed`."""
    if task.op != "transfer":
        return
    for volume in (disk.volume for disk in task.disks if disk.volume):
        try:
            if volume.format == "raw":
                _lay_file(Path(volume.path), volume)
            elif volume.format == "block":
                _clear_tail(Path(volume.path), volume.size_bytes, guard)
        except OSError as error:
            raise Held(
                "target.failed", f"cannot prepare {volume.path}: {(error.strerror or str(error)).lower()}",
                "may user 107 write to it? the driver's fsGroupPolicy says so, and the nodes' container runtime",
            ) from error  # fmt: skip


def _lay_file(path: Path, volume: Volume) -> None:
    """As long as its disk; one of a claim that was made for this very attempt is empty, whatever came along with it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    try:
        if volume.zeroed:
            os.ftruncate(file, 0)
        if os.fstat(file).st_size == 0:
            os.fchmod(file, MODE)
            os.ftruncate(file, volume.size_bytes)
            os.fsync(file)
    finally:
        os.close(file)


def _clear_tail(path: Path, size_bytes: int, guard: Guard) -> None:
    """What reads as zeroes already is not written: the next attempt finds it so."""
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        end = os.lseek(file, 0, os.SEEK_END)
        if not 0 < end - size_bytes <= TAIL_LIMIT_BYTES:
            return
        was_written = False
        for offset in range(size_bytes, end, STEP_BYTES):
            found = os.pread(file, min(STEP_BYTES, end - offset), offset)
            if found != _ZEROES[: len(found)]:
                guard()
                os.pwrite(file, _ZEROES[: len(found)], offset)
                was_written = True
        if was_written:
            os.fsync(file)
    finally:
        os.close(file)
