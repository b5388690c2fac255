"""Each outside call fails, before it acted or after, for a while or for good; space runs out; undoing fails."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import MtvError, Temporary
from mtv.model.outcomes import Mark
from mtv.model.tasks import Event
from mtv.plans.deciding.fold import UNSURE
from mtv.plans.runner import Control, fold
from mtv.providers.memory.content import GRAIN_BYTES
from mtv.providers.memory.faults import Demand
from mtv.providers.memory.folder import Folder
from tests.crash import counts
from tests.crash.boundaries import Boundaries, ended
from tests.crash.cases import BACK, DONE
from tests.crash.pair import Case, Pair

COLD, WARM = DONE[0], DONE[5]


def outside_calls(case: Case, folder: Path) -> tuple[Pair, list[int], list[str]]:
    """An undisturbed run, and where it crossed to source, target or a worker."""
    pair, boundaries = Pair(case, folder), Boundaries()
    assert pair.drive(boundaries) == "done"
    names = boundaries.names
    return pair, [at for at, name in enumerate(names, 1) if "commit" not in name], names


@pytest.mark.slow
@pytest.mark.parametrize("case", [COLD, WARM], ids=str)
def test_a_call_that_fails_for_a_while_is_made_again(case: Case, folder: Path) -> None:
    undisturbed, calls, names = outside_calls(case, folder / "undisturbed")
    picture = undisturbed.picture()
    for at in calls:
        pair = Pair(case, folder / str(at))
        assert pair.drive(Boundaries(fail_at=at, error=Temporary("test.away", "it is away"))) == "done", names[at - 1]
        assert pair.picture() == picture, names[at - 1]
        assert [row for row in pair.rows.kept if row.mark is Mark.AGAIN], names[at - 1]
    counts.add(f"{case}, each call fails once", faults=len(calls))


@pytest.mark.slow
@pytest.mark.parametrize("case", [COLD, WARM], ids=str)
def test_a_call_that_fails_for_good_puts_all_back(case: Case, folder: Path) -> None:
    _, calls, names = outside_calls(case, folder / "undisturbed")
    started = next(at for at, name in enumerate(names, 1) if "before the commit of start" in name)
    for at in calls:
        pair = Pair(case, folder / str(at))
        end = pair.drive(Boundaries(fail_at=at, error=MtvError("test.broken", "it is broken")))
        assert end == ("held" if at > started else "rolled-back"), names[at - 1]
        history = fold(pair.rows.kept)
        assert history.fault is not None
        assert history.fault.code == "test.broken"
        if end == "rolled-back":
            pair.assert_ended(end)
    counts.add(f"{case}, each call fails for good", faults=len(calls))


@pytest.mark.parametrize("case", [*DONE], ids=str)
def test_a_full_target_holds_the_migration_and_goes_on_with_space(case: Case, folder: Path) -> None:
    undisturbed = Pair(case, folder / "undisturbed")
    undisturbed.drive()
    pair = Pair(case, folder / "pair")
    pair.target().faults.demand(Demand(call="transfer", kind="no-space", after=3))
    assert pair.drive() == "held"
    before = fold(pair.rows.kept)
    assert before.fault is not None
    assert before.fault.code == "target.no-space"
    pair.rows.ask("resume")
    assert pair.drive() == "done"
    pair.assert_ended("done")
    assert pair.picture() == undisturbed.picture()


def test_a_target_that_really_is_full_keeps_what_is_copied(folder: Path) -> None:
    pair, limit = Pair(COLD, folder), Folder(folder / "target")
    boundaries = Boundaries()

    def fill() -> None:
        if boundaries.names[-1] == "after the commit of fence done":
            limit.put("target", {"capacity_bytes": 1 << 20})

    boundaries.look = fill
    assert pair.drive(boundaries) == "held"
    assert 0 < written(pair) <= 1 << 20
    limit.put("target", {"capacity_bytes": 1 << 30})
    pair.rows.ask("resume")
    assert pair.drive() == "done"
    pair.assert_ended("done")
    data_bytes = sum(one.content.data_bytes for one in pair.target().volumes.all())
    touched_bytes = 2 * GRAIN_BYTES
    assert data_bytes <= written(pair) <= data_bytes + touched_bytes, "something was copied twice"


def written(pair: Pair) -> int:
    return sum(one.written_bytes for one in pair.target().volumes.all())


def test_a_source_that_cannot_be_read_holds_the_migration(folder: Path) -> None:
    pair = Pair(WARM, folder)
    pair.source().faults.demand(Demand(call="export", kind="unreadable", after=4))
    assert pair.drive() == "held"
    assert asyncio.run(pair.target().find(pair.specs()[0])) is not None, "nothing is undone"
    pair.rows.ask("resume")
    assert pair.drive() == "done"
    pair.assert_ended("done")


def test_cancelling_in_the_middle_of_a_copy_stops_its_worker_and_puts_all_back(folder: Path) -> None:
    pair, control = Pair(COLD, folder), Control()

    def report(event: Event) -> None:
        if event.type == "root" and not pair.rows.asked:
            pair.rows.ask("cancel")
            control.wake()

    assert pair.drive(report=report, control=control) == "cancelled"
    marks = [row.mark for row in pair.rows.kept if row.step == "transfer" and not row.undo]
    assert marks == [Mark.BEGIN, Mark.CANCELLED]
    pair.assert_ended("cancelled")


def test_an_undo_that_fails_for_good_says_what_to_do_by_hand_and_is_tried_again(folder: Path) -> None:
    pair = Pair(replace(COLD, asks=[("cancel", ended("transfer"))]), folder)
    pair.source().faults.demand(Demand(call="unfence", kind="permanent", times=1))
    assert pair.drive() == UNSURE
    history = fold(pair.rows.kept)
    assert "rename the source VM back" in history.why
    assert "start the source VM" in history.why
    pair.rows.ask("retry")
    assert pair.drive() == "cancelled"
    pair.assert_ended("cancelled")


def test_a_guest_that_does_not_shut_down_holds_before_anything_is_lost(folder: Path) -> None:
    pair = Pair(COLD, folder)
    pair.source().faults.demand(Demand(call="power", kind="unreadable", times=1))
    assert pair.drive() == "held"
    assert fold(pair.rows.kept).step == "power-off"
    pair.rows.ask("cancel")
    assert pair.drive() == "cancelled"
    pair.assert_ended("cancelled")


def test_what_was_taken_back_after_it_ran_is_kept_until_it_is_purged(folder: Path) -> None:
    case = next(case for case in BACK if case.name == "taken-back")
    pair = Pair(case, folder)
    assert pair.drive() == "rolled-back"
    assert pair.target().volumes.all(), "what the target wrote is not destroyed"
    pair.rows.ask("purge")
    assert pair.drive() == "rolled-back"
    assert not list(folder.glob("target/*/*"))
    pair.rows.ask("retry")
    assert pair.drive() == "probation"
