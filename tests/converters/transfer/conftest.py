"""What the tests of the data path share."""

from pathlib import Path

import pytest

from mtv import settings
from mtv.converters.transfer import disks as sharing
from tests.converters.transfer.disks import MIB, Disk, fill, scattered


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """5 MiB and a half, scattered data, an empty target."""
    size_bytes = 5 * MIB + 512 * 1024
    source = fill(tmp_path / "source.raw", size_bytes, scattered(size_bytes, seed=1))
    target = fill(tmp_path / "target.raw", size_bytes, {})
    return Disk(tmp_path / "scratch", source, target)


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal row for each megabyte; no waiting between reconnects."""
    limits = settings.Settings(flush_bytes=MIB, flush_s=0.01, reconnect_s=(0, 0, 0))
    monkeypatch.setattr(sharing, "settings", lambda: limits)
