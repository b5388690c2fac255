"""The file: its modes, its migrations, its one writer, and every way in which it cannot be used."""

import multiprocessing
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from mtv.errors import Held, MtvError, Refused, Temporary
from mtv.store import reading
from mtv.store import store as module
from mtv.store.store import PAGE_BYTES, Store, insert
from mtv.store.tables import MIGRATIONS

EVENT = {"run": "r", "vm_key": "v", "at": "a", "type": "t", "text": "x", "data": "{}"}


def events(store: Store) -> int:
    count: int = store.read(lambda found: found.execute("SELECT count(*) FROM events").fetchone()[0])
    return count


def test_a_new_store_is_ours_alone_and_durable(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store.db"
    with Store(path) as store:
        store.write(lambda found: insert(found, "events", EVENT))
        pragmas = store.write(
            lambda found: [found.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        )
        assert pragmas == ["wal", 2]
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with Store(path) as store:
        assert events(store) == 1


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store(path).close()
    path.chmod(0o644)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_read_path_knows_the_same_migrations() -> None:
    assert tuple(one.name for one in MIGRATIONS._migrations) == reading.SCHEMA


def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path) -> None:
    def half(found: sqlite3.Connection) -> None:
        insert(found, "events", EVENT)
        raise ZeroDivisionError

    with Store(tmp_path / "s") as store:
        with pytest.raises(ZeroDivisionError):
            store.write(half)
        assert events(store) == 0
        store.write(lambda found: insert(found, "events", EVENT))
        assert events(store) == 1


def test_many_threads_write_one_after_another(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store:
        writers = [
            threading.Thread(
                target=lambda: [store.write(lambda found: insert(found, "events", EVENT)) for _ in range(20)]
            )
            for _ in range(8)
        ]
        for one in writers:
            one.start()
        for one in writers:
            one.join()
        assert events(store) == 160


def test_what_was_posted_is_durable_after_close(tmp_path: Path) -> None:
    store = Store(tmp_path / "s")
    for _ in range(50):
        store.post(lambda found: insert(found, "events", EVENT))
    store.close()
    with Store(tmp_path / "s") as again:
        assert events(again) == 50


def test_a_note_that_fails_is_said_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Store(tmp_path / "s") as store:
        store.post(lambda found: found.execute("INSERT INTO nowhere VALUES (1)"))
        store.write(lambda found: None)
    assert "nowhere" in caplog.text


def test_a_newer_store_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store(path).close()
    newer = Migrations("mtv")
    for name in (*reading.SCHEMA, "m099_teleport"):
        newer(name=name)(lambda db: None)
    with closing(sqlite3.connect(path)) as found:
        newer.apply(Database(found))
    before = path.read_bytes()
    for opens in (Store, reading.connect):
        with pytest.raises(Refused, match="m099_teleport") as caught:
            opens(path)
        assert caught.value.fault.code == "store.newer"
    assert path.read_bytes() == before


def test_an_older_store_is_copied_and_then_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as found:
        found.execute(f"PRAGMA application_id = {reading.APPLICATION_ID}")
        MIGRATIONS.apply(Database(found), stop_before=reading.SCHEMA[-1])
        found.execute("INSERT INTO events VALUES (1, 'r', 'v', 'a', 't', 'kept', '{}')")
        found.commit()
    with pytest.raises(Refused, match="older"):
        reading.connect(path)
    with Store(path) as store:
        assert events(store) == 1
    [copy] = tmp_path.glob("store.db.before-*")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("SELECT text FROM events").fetchall() == [("kept",)]
        assert found.execute("SELECT 1 FROM sqlite_master WHERE name = 'hashes'").fetchall(), "as it was before"


def test_a_store_that_is_up_to_date_is_not_copied(tmp_path: Path) -> None:
    Store(tmp_path / "s").close()
    Store(tmp_path / "s").close()
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as found:
        found.execute("CREATE TABLE recipes (a)")
    before = path.read_bytes()
    with pytest.raises(Refused, match="not mtv's"):
        Store(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "damage", [b"this is no database" * 100, b"SQLite format 3\0" + b"\xff" * 5000], ids=["strange", "overwritten"]
)
def test_a_damaged_file_is_said_so_with_the_way_out(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(damage)
    for opens in (Store, reading.connect):
        with pytest.raises(MtvError) as caught:
            opens(path)
        assert caught.value.fault.code == "store.damaged"
        assert caught.value.fault.hint == "move it away"
    assert path.read_bytes() == damage
    (copy := tmp_path / "store.db.before-0007-2026").touch()
    with pytest.raises(MtvError) as caught:
        Store(path)
    assert str(copy) in caught.value.fault.hint


def test_damage_in_the_middle_is_found_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with Store(path) as store:
        for _ in range(3):
            store.write(lambda found: [insert(found, "events", {**EVENT, "text": "x" * 500}) for _ in range(200)])
    whole = path.read_bytes()
    path.write_bytes(whole[: 60 * PAGE_BYTES] + b"\xff" * (len(whole) - 60 * PAGE_BYTES))
    with Store(path) as store, pytest.raises(MtvError) as caught:
        store.read(lambda found: found.execute("SELECT sum(length(text)) FROM events").fetchall())
    assert caught.value.fault.code == "store.damaged"


def test_a_missing_store_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no store"):
        reading.connect(tmp_path / "s")
    assert list(tmp_path.iterdir()) == []


def test_no_space_holds_and_a_lock_that_stays_is_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "s") as store:
        store.write(lambda found: found.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(Held) as caught:
            store.write(lambda found: [insert(found, "events", {**EVENT, "text": "x" * 9000}) for _ in range(99)])
        assert caught.value.fault.code == "store.full"
    monkeypatch.setattr(reading, "BUSY_S", 0.05)
    with closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as other, Store(tmp_path / "s") as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Temporary, match="locked"):
            store.write(lambda found: insert(found, "events", EVENT))


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    Store(tmp_path / "s").close()
    with closing(reading.connect(tmp_path / "s")) as found, pytest.raises(sqlite3.OperationalError, match="readonly"):
        found.execute("DELETE FROM events")


def _open_once(path: Path) -> None:
    with Store(path) as store:
        store.write(lambda found: insert(found, "events", EVENT))


def test_processes_that_make_the_store_at_once_make_it_once(tmp_path: Path) -> None:
    path = tmp_path / "s"
    fork = multiprocessing.get_context("spawn")
    processes = [fork.Process(target=_open_once, args=(path,)) for _ in range(3)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0, 0, 0]
    with Store(path) as store:
        assert events(store) == 3
    assert not list(tmp_path.glob("*before*"))


def test_a_store_is_brought_up_by_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate, inside, most = module._migrate, [], []

    def slowly(found: sqlite3.Connection) -> None:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.05)
        migrate(found)
        inside.pop()

    monkeypatch.setattr(module, "_migrate", slowly)
    openers = [threading.Thread(target=lambda: Store(tmp_path / "s").close()) for _ in range(3)]
    for one in openers:
        one.start()
    for one in openers:
        one.join()
    assert most == [1], "the others found it done"


def test_a_folder_that_takes_no_file_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        Store(Path("/proc/store.db"))
    assert caught.value.fault.code == "store.no-access"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with pytest.raises(Refused, match="no file"):
        Store(tmp_path / "s")
    shutil.rmtree(tmp_path / "s")
    (tmp_path / "f").write_text("")
    with pytest.raises(Refused):
        Store(tmp_path / "f" / "s")


def test_a_watcher_hears_of_others_writes_once(tmp_path: Path) -> None:
    with Store(tmp_path / "s") as store, closing(reading.connect(tmp_path / "s")) as found:
        watch = reading.Watch(found)
        assert watch.changed()
        assert not watch.changed()
        store.write(lambda writer: insert(writer, "events", EVENT))
        assert watch.changed()
        assert not watch.changed()
