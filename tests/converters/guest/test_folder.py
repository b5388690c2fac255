"""A folder as a guest: links are the guest's own, and nothing of this machine is ever read."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.guest.folder import FolderFiles
from mtv.errors import MtvError


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("of this machine")
    root = tmp_path / "guest"
    (root / "etc/network").mkdir(parents=True)
    (root / "etc/network/interfaces").write_text("auto lo\n")
    (root / "etc/hostname").write_text("db01\n")
    (root / "etc/.hidden").write_text("x")
    return root


def test_files_are_read_and_found(guest: Path) -> None:
    files = FolderFiles(guest)
    assert files.read("/etc/hostname") == b"db01\n"
    assert files.exists("/etc/network")
    assert not files.exists("/etc/passwd")
    assert files.glob("/etc/*") == ["/etc/hostname", "/etc/network"]
    assert files.glob("/e*/n*/inter*") == ["/etc/network/interfaces"]
    assert files.glob("/none/*") == []


def test_what_is_no_file_is_not_found(guest: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FolderFiles(guest).read("/etc/network")
    with pytest.raises(FileNotFoundError):
        FolderFiles(guest).read("/etc/nothing")


def test_a_file_above_the_limit_is_refused(guest: Path) -> None:
    with pytest.raises(MtvError, match="larger than 4 bytes"):
        FolderFiles(guest).read("/etc/hostname", 4)
    assert FolderFiles(guest).read("/etc/hostname", 5) == b"db01\n"
    assert FolderFiles(guest).head("/etc/hostname", 4) == b"db01"
    with pytest.raises(FileNotFoundError):
        FolderFiles(guest).head("/etc", 4)


@pytest.mark.parametrize("target", ["/etc/hostname", "hostname", "../etc/hostname", "../../../../etc/hostname"])
def test_links_are_resolved_from_the_guests_root(guest: Path, target: str) -> None:
    (guest / "etc/link").symlink_to(target)
    assert FolderFiles(guest).read("/etc/link") == b"db01\n"


@pytest.mark.parametrize("target", ["../../secret", "/secret", "../../../secret", "//secret", "/../secret"])
def test_no_link_leaves_the_guest(guest: Path, target: str) -> None:
    (guest / "etc/out").symlink_to(target)
    with pytest.raises(FileNotFoundError):
        FolderFiles(guest).read("/etc/out")
    with pytest.raises(FileNotFoundError):
        FolderFiles(guest).read("/../secret")


def test_a_folder_that_is_a_link_stays_inside(guest: Path, tmp_path: Path) -> None:
    (guest / "all").symlink_to(tmp_path)
    assert FolderFiles(guest).glob("/all/*") == []
    (guest / "conf").symlink_to("/etc")
    assert FolderFiles(guest).read("/conf/hostname") == b"db01\n"
    assert FolderFiles(guest).glob("/conf/host*") == ["/conf/hostname"]


def test_a_loop_of_links_is_nothing(guest: Path) -> None:
    (guest / "a").symlink_to("b")
    (guest / "b").symlink_to("a")
    assert not FolderFiles(guest).exists("/a")


@given(parts=st.lists(st.sampled_from(["..", ".", "", "etc", "up", "secret", "hostname"]), max_size=12))
def test_no_path_whatever_leaves_the_guest(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    top = tmp_path_factory.getbasetemp() / "escape"
    if not top.exists():
        (top / "guest/etc").mkdir(parents=True)
        (top / "secret").write_text("of this machine")
        (top / "guest/etc/hostname").write_text("db01\n")
        (top / "guest/up").symlink_to("..")
        (top / "guest/etc/up").symlink_to("../..")
    with contextlib.suppress(FileNotFoundError):
        assert FolderFiles(top / "guest").read("/" + "/".join(parts)) == b"db01\n"
