"""Verbs where no engine lives: some go on with the run, others only do what was asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mtv.errors import CheckFailed
from mtv.model.outcomes import Wait
from mtv.plans.engine import run_engine, steer
from mtv.plans.runner import Policy
from mtv.store.runs import migrations_of
from mtv.store.store import Store
from mtv.times import stamp
from tests.plans.toy_engine import SETTINGS, Yard, begin
from tests.store.conftest import store as store_fixture

store = store_fixture


@pytest.fixture
def waiting(store: Store, tmp_path: Path) -> Yard:
    """A run of a and b, whose engine was ended while both waited for an hour."""
    yard = Yard(tmp_path / "yard", policy=Policy(backoff_s=(0,)))
    run = begin(store, "a", "b")
    later = stamp(datetime.now(UTC) + timedelta(hours=1))
    for name in ("a", "b"):
        yard.trouble[f"{name}/copy"] = Wait("the next round comes in an hour", later)

    async def some_time() -> None:
        engine = asyncio.create_task(run_engine(store, run, yard.build, setting=SETTINGS))
        while {one.state for one in migrations_of(store, run)} != {"waiting"}:
            await asyncio.sleep(0.005)
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)

    asyncio.run(some_time())
    yard.acts.clear()
    return yard


def say(store: Store, yard: Yard, verb: str, *names: str) -> list[str]:
    async def soon() -> list[str]:
        work = steer(store, "wave-1", [f"lab/id-{name}" for name in names], verb, "ann", yard.build, setting=SETTINGS)
        return [one.result for one in await asyncio.wait_for(work, 20)]

    return asyncio.run(soon())


def states(store: Store) -> dict[str, str]:
    return {one.vm: one.state for one in migrations_of(store, "wave-1")}


def test_a_hold_of_who_waits_is_done_at_once(store: Store, waiting: Yard) -> None:
    assert say(store, waiting, "hold", "a", "b") == ["held", "held"]
    assert states(store) == {"a": "held", "b": "held"}
    assert waiting.acts == []


def test_a_refused_verb_drives_nothing(store: Store, waiting: Yard) -> None:
    assert [one[:16] for one in say(store, waiting, "commit", "a", "b")] == ["refused: it is w"] * 2
    assert states(store) == {"a": "waiting", "b": "waiting"}
    assert waiting.acts == []


def test_a_cancel_undoes_what_was_asked_and_leaves_the_others(store: Store, waiting: Yard) -> None:
    assert say(store, waiting, "cancel", "a") == ["undoing"]
    assert states(store) == {"a": "cancelled", "b": "waiting"}


def test_a_retry_goes_on_until_it_rests(store: Store, waiting: Yard) -> None:
    assert say(store, waiting, "retry", "a") == ["running"]
    assert states(store) == {"a": "done", "b": "waiting"}


def test_a_run_that_checks_refused_says_so(store: Store, tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    run = begin(store, "a", "b")
    for name in ("a", "b"):
        yard.trouble[f"{name}/check"] = CheckFailed("target.foreign-files", f"{name}: there is something")
    summary = asyncio.run(run_engine(store, run, yard.build, setting=SETTINGS))
    assert (summary.exit_code, summary.refused) == (4, frozenset({"lab/id-a", "lab/id-b"}))
