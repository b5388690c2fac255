"""What a check refused before any change is not called undone, and begins anew."""

import pytest

from mtv.errors import CheckFailed, MtvError
from mtv.plans.deciding.digest import digest
from mtv.plans.runner import Migration, Policy
from tests.plans.driven import asked, end_of
from tests.plans.toys import ToyWorld, toy, toy_step

REFUSAL = CheckFailed("toy.foreign-files", "vm1: somebody's file is there")
BROKEN = MtvError("toy.broken", "vm1: it broke")


def checked(step: str, error: MtvError, on_failure: str = "rollback") -> Migration[ToyWorld]:
    steps = [toy_step("check", undo=None), toy_step("look"), toy_step("make")]
    policy = Policy(on_failure=on_failure, engine="e")  # type: ignore[arg-type]
    return toy(script={step: [error]}, policy=policy, steps=steps)


@pytest.mark.parametrize("on_failure", ["rollback", "keep", "stop"])
def test_a_refused_check_leaves_nothing_to_undo(on_failure: str) -> None:
    migration = checked("check", REFUSAL, on_failure)
    assert end_of(migration) == "refused"
    assert migration.world.acts == ["check"]
    told = digest(migration.journal.rows())
    assert (told.state, told.step, told.code) == ("refused", "check", "toy.foreign-files")


def test_a_later_refusal_takes_back_what_was_only_looked_at() -> None:
    migration = checked("look", REFUSAL)
    assert end_of(migration) == "refused"
    assert migration.world.standing == ["check"]
    assert digest(migration.journal.rows()).step == "look"


def test_what_was_refused_is_retried_from_its_first_step() -> None:
    migration = checked("look", REFUSAL)
    end_of(migration)
    assert asked(migration, "retry") == "running"
    assert migration.world.history.state == "done"
    assert migration.world.acts == ["check", "look", "undo look", "check", "look", "make"]


@pytest.mark.parametrize(("step", "attempt"), [("check", 1), ("look", 1), ("make", 1)])
def test_what_was_rolled_back_names_the_step_that_failed(step: str, attempt: int) -> None:
    migration = checked(step, BROKEN)
    assert end_of(migration) == "rolled-back"
    told = digest(migration.journal.rows())
    assert (told.step, told.attempt, told.code) == (step, attempt, "toy.broken")


def test_what_was_cancelled_names_how_far_it_had_come() -> None:
    migration = toy(script={"b": [BROKEN]}, policy=Policy(on_failure="keep"))
    end_of(migration)
    asked(migration, "cancel")
    told = digest(migration.journal.rows())
    assert (told.state, told.step) == ("cancelled", "b")
