"""Progress on stderr: late, seldom where there is no terminal, and never silent for long."""

import itertools
import threading

import pytest

from mtv.cli import meter
from mtv.cli.meter import Meter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the meter sees."""
    now = [100.0]
    monkeypatch.setattr("mtv.cli.meter.time.monotonic", lambda: now[0])
    return now


def test_nothing_is_said_of_what_is_over_soon(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    one = Meter("reading")
    clock[0] += 1.9
    one.count(7, "VMs")
    assert capsys.readouterr().err == ""


def test_without_a_terminal_a_line_comes_every_ten_seconds(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    one = Meter("reading")
    for second in range(25):
        clock[0] = 100.0 + second
        one.count(second, "VMs")
    assert capsys.readouterr().err == "reading: 2 VMs\nreading: 12 VMs\nreading: 22 VMs\n"


def test_work_that_tells_nothing_is_seen_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, told = itertools.count(100), threading.Event()
    monkeypatch.setattr(meter, "TICK_S", 0.001)
    monkeypatch.setattr("mtv.cli.meter.time.monotonic", lambda: float(next(seconds)))
    shown = Meter._put

    def put(self: Meter, text: str) -> None:
        shown(self, text)
        told.set()

    monkeypatch.setattr(Meter, "_put", put)
    with Meter("inspecting") as one:
        one.count(1, "of 1: db01")
        told.clear()
        assert told.wait(20)
    assert "inspecting: 1 of 1: db01" in capsys.readouterr().err
    assert not one._ticking.is_alive()
