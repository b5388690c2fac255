"""The engine is lost at every boundary of every journey, and what is driven on ends as if nothing had been.

A boundary lies before and after each commit of the journal, each call to source, target and workers, and each event
of a worker. What follows a crash depends on what survives it alone; so boundaries between which nothing outside
changed are driven on from once, and a crash that is really raised is tried at all boundaries of one journey and at
every few of the others.
"""

from pathlib import Path

import pytest

from tests.crash import counts
from tests.crash.boundaries import Boundaries
from tests.crash.cases import BACK, DONE
from tests.crash.pair import Case, Pair, Survivors

SECOND = (1, 2, 5, 13, 31, 59, 101)  # where the engine that goes on crashes again


def watch(pair: Pair) -> tuple[list[str], list[Survivors]]:
    """Drives it undisturbed; the boundaries it crossed, and what would have survived a crash at each."""
    kept: list[Survivors] = []
    boundaries = Boundaries()

    def look() -> None:
        now = pair.survivors()
        assert now.points() <= 1, "two of our points on one VM"
        if not kept or now != kept[-1]:
            kept.append(now)

    boundaries.look = look
    assert pair.drive(boundaries) == pair.case.end
    return boundaries.names, kept


def undisturbed(case: Case, folder: Path) -> tuple[Pair, list[str]]:
    pair = Pair(case, folder)
    boundaries = Boundaries()
    assert pair.drive(boundaries) == case.end
    return pair, boundaries.names


@pytest.mark.slow
@pytest.mark.parametrize("case", [*DONE, *BACK], ids=str)
def test_what_survives_any_crash_ends_the_same(case: Case, folder: Path) -> None:
    pair = Pair(case, folder)
    names, kept = watch(pair)
    pair.assert_ended(case.end)
    picture = pair.picture()
    counts.add(str(case), boundaries=len(names), states=len(kept))
    assert len(names) > 100
    for survivors in kept:
        pair.revive(survivors)
        assert pair.drive() == case.end
        assert pair.picture() == picture


@pytest.mark.slow
@pytest.mark.parametrize("case", [DONE[0], DONE[4], DONE[5], DONE[6]], ids=str)
def test_cancelling_after_any_crash_puts_all_back(case: Case, folder: Path) -> None:
    pair = Pair(case, folder)
    _, kept = watch(pair)
    ends = []
    for survivors in kept:
        pair.revive(survivors)
        pair.rows.ask("cancel")
        ends.append(pair.drive())
        pair.assert_ended(ends[-1])
    taken = ends.index("done")  # from here on it was accepted already
    assert ends == ["cancelled"] * taken + ["done"] * (len(ends) - taken)
    counts.add(f"{case}, then cancelled", states=taken)
    assert taken > len(kept) - 10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "every"), [(DONE[0], 1), *((case, 29) for case in (*DONE[1:], *BACK))], ids=lambda one: str(one)
)
def test_a_crash_that_is_raised_ends_the_same(case: Case, every: int, folder: Path) -> None:
    pair, names = undisturbed(case, folder / "undisturbed")
    picture = pair.picture()
    for at in range(1, len(names) + 1, every):
        crashed = Pair(case, folder / str(at))
        assert crashed.drive(Boundaries(at)) == "crashed", names[at - 1]
        assert crashed.drive() == case.end, names[at - 1]
        assert crashed.picture() == picture, names[at - 1]
    counts.add(f"{case}, raised", crashes=len(range(1, len(names) + 1, every)))


@pytest.mark.slow
@pytest.mark.parametrize("case", [DONE[1], DONE[4], BACK[2]], ids=str)
def test_two_crashes_in_a_row_end_the_same(case: Case, folder: Path) -> None:
    pair, names = undisturbed(case, folder / "undisturbed")
    picture = pair.picture()
    crashes = 0
    for at in range(3, len(names), 41):
        for second in SECOND:
            crashed = Pair(case, folder / f"{at}-{second}")
            assert crashed.drive(Boundaries(at)) == "crashed"
            if crashed.drive(Boundaries(second)) == "crashed":
                crashes += 1
                assert crashed.drive() == case.end
            assert crashed.picture() == picture, (names[at - 1], second)
    counts.add(f"{case}, twice in a row", crashes=2 * crashes)
    assert crashes > 15
