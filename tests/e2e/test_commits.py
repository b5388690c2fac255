"""kill -9 between the two disks of a conversion's commit, and the loss of an overlay there: both end with the bytes
that an undisturbed one hands over. A stand-in looks into the guest, all else is as it always is."""

import fcntl
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.yard import MIB, Move, Yard, moving, until

pytestmark = pytest.mark.slow
ATTEMPTS = 3
QEMU_READS = 200  # the byte of an image that QEMU locks where nobody else may read it


class Late(Exception):
    """The commit was faster than its observer: nothing was held, and nothing can be said."""


def commit(yard: Yard) -> tuple[str, list[bool], int]:
    """How far the conversion's commit is: its state, which disks have it, and when that was written."""
    path = yard.scratch / "guest" / "commit.json"
    try:
        told, at = json.loads(path.read_bytes()), path.stat().st_mtime_ns
    except FileNotFoundError:
        return "", [], 0
    return told["state"], [part["committed"] for part in told["parts"]], at


@contextmanager
def second_disk_held(yard: Yard, move: Move, since: int) -> Iterator[None]:
    """From when a commit has begun: it waits before the second disk, for somebody reads nothing there. One whose
    overlay was lost says so first, in the same file: the next one has both."""
    overlays = [yard.scratch / "guest" / f"work-{n}.qcow2" for n in range(2)]

    def begun() -> bool:
        state, disks, at = commit(yard)
        return at > since and state == "committing" and not all(disks) and all(one.exists() for one in overlays)

    until("it commits", lambda: move.ended or begun())
    with yard.disk(1).open("rb") as file:
        fcntl.lockf(file, fcntl.LOCK_SH, 1, QEMU_READS)
        if any(commit(yard)[1]):
            raise Late
        until("the first disk is committed", lambda: move.ended or commit(yard)[1] == [True, False])
        assert not move.ended, move.said()
        yield


def kill_between(yard: Yard) -> list[bytes]:
    """The engine, between the two disks of the commit. Gives what an undisturbed one would have made of both."""
    since = commit(yard)[2]
    with moving(yard, "run", "plan.yaml") as move, second_disk_held(yard, move, since):
        move.kill()
    until("all ends with it", lambda: yard.alive() == [], 5)
    wanted = [plain(yard, yard.scratch / "guest" / f"work-{n}.qcow2") for n in range(2)]
    assert [disk.read_bytes() for disk in map(yard.disk, range(2))] == [wanted[0], yard.raws[1].read_bytes()]
    return wanted


def plain(yard: Yard, overlay: Path) -> bytes:
    raw = yard.folder / "read.raw"
    subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay, raw], check=True)
    return raw.read_bytes()


def blocks_that_differ(one: bytes, other: bytes) -> int:
    return sum(one[at : at + MIB] != other[at : at + MIB] for at in range(0, len(one), MIB))


def test_a_commit_killed_between_its_disks_is_finished_and_one_that_lost_an_overlay_begun_anew(tmp_path: Path) -> None:
    for attempt in range(ATTEMPTS):
        (folder := tmp_path / str(attempt)).mkdir()
        try:
            return killed_twice(folder)
        except Late:
            continue
    pytest.fail(f"{ATTEMPTS} commits were over before anything could be held")


def killed_twice(folder: Path) -> None:
    yard = Yard(folder, (12, 8), looks=True, guest="{conversion: network, agent: none, addresses: keep}")
    wanted = kill_between(yard)
    touched = blocks_that_differ(yard.raws[0].read_bytes(), wanted[0])
    assert touched == 3
    copied = yard.facts("verify")["disks"]
    (yard.scratch / "guest" / "work-1.qcow2").unlink()
    assert kill_between(yard) == wanted  # it went back to the copy, and came here again
    assert "lost" in yard.facts("convert")
    assert yard.facts("transfer")["written_bytes"] == touched * MIB
    assert yard.facts("verify")["disks"] == copied
    yard.run()
    assert yard.state() == "done"
    assert [yard.disk(n).read_bytes() for n in range(2)] == wanted
    assert len([row for row in yard.rows() if row.step == "inspect" and row.mark == "done"]) == 1
    yard.mtv("verify", "wave-1")
    assert yard.left_behind() == []
