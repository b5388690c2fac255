"""Looks under way, and those whose process is gone."""

import os
import signal
from pathlib import Path

import pytest

from mtv.store.looks import Look, abandoned, noted

ONE = Look(point="mtv-inspect~1", source="vc01", vm="vm-1", name="one")


def killed_in(store: Path, look: Look) -> None:
    """A process that dies while it looks."""
    pid = os.fork()
    if not pid:
        with noted(store, look):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_one_that_ended_leaves_nothing(store: Path) -> None:
    with noted(store, ONE) as forget:
        forget()
    assert list(abandoned(store, "vc01")) == []
    assert [path for path in store.with_name("store.db.d").rglob("*") if path.is_file()] == []


def test_one_that_is_under_way_is_not_abandoned(store: Path) -> None:
    with noted(store, ONE):
        assert list(abandoned(store, "vc01")) == []


def test_one_that_was_killed_is_told_for_its_source_until_it_is_forgotten(store: Path) -> None:
    killed_in(store, ONE)
    assert list(abandoned(store, "vc02")) == []
    assert [look for look, _ in abandoned(store, "vc01")] == [ONE]
    for _, forget in abandoned(store, "vc01"):
        assert list(abandoned(store, "vc01")) == [], "another one is at it"
        forget()
    assert list(abandoned(store, "vc01")) == []


def test_one_that_failed_to_clean_up_is_abandoned_too(store: Path) -> None:
    with pytest.raises(RuntimeError), noted(store, ONE):
        raise RuntimeError
    assert [look for look, _ in abandoned(store, "vc01")] == [ONE]


@pytest.mark.parametrize("text", ["", "{", '{"point": 1}', "[]"])
def test_a_file_that_says_nothing_is_dropped(store: Path, text: str) -> None:
    killed_in(store, ONE)
    (file,) = store.with_name("store.db.d").rglob("*.json")
    file.write_text(text)
    assert list(abandoned(store, "vc01")) == []
    assert not file.exists()


def test_there_are_none_where_nobody_ever_looked(store: Path) -> None:
    assert list(abandoned(store, "vc01")) == []
