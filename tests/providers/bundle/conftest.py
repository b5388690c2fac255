from pathlib import Path

import pytest

from mtv.model.volumes import VolumeSpec
from mtv.providers.bundle import Bundle

MIB = 1 << 20


def spec(index: int = 0, *, run: str = "plan-1", machine: str = "web", size: int = 8 * MIB, to: str = "") -> VolumeSpec:
    return VolumeSpec(
        run=run,
        vm=f"ova/{machine}",
        machine=machine,
        disk=f"disk-{index}",
        index=index,
        size_bytes=size,
        to=to,
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def bundle(out: Path) -> Bundle:
    return Bundle("bundle", str(out))


@pytest.fixture
def no_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without extended attributes."""
    import errno
    import os

    def refuse(*args: object, **words: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    monkeypatch.setattr(os, "getxattr", refuse)
