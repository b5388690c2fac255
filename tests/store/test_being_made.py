"""Whoever looks while a store is made waits for the moment that it takes."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from mtv.errors import Refused, Temporary
from mtv.store import reading
from mtv.store import store as module
from mtv.store.store import Store
from mtv.store.tables import MIGRATIONS
from mtv.verbs.showing.look import read


def empty(path: Path) -> None:
    path.touch()


def nameless(path: Path) -> None:
    """Its tables come before it says whose it is."""
    with closing(sqlite3.connect(path)) as found:
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("CREATE TABLE begun (n INTEGER)")


def half(path: Path) -> None:
    with closing(sqlite3.connect(path)) as found:
        found.execute(f"PRAGMA application_id = {reading.APPLICATION_ID}")
        MIGRATIONS.apply(Database(found), stop_before=reading.SCHEMA[-1])


@pytest.mark.parametrize("begin", [empty, nameless, half])
def test_a_store_half_made_is_neither_old_nor_strange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Callable[[Path], None]
) -> None:
    path, tried, seen = tmp_path / "store.db", threading.Event(), list[object]()
    begin(path)
    locked = reading._locked

    def trying(handle: int) -> bool:
        got = locked(handle)
        tried.set()
        return got

    def look() -> None:
        with closing(reading.connect(path)) as found:
            seen.append(found.execute("SELECT count(*) FROM events").fetchone()[0])

    reader = threading.Thread(target=look)
    with reading.alone(tmp_path):
        monkeypatch.setattr(reading, "_locked", trying)
        reader.start()
        assert tried.wait(20), "it found the store half made and waits"
        with closing(module._connect(path)) as found:
            module._migrate(found)
    reader.join()
    assert seen == [0]


def test_a_store_that_nobody_finished_is_none_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store.db"
    empty(path)
    with pytest.raises(Refused) as caught:
        reading.connect(path)
    assert caught.value.fault.code == "store.missing"
    monkeypatch.setenv("MTV_STORE", str(path))
    assert read(lambda found: 1, 0) == 0
    Store(path).close()
    assert read(lambda found: 1, 0) == 1


def test_a_place_that_cannot_be_looked_at_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file name too long") as caught:
        reading.connect(tmp_path / ("x" * 300))
    assert caught.value.fault.code == "store.no-access"


def test_a_store_that_is_brought_up_for_too_long_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BUSY_S", 0)
    half(tmp_path / "store.db")
    with reading.alone(tmp_path), pytest.raises(Temporary, match="brought up to date by another process"):
        reading.connect(tmp_path / "store.db")
