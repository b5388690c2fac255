"""Source and target that change between two attempts: what is handed over is the source as it is, or nothing is."""

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.e2e.yard import MIB, Yard, fill, held, moving, until

SLOWLY = f"{{bytes_per_second: {12 * MIB}}}"
SIZE = 24
pytestmark = pytest.mark.slow


def interrupted(folder: Path, disks: tuple[int, ...] = (SIZE,), *, journaled: bool = True, **parts: object) -> Yard:
    """A move whose engine was killed while it copied, after something of it came into the journal or before."""
    yard = Yard(folder, disks, limits=SLOWLY, **parts)  # type: ignore[arg-type]
    kill_copying(yard, journaled)
    return yard


def kill_copying(yard: Yard, journaled: bool) -> None:
    with moving(yard, "run", "plan.yaml") as move:
        until("it copies", lambda: move.ended or (yard.journaled_bytes() if journaled else yard.reached() > 0.1))
        assert not move.ended, move.said()
        move.kill()


def source(yard: Yard) -> Path:
    return yard.package / f"web-disk1.{yard.image}"


def refused(yard: Yard, word: str) -> None:
    """It is held, says why, and nothing is undone or written."""
    before = yard.journal()
    said = yard.run(code=1)
    assert "web: held" in said
    assert word in said
    assert yard.journal() == before


def test_a_touched_source_is_compared_and_what_fits_is_not_copied_again(tmp_path: Path) -> None:
    yard = interrupted(tmp_path)
    journaled = len(held(yard.journal())[0]) * MIB
    os.utime(source(yard))
    yard.run()
    facts = yard.facts("transfer")
    told = facts["disks"]
    assert isinstance(told, dict)
    assert [one["mode"] for one in told.values()] == ["resync"]
    assert int(str(facts["written_bytes"])) <= yard.data_bytes - journaled
    yard.ended_well()


def test_a_source_that_is_replaced_and_later_written_to_is_what_is_handed_over(tmp_path: Path) -> None:
    yard = interrupted(tmp_path)
    fill(yard.raws[0], SIZE, seed=99)
    other = yard.folder / "other.raw"
    shutil.copyfile(yard.raws[0], other)
    other.rename(source(yard))
    rows = len(yard.journal())
    with moving(yard, "run", "plan.yaml") as move:
        until("it goes on", lambda: move.ended or len(yard.journal()) > rows)
        move.kill()
    for path in (source(yard), yard.raws[0]):
        with path.open("r+b") as file:
            file.seek(5 * MIB + 4096)
            file.write(random.Random(5).randbytes(8192))
    yard.run()
    yard.ended_well()


def test_a_replaced_source_that_its_manifest_does_not_know_fails(tmp_path: Path) -> None:
    yard = interrupted(tmp_path, journaled=False, manifest=True)
    fill(source(yard), SIZE, seed=99)
    said = yard.run(code=1)
    assert "its manifest says" in said
    assert yard.state() == "rolled-back"
    assert not yard.target.exists()
    assert yard.left_behind() == []


def test_ends_that_are_others_are_held_until_they_are_back(tmp_path: Path) -> None:
    yard = interrupted(tmp_path, journaled=False)
    planned = yard.folder / "planned.raw"
    source(yard).rename(planned)
    refused(yard, "web-disk1.raw")
    for mib in (SIZE + 8, SIZE - 8):
        fill(source(yard), mib, seed=1)
        refused(yard, str(mib * MIB))
    planned.rename(source(yard))
    away = yard.folder / "away"
    yard.package.rename(away)
    refused(yard, "web/web.ovf")
    away.rename(yard.package)
    ours, theirs = yard.folder / "ours", b"a stranger's disk"
    yard.disk().rename(ours)
    yard.disk().write_bytes(theirs)
    refused(yard, "disk0.raw")
    assert yard.disk().read_bytes() == theirs
    ours.rename(yard.disk())
    yard.run()
    yard.ended_well()


@pytest.mark.parametrize("to", ["raw", "qcow2"])
def test_targets_that_were_harmed_are_mended(to: str, tmp_path: Path) -> None:
    yard = interrupted(tmp_path, (8, 8, 8), to=to)
    with yard.disk(0).open("r+b") as file:
        file.seek(MIB + 4096)
        file.write(b"somebody else's" * 1000)
    os.truncate(yard.disk(1), 2 * MIB)
    yard.disk(2).unlink()
    yard.run()
    yard.ended_well()


def test_a_source_that_cannot_be_read_is_held_and_gone_on_with_once_it_can(tmp_path: Path) -> None:
    trigger = tmp_path / "failing"
    errors = f"+error error-pread=EIO error-pread-rate=100% error-pread-file={trigger}"
    yard = Yard(tmp_path, (SIZE,), kind="slow", nbdkit=errors, limits=SLOWLY)
    with moving(yard, "run", "plan.yaml") as move:
        until("it copies", lambda: move.ended or yard.journaled_bytes())
        trigger.touch()
        assert move.wait() == 1, move.said()
    assert "source.unreadable" in str([row.fault for row in yard.rows()])
    assert yard.alive() == []
    journaled = yard.journaled_bytes()
    assert "times in a row" in yard.run(code=1)
    assert yard.journaled_bytes() == journaled
    trigger.unlink()
    yard.run()
    assert yard.facts("transfer")["written_bytes"] == yard.data_bytes - journaled
    yard.ended_well()
