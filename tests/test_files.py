"""A file that was asked for is whole, or as it was."""

import os
from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.files import replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old")
    with replacing(file) as new:
        new.write(b"new")
        assert file.read_text() == "old"
    assert (file.read_text(), names(tmp_path)) == ("new", ["x"])


def test_an_error_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old")

    def half() -> None:
        with replacing(file) as new:
            new.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert (file.read_text(), names(tmp_path)) == ("old", ["x"])
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "y"):
        raise KeyboardInterrupt
    assert names(tmp_path) == ["x"]


def test_modes_are_those_of_the_file_or_of_the_user(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "new"):
            pass
        (tmp_path / "old").touch()
        (tmp_path / "old").chmod(0o664)
        with replacing(tmp_path / "old"):
            pass
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")] == [0o640, 0o664]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "link").symlink_to("there")
    with replacing(tmp_path / "link") as new:
        new.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_a_pipe_is_written_itself(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        with replacing(Path(f"/dev/fd/{writing}")) as pipe:
            pipe.write(b"through")
        assert os.read(reading, 100) == b"through"
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("name", ["no/such/x", "."])
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as caught, replacing(tmp_path / name):
        pytest.fail("there is nothing to write into")
    assert caught.value.fault.code == "file.no-access"
    assert "cannot be written" in caught.value.fault.text


def test_a_full_disk_is_named() -> None:
    with (
        pytest.raises(Refused, match="/dev/full cannot be written: no space left on device"),
        replacing(Path("/dev/full")) as full,
    ):
        full.write(b"x" * 100_000)


def test_an_error_of_the_writer_s_is_its_own(tmp_path: Path) -> None:
    """Only what befalls the file is called so."""
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "x"):
        Path("/no/such/file").read_text()
