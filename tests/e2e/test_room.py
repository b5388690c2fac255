"""A target without room, or that cannot be written: said before anything is changed where it can be known, and else
held, kept, and gone on with."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.yard import MIB, Yard, held, moving, until

SLOWLY = f"{{bytes_per_second: {40 * MIB}}}"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount file systems that fill up"),
]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """`out` on a file system of 144 MiB."""
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=144m", "tmpfs", out], check=True)
    try:
        yield out
    finally:
        subprocess.run(["umount", out], check=True)


def test_room_that_is_known_to_lack_is_said_before_anything_is_changed(small: Path, tmp_path: Path) -> None:
    yard = Yard(tmp_path, (112,))
    said = yard.run(code=4)
    assert f"{yard.data_bytes // MIB} MiB of data" in said
    assert list(small.iterdir()) == []


@pytest.mark.parametrize("to", ["raw", "qcow2"])
def test_a_target_that_fills_up_is_held_and_gone_on_with(to: str, small: Path, tmp_path: Path) -> None:
    yard = Yard(tmp_path, (72,), to=to, limits=SLOWLY)
    with moving(yard, "run", "plan.yaml") as move:
        until("it copies", lambda: move.ended or yard.reached() > 0.3)
        free = os.statvfs(small)
        left = yard.data_bytes * 6 // 10 - int(yard.reached() * yard.data_bytes)
        with (small / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, free.f_bavail * free.f_frsize - left)
        assert move.wait() == 1, move.said()
    assert "web: held" in move.said()
    assert "room" in move.said() or "space" in move.said()
    assert yard.disk().exists()
    journaled = len(held(yard.journal())[0]) * MIB
    said = yard.run(code=1)  # nothing has changed
    assert "web: held" in said
    (small / "ballast").unlink()
    yard.run()
    assert int(str(yard.facts("transfer")["written_bytes"])) <= yard.data_bytes - journaled
    yard.ended_well()


def mount(words: str, folder: Path) -> bool:
    return subprocess.run(["mount", "-o", f"remount,{words}", folder], check=False, capture_output=True).returncode == 0


def test_a_target_that_cannot_be_written_is_refused_before_anything_is_changed(small: Path, tmp_path: Path) -> None:
    yard = Yard(tmp_path, (48,))
    assert mount("ro", small)
    assert "cannot be written" in yard.run(code=4)
    assert list(small.iterdir()) == []


def test_a_target_that_becomes_read_only_is_held_and_gone_on_with(small: Path, tmp_path: Path) -> None:
    yard = Yard(tmp_path, (72,), limits=SLOWLY)
    with moving(yard, "run", "plan.yaml") as move:
        until("it copies", lambda: move.ended or yard.reached() > 0.3)
        assert not move.ended, move.said()
        move.kill()
    until("nobody writes", lambda: mount("ro", small))
    assert "web: held" in yard.run(code=1)
    assert mount("rw", small)
    yard.run()
    yard.ended_well()
