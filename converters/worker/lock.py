"""One writer: a lock in the VM's scratch folder, held by its worker for life. The worker's children inherit it, so
that one of them left behind is seen too."""

import fcntl
import os
import time
from pathlib import Path

from mtv import process

TAG = "MTV_WORKER"  # an environment variable that all of a worker's children carry: the path of its lock
STEP_S = 0.1
ORPHANS_S = 5.0
ORPHAN_STEP_S = 0.01


def lock_path(scratch: Path) -> Path:
    return scratch / "worker.lock"


def take(path: Path, wait_s: float) -> int | None:
    """The lock's descriptor, or None if somebody else still has it after that time."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(file)
                return None
            time.sleep(STEP_S)


def is_free(path: Path) -> bool:
    if (file := take(path, 0)) is None:
        return False
    os.close(file)
    return True


def end_orphans(path: Path) -> None:
    """KILL to every process that carries that lock's tag, what a dead worker left behind, until none is seen twice
    running: one may have forked between the look and the kill, a killed one takes a moment to go, and one that is just
    being replaced by a program (execve) has no environment for that moment."""
    until = time.monotonic() + ORPHANS_S
    unseen = 0
    while unseen < 2 and time.monotonic() < until:
        left = process.tagged(TAG, str(path))
        unseen = 0 if left else unseen + 1
        process.kill(left)
        time.sleep(ORPHAN_STEP_S)
