"""What a world says of its run."""

from dataclasses import replace
from pathlib import Path

from tests.crash.boundaries import Boundaries
from tests.crash.pair import Case, Pair


def test_runs_of_one_name_in_two_stores_leave_different_marks(tmp_path: Path) -> None:
    """Two people run the same plan file, each with a store of their own, against one source."""
    pair = Pair(Case("cold", "snapshots"), tmp_path)
    world = pair.world(Boundaries(), pair.rows)
    mine = replace(world, made_at="2026-11-23T10:00:00.000Z")
    theirs = replace(world, made_at="2026-11-23T10:00:00.001Z")
    assert world.mark == f"mtv-{world.run}"
    assert mine.mark == replace(mine).mark
    assert mine.mark != theirs.mark
    assert mine.mark.startswith(f"mtv-{world.run}~")
