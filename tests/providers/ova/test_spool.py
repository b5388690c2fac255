"""Compressed images: the copy in the scratch folder, its space, and bombs."""

import gzip
import stat
from pathlib import Path

import pytest

from mtv.errors import Held, MtvError
from mtv.model.points import Export
from mtv.providers.ova.reading import spool
from tests.providers.ova.asking import content, opened
from tests.providers.ova.builders import SIZE, zipped
from tests.providers.ova.images import CONTENT, image, made, package


def spooled(tmp_path: Path) -> Export:
    data = zipped(image(tmp_path / "made", "qcow2"))
    return made(package(data, "qcow2", 'ovf:compression="gzip"'), tmp_path, True)


def test_a_spool_needs_space_before_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = spooled(tmp_path)
    monkeypatch.setattr(spool, "RESERVE_BYTES", 1 << 62)
    with pytest.raises(Held, match="bytes are needed") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "worker.no-space"


def test_a_spool_stops_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = spooled(tmp_path)
    real = Path.open

    def full(path: Path, *mode: str) -> object:
        return real(Path("/dev/full"), *mode) if path.name.startswith("spool-") else real(path, *mode)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(Held) as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "worker.no-space"


def test_a_spool_of_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(image(tmp_path / "made", "qcow2") + bytes(200 << 20))
    export = made(package(data, "qcow2", 'ovf:compression="gzip"'), tmp_path, True)
    written: list[int] = []
    real = spool._check_space

    def check(path: Path, needed: int, what: str) -> None:
        written.append(path.stat().st_size if path.exists() else 0)
        real(path, needed, what)

    monkeypatch.setattr(spool, "_check_space", check)
    with pytest.raises(MtvError, match="expands to over") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "gzip.size"
    assert max(written) < 100 << 20


@pytest.mark.parametrize("length", [SIZE - 512, SIZE + 1, SIZE + (100 << 20)])
def test_a_raw_stream_of_another_length_is_refused(tmp_path: Path, length: int) -> None:
    data = zipped(CONTENT[:length].ljust(length, b"\0"))
    export = made(package(data, "raw", 'ovf:compression="gzip"'), tmp_path, True)
    with pytest.raises(MtvError, match="expands to") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "gzip.size"


def test_a_spool_is_of_ourselves_alone(tmp_path: Path) -> None:
    export = spooled(tmp_path)
    with opened(export, tmp_path / "scratch"):
        names = list((tmp_path / "scratch").iterdir())
        assert sorted(one.name.split("-")[0] for one in names) == ["nbd", "spool"]
        folder = next(one for one in names if one.is_dir())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        file_ = next(one for one in names if one.is_file())
        assert stat.S_IMODE(file_.stat().st_mode) == 0o600
