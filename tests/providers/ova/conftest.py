"""What holds for every test of the ova source."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """No socket, spool or log stays behind, and no server."""
    yield
    scratch = tmp_path / "scratch"
    assert not scratch.exists() or list(scratch.iterdir()) == []
    ours = f"/proc/{os.getpid()}/task/{os.getpid()}/children"
    for child in Path(ours).read_text().split():
        assert "qemu-nbd" not in Path(f"/proc/{child}/cmdline").read_text()
