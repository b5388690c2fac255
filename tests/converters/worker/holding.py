"""A VM's lock in the hands of a process that is no worker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.converters.worker import lock

HOLD = "import fcntl, sys, time; fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX); print(flush=True); time.sleep(60)"


@contextmanager
def holding(path: Path, tagged: bool) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has that lock by an inherited descriptor, as a worker's child has it; untagged it is nobody's."""
    file = os.open(path, os.O_RDWR)
    env = {**os.environ, lock.TAG: str(path)} if tagged else None
    argv = [sys.executable, "-c", HOLD, str(file)]
    child = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, pass_fds=(file,))
    os.close(file)
    assert child.stdout
    with child.stdout as said:
        said.readline()
    try:
        yield child
    finally:
        child.kill()
        child.wait()
