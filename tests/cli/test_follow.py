"""What is said of a run while it goes and when it has ended."""

from dataclasses import replace

import pytest

from mtv.cli import follow, meter
from mtv.cli.meter import Meter
from mtv.verbs.showing.views import MigrationView, RunView

MIB = 1 << 20
ONE = MigrationView(
    run="demo-1", vm="s/1", name="db01", state="running", step="transfer", title="copy the disks", number=4, steps=9,
    done_bytes=29 * MIB, total_bytes=400 * MIB, rate_bytes_per_s=10 * MIB, seconds=4,
)  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], one: MigrationView, interrupted: bool = False) -> str:
    follow.tell(RunView(name="demo-1", plan="demo", state="", migrations=(one,)), interrupted)
    return capsys.readouterr().out.strip()


def test_what_was_interrupted_says_so_and_how_far_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = "db01: interrupted in 4 s at 'copy the disks', 29.0 MiB of 400.0 MiB"
    assert told(capsys, ONE, interrupted=True) == wanted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"state": "held", "why": "no space"},
            "db01: held in 4 s at 'copy the disks', 29.0 MiB of 400.0 MiB: no space",
        ),
        ({"state": "held", "total_bytes": 0}, "db01: held in 4 s at 'copy the disks', 29.0 MiB so far"),
        ({"state": "done"}, "db01: done in 4 s, 400.0 MiB read back"),
        ({"state": "probation"}, "db01: probation in 4 s, 400.0 MiB read back"),
        (
            {"state": "rolled-back", "why": "it differs"},
            "db01: rolled-back in 4 s, it had come to 'copy the disks': it differs",
        ),
        ({"state": "refused", "refused": True, "why": "foreign"}, "db01: refused before any change: foreign"),
        ({"state": "pending", "title": "", "done_bytes": 0, "total_bytes": 0}, "db01: pending"),
    ],
)
def test_how_it_ended(capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str) -> None:
    assert told(capsys, replace(ONE, **change), interrupted=True) == said  # type: ignore[arg-type]


def drawn(monkeypatch: pytest.MonkeyPatch, *views: MigrationView) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(Meter, "draw", lambda self, text: lines.append(text))
    monkeypatch.setattr(meter.Meter, "line", lambda self, text: None)
    follow.follow()(RunView(name="demo-1", plan="demo", state="running", migrations=views))
    return lines


def test_bytes_have_share_rate_and_time_left_once_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(ONE, vm="s/2", name="app01", done_bytes=11 * MIB, total_bytes=100 * MIB)
    assert drawn(monkeypatch, ONE, other) == ["40.0 MiB of 500.0 MiB, 8%, 20.0 MiB/s, 23 s left"]


def test_one_that_has_not_told_of_its_copy_yet_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(ONE, vm="s/2", name="app01", done_bytes=0, total_bytes=0, rate_bytes_per_s=None)
    assert drawn(monkeypatch, ONE, other) == ["29.0 MiB so far, 10.0 MiB/s"]
    idle = replace(other, step="convert")
    assert drawn(monkeypatch, ONE, idle) == ["29.0 MiB of 400.0 MiB, 7%, 10.0 MiB/s, 37 s left"]


def test_while_one_is_not_counted_there_is_neither_share_nor_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(ONE, vm="s/2", name="app01", done_bytes=11 * MIB, total_bytes=0)
    assert drawn(monkeypatch, ONE, other) == ["40.0 MiB so far, 20.0 MiB/s"]
