"""What lies beside the store."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.store.place import (
    NETWORK_FILE_SYSTEMS,
    engine_lock,
    file_system,
    log_path,
    logs,
    prepare,
    refuse_network,
    safe_name,
)


@pytest.mark.parametrize("magic", NETWORK_FILE_SYSTEMS)
def test_network_file_systems_are_refused_by_name(magic: int) -> None:
    with pytest.raises(Refused, match=NETWORK_FILE_SYSTEMS[magic]) as caught:
        refuse_network(Path("/net/store.db"), magic)
    assert caught.value.fault.code == "store.network"


@pytest.mark.parametrize("magic", [0xEF53, 0x58465342, 0x01021994, 0x9123683E, 0x794C7630])
def test_local_ones_are_not(magic: int) -> None:
    refuse_network(Path("/store.db"), magic)


def test_the_magic_number_is_the_kernels() -> None:
    assert file_system(Path("/proc")) == 0x9FA0
    assert file_system(Path("/sys")) == 0x62656572
    with pytest.raises(FileNotFoundError):
        file_system(Path("/nowhere/at/all"))


def test_nothing_is_made_on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtv.store.place.file_system", lambda folder: 0x6969)
    with pytest.raises(Refused, match="NFS"):
        prepare(tmp_path / "store.db")
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_safe_names_are_file_names_and_differ(one: str, other: str) -> None:
    names = {text: safe_name(text) for text in (one, other)}
    assert len(set(names.values())) == len(names)
    for name in names.values():
        assert "/" not in name
        assert "\0" not in name
        assert name not in ("", ".", "..")
        assert len(name.encode()) <= 120
        assert safe_name(name) == name or "~" in name


def test_logs_lie_below_the_store_whatever_the_names(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    path = log_path(store, "wave-1", "lab/../../etc/passwd", "transfer", 2)
    assert path.resolve().is_relative_to(tmp_path / "store.db.d" / "wave-1")
    assert path.name == "transfer-2.log"
    path.write_text("x")
    assert logs(store, "wave-1", "lab/../../etc/passwd") == [path]
    assert logs(store, "wave-1", "lab/other") == []


def _hold(store: Path, channel: "Connection") -> None:
    with engine_lock(store):
        channel.send(os.getpid())
        channel.recv()


def test_a_second_engine_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    ours, theirs = multiprocessing.Pipe()
    first = multiprocessing.get_context("spawn").Process(target=_hold, args=(store, theirs))
    first.start()
    try:
        pid = ours.recv()
        with pytest.raises(Refused, match=f"process {pid} on .*, since 20") as caught, engine_lock(store):
            pass
        assert caught.value.fault.code == "engine.second"
    finally:
        os.kill(first.pid or 0, signal.SIGKILL)
        first.join()
    with engine_lock(store), pytest.raises(Refused, match=f"process {os.getpid()}"), engine_lock(store):
        pass
    with engine_lock(store):
        pass


def test_a_lock_file_full_of_rubbish_is_no_obstacle(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    (tmp_path / "store.db.lock").write_bytes(b"\xff\x00{[" * 99)
    with engine_lock(store):
        (tmp_path / "store.db.lock").write_bytes(b"[1]")
        with pytest.raises(Refused, match="another process"), engine_lock(store):
            pass
