"""A session with an appliance that is played: what a hostile guest's files and a lost appliance come to."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from mtv.converters.guest.appliance import session as module
from mtv.converters.guest.appliance.handle import Handle
from mtv.converters.guest.appliance.session import ApplianceFiles, session
from mtv.errors import MtvError, Temporary


class Played:
    """As libguestfs answers: a folder is the guest, opening a pipe would hang, and all fails once it is gone."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[str] = []
        self.gone = False

    def __getattr__(self, name: str) -> Callable[..., None]:
        def call(*words: object, **options: object) -> None:
            self.calls.append(name)
            if self.gone and name not in ("close", "launch", "add_drive_opts"):
                raise RuntimeError(f"{name}: call launch before using this function")

        return call

    def is_file(self, path: str, *, followsymlinks: bool) -> bool:
        assert followsymlinks
        if (self.root / path[1:]).is_symlink() and not os.path.exists(self.root / path[1:]):
            raise RuntimeError(f"is_file: {path}: Too many levels of symbolic links")
        return (self.root / path[1:]).is_file()

    def pread(self, path: str, count: int, offset: int) -> bytes:
        place = self.root / path[1:]
        assert place.is_file(), "this would wait for ever"
        return place.read_bytes()[offset : offset + count]

    def glob_expand(self, pattern: str, *, directoryslash: bool) -> list[str]:
        raise RuntimeError("message length too long")


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    made = Played(tmp_path)
    monkeypatch.setattr(module, "_handle", lambda: made)
    return made


def files(played: Played) -> ApplianceFiles:
    return ApplianceFiles(cast(Handle, played))


def test_a_pipe_a_folder_and_a_device_are_no_files(played: Played, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "interfaces")
    (tmp_path / "fstab").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    for path in ("/interfaces", "/fstab", "/zero", "/missing"):
        with pytest.raises(FileNotFoundError):
            files(played).read(path)


def test_a_link_to_itself_is_unreadable_and_no_defect(played: Played, tmp_path: Path) -> None:
    (tmp_path / "fstab").symlink_to("fstab")
    with pytest.raises(MtvError) as caught:
        files(played).read("/fstab")
    assert caught.value.fault.code == "guest.unreadable"


def test_a_file_is_read_as_far_as_it_may_be_long(played: Played, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (module.CHUNK_BYTES + 7))
    assert len(files(played).read("/file", 2 * module.CHUNK_BYTES)) == module.CHUNK_BYTES + 7
    with pytest.raises(MtvError) as caught:
        files(played).read("/file", 4096)
    assert caught.value.fault.code == "guest.file-too-big"


def test_the_beginning_of_a_file(played: Played, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * (module.CHUNK_BYTES + 7))
    (tmp_path / "short").write_bytes(b"abc")
    os.mkfifo(tmp_path / "pipe")
    assert files(played).head("/file", 20) == b"x" * 20
    assert files(played).head("/short", 20) == b"abc"
    with pytest.raises(FileNotFoundError):
        files(played).head("/pipe", 20)


def test_more_names_than_a_message_holds_are_told(played: Played) -> None:
    with pytest.raises(MtvError) as caught:
        files(played).glob("/etc/udev/rules.d/*.rules")
    assert caught.value.fault.code == "guest.unreadable"


def test_a_session_ends_with_the_guest_unmounted(played: Played) -> None:
    with session([]):
        pass
    assert played.calls[-3:] == ["umount_all", "shutdown", "close"]


@pytest.mark.parametrize("error", [RuntimeError("unexpected end of file"), MtvError("guest.unwritable", "no")])
def test_an_appliance_that_was_killed_is_started_again(played: Played, error: Exception) -> None:
    played.gone = True
    with pytest.raises(Temporary) as caught, session([]):
        raise error
    assert caught.value.fault.code == "appliance.lost"
    assert played.calls[-1] == "close"


def test_one_that_was_lost_without_a_word_is_found_at_the_end(played: Played) -> None:
    played.gone = True
    with pytest.raises(Temporary), session([]):
        pass


def test_what_libguestfs_cannot_do_is_no_defect_of_ours(played: Played) -> None:
    with pytest.raises(MtvError) as caught, session([]):
        raise RuntimeError("hivex_open: not a hive")
    assert (caught.value.fault.code, "none" in caught.value.fault.hint) == ("appliance.failed", True)


def test_an_error_of_our_own_stays_what_it_is(played: Played) -> None:
    with pytest.raises(MtvError) as caught, session([]):
        raise MtvError("guest.unwritable", "cannot write")
    assert caught.value.fault.code == "guest.unwritable"
