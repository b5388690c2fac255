"""What an engine that died left behind: it is ended, or waited for, before anything else touches its VM."""

import asyncio
from pathlib import Path

import pytest

from mtv.converters.worker import local, lock
from mtv.converters.worker.local import LocalWorkers
from mtv.errors import Temporary
from mtv.settings import Settings
from tests.converters.worker.holding import holding


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = lock.lock_path(tmp_path / "web")
    made.parent.mkdir()
    made.touch()
    return made


def test_what_carries_the_lock_s_tag_is_ended(path: Path) -> None:
    with holding(path, tagged=True) as child:
        asyncio.run(LocalWorkers().clear(str(path.parent)))
        assert lock.is_free(path)
        assert child.wait(5) == -9


def test_what_does_not_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "settings", lambda: Settings(worker_stop_s=0.2))
    workers = LocalWorkers()
    with holding(path, tagged=False) as child:
        with pytest.raises(Temporary, match="web: an earlier worker of this VM still holds"):
            asyncio.run(workers.clear(str(path.parent)))
        assert child.poll() is None
    asyncio.run(workers.clear(str(path.parent)))


def test_without_a_scratch_folder_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    asyncio.run(LocalWorkers().clear(str(tmp_path / "never")))
    assert not (tmp_path / "never").exists()
