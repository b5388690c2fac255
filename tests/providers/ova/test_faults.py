"""Sources that change, break off or cannot be read: told with their place, never zeroes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mtv.errors import Held, MtvError, Temporary
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from tests.providers.ova.asking import content, exports, opened
from tests.providers.ova.images import CONTENT, image, made, package


@pytest.mark.parametrize("kind", ["raw", "vmdk-stream", "qcow2"])
@pytest.mark.parametrize("change", ["grown", "touched", "replaced", "truncated", "gone"])
def test_a_source_that_changed_since_the_freeze_is_told(tmp_path: Path, kind: str, change: str) -> None:
    path = package(image(tmp_path / "made", kind), kind).ova(tmp_path / "web.ova")
    export = exports(path)[0]
    if change == "grown":
        with path.open("ab") as out:
            out.write(bytes(512))
    elif change == "touched":
        os.utime(path, (1, 1))
    elif change == "replaced":
        old = path.read_bytes()
        path.rename(tmp_path / "old.ova")
        path.write_bytes(old)
        os.utime(path, ns=((tmp_path / "old.ova").stat().st_mtime_ns,) * 2)
    elif change == "truncated":
        os.truncate(path, 4096)
    else:
        path.unlink()
    with pytest.raises(MtvError) as caught:
        content(export, tmp_path / "scratch")
    assert isinstance(caught.value, Held)
    assert caught.value.fault.code == ("source.unreadable" if change == "gone" else "source.changed")
    assert "web.ova" in str(caught.value)


def read_while(export: Export, tmp_path: Path, change: Callable[[], None]) -> None:
    """Opens it, lets something happen, reads a MiB."""
    with opened(export, tmp_path / "scratch") as reader:
        change()
        reader.read_into(1000, memoryview(bytearray(1 << 20)))  # type: ignore[union-attr]


def test_a_source_that_changes_while_it_is_read_voids_what_was_read(tmp_path: Path) -> None:
    path = package(CONTENT, "raw").ova(tmp_path / "web.ova")
    export = exports(path)[0]
    with pytest.raises(Held) as caught:
        read_while(export, tmp_path, lambda: os.utime(path, (1, 1)))
    assert caught.value.fault.code == "source.changed"


def test_a_source_cut_off_while_it_is_read_is_never_zeroes(tmp_path: Path) -> None:
    folder = package(CONTENT, "raw").folder(tmp_path / "in")
    export = exports(folder)[0]
    with pytest.raises(Temporary, match="ends at byte 5000") as caught:
        read_while(export, tmp_path, lambda: os.truncate(folder / "disk.img", 5000))
    assert caught.value.fault.code == "source.changed"


@pytest.mark.parametrize("kind", ["raw", "vmdk-stream"])
def test_read_errors_for_a_while_are_told_with_their_place(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = made(package(image(tmp_path / "made", kind), kind), tmp_path, True)
    real, failing = os.preadv, [True]

    def preadv(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        if failing[0] and offset + len(buffers[0]) > 100_000:
            raise OSError(5, "Input/output error")
        return real(descriptor, buffers, offset)

    with opened(export, tmp_path / "scratch") as reader:
        assert not isinstance(reader, NbdServer)
        monkeypatch.setattr("os.preadv", preadv)
        out = bytearray(1 << 20)
        with pytest.raises(Temporary, match="web.ova: .* bytes at .* input/output error") as caught:
            reader.read_into(0, memoryview(out))  # type: ignore[union-attr]
        assert caught.value.fault.code == "source.read"
        failing[0] = False
        reader.read_into(0, memoryview(out))  # type: ignore[union-attr]
        assert out == CONTENT[: 1 << 20]


def test_short_reads_go_on_until_all_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = made(package(CONTENT, "raw"), tmp_path, True)
    real = os.preadv
    monkeypatch.setattr("os.preadv", lambda fd, buffers, offset: real(fd, [buffers[0][:777]], offset))
    with opened(export, tmp_path / "scratch") as reader:
        out = bytearray(100_000)
        reader.read_into(50_000, memoryview(out))  # type: ignore[union-attr]
    assert out == CONTENT[50_000:150_000]


def test_an_unreadable_file_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = made(package(CONTENT, "raw"), tmp_path, True)

    def refuse(*given: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(Held, match="permission denied") as caught:
        content(export, tmp_path / "scratch")
    assert caught.value.fault.code == "source.unreadable"
