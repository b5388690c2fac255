"""Waiting for a server's socket."""

import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from mtv.errors import Temporary
from mtv.process import running, wait_for_path

PATIENT = (sys.executable, "-c", "import time; time.sleep(60)")


def test_a_socket_that_nobody_listens_at_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server, running(PATIENT) as child:
        server.bind(str(path))
        waits = iter((lambda: None, lambda: server.listen(1)))
        clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda seconds: next(waits)())
        monkeypatch.setattr("mtv.process.time", clock)
        wait_for_path(path, child)
        assert list(waits) == []


def test_a_socket_that_a_dead_server_left_is_not_waited_for_longer_than_said(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    with running(PATIENT) as child, pytest.raises(Temporary) as caught:
        wait_for_path(path, child, timeout_s=0.05)
    assert caught.value.fault.code == "process.timeout"


def test_a_server_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    with running([sys.executable, "-c", ""]) as child, pytest.raises(Temporary) as caught:
        wait_for_path(tmp_path / "s", child, timeout_s=60)
    assert caught.value.fault.code == "process.ended"


def test_a_server_that_serves_one_at_a_time_still_serves_the_next(tmp_path: Path) -> None:
    """The look that somebody listens takes no place from the first real client."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server, running(PATIENT) as child:
        server.bind(str(path))
        server.listen(0)
        wait_for_path(path, child)
        server.accept()[0].close()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
