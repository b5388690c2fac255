"""A real move that is held, resumed, cancelled and tried again from a second process; and what on_failure makes of a
package whose disk is not what its manifest says."""

from pathlib import Path

import pytest

from tests.e2e.yard import MIB, Move, Yard, fill, lives, moving, until

SLOWLY = f"{{bytes_per_second: {12 * MIB}}}"
pytestmark = pytest.mark.slow


def copying(yard: Yard, move: Move) -> list[int]:
    until("it copies", lambda: yard.reached() > 0.2 or move.ended)
    assert not move.ended, move.said()
    return move.find("worker")


def test_a_move_is_held_after_its_step_and_what_rots_meanwhile_is_copied_once_more(tmp_path: Path) -> None:
    yard = Yard(tmp_path, (64,), limits=SLOWLY)
    with moving(yard, "run", "plan.yaml") as move:
        copying(yard, move)
        yard.mtv("hold", "wave-1")
        assert move.wait() == 1, move.said()
    assert yard.state() == "held"
    assert yard.facts("transfer")["written_bytes"] == yard.data_bytes  # what ran has ended
    assert "verify" not in {row.step for row in yard.rows()}
    assert yard.alive() == []
    with yard.disk().open("r+b") as disk:
        disk.seek(5 * MIB + 77)
        disk.write(b"rot")
    yard.mtv("resume", "wave-1")
    yard.ended_well()
    assert yard.facts("transfer")["written_bytes"] == MIB
    assert "at byte 5242880" in str([row.facts.get("again") for row in yard.rows() if row.back])


def test_a_cancelled_move_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    yard = Yard(tmp_path, (64,), limits=SLOWLY)
    with moving(yard, "run", "plan.yaml") as move:
        workers = copying(yard, move)
        yard.mtv("cancel", "wave-1", "--yes")
        assert move.wait() == 1, move.said()
        assert not any(map(lives, workers))
    assert yard.state() == "cancelled"
    assert list((yard.folder / "out").iterdir()) == []
    assert yard.left_behind() == []
    yard.mtv("retry", "wave-1")
    yard.ended_well()


@pytest.mark.parametrize(
    ("on_failure", "state", "stands"),
    [("rollback", "rolled-back", False), ("stop", "failed", True), ("keep", "failed", True)],
)
def test_a_disk_that_is_not_what_its_manifest_says(on_failure: str, state: str, stands: bool, tmp_path: Path) -> None:
    yard = Yard(tmp_path, (8,), manifest=True, on_failure=on_failure)
    fill(yard.package / "web-disk1.raw", 8, seed=99)
    said = yard.run(code=1)
    assert "its manifest says" in said
    assert yard.state() == state
    assert yard.target.exists() is stands
    assert not (yard.target / "receipt.json").exists()
    assert not (yard.target / "vm.yaml").exists()
    assert yard.alive() == []
    if not stands:
        assert yard.left_behind() == []
    fill(yard.package / "web-disk1.raw", 8, seed=1)
    yard.mtv("retry", "wave-1")
    yard.ended_well()
