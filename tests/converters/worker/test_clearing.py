"""What an engine that died left behind: it is ended, or waited for, before anything else touches its VM."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mtv.converters.worker import local, lock
from mtv.converters.worker.local import LocalWorkers
from mtv.errors import Temporary
from mtv.settings import Settings

HOLD = "import fcntl, sys, time; fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX); print(flush=True); time.sleep(60)"


@contextmanager
def holding(path: Path, tagged: bool) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has the lock by an inherited descriptor, as a worker's child has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT)
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


def test_what_carries_the_lock_s_tag_is_ended(tmp_path: Path) -> None:
    path = lock.lock_path(tmp_path / "web")
    with holding(path, tagged=True) as child:
        asyncio.run(LocalWorkers().clear(str(path.parent)))
        assert lock.is_free(path)
        assert child.wait(5) == -9


def test_what_does_not_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "settings", lambda: Settings(worker_stop_s=0.2))
    path = lock.lock_path(tmp_path / "web")
    workers = LocalWorkers()
    with holding(path, tagged=False) as child:
        with pytest.raises(Temporary, match="web: an earlier worker of this VM still holds"):
            asyncio.run(workers.clear(str(path.parent)))
        assert child.poll() is None
    asyncio.run(workers.clear(str(path.parent)))


def test_without_a_scratch_folder_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    asyncio.run(LocalWorkers().clear(str(tmp_path / "never")))
    assert not (tmp_path / "never").exists()
