"""What people ask, and what the clock does, while an engine drives."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from mtv.errors import MtvError
from mtv.model.outcomes import Intent, Stop
from mtv.model.plans import Limits
from mtv.plans.engine import Summary, run_engine
from mtv.plans.runner import Policy
from mtv.store import reading
from mtv.store.journal import ask, intent, wished
from mtv.store.records import read_events
from mtv.store.store import Store
from tests.plans.engines import BROKEN, drive, say, states, until
from tests.plans.toy_engine import SETTINGS, Yard, begin


async def _meanwhile(
    store: Store, run: str, yard: Yard, acts: Callable[[], None], limits: Limits | None = None
) -> Summary:
    """An engine here, and a person at another terminal."""
    engine = asyncio.create_task(run_engine(store, run, yard.build, limits=limits, setting=SETTINGS))
    await asyncio.to_thread(acts)
    return await asyncio.wait_for(engine, 20)


def test_people_ask_while_it_runs(store: Store, yard: Yard) -> None:
    yard.stay = "copy"
    run, other = begin(store, "a", "b", "c"), begin(store, "x", wave="other")
    results: list[str] = []

    def acts() -> None:
        until(lambda: {"a/copy", "b/copy", "c/copy"} <= set(yard.acts))
        results.extend(say(store, "hold", "a", yard=yard, patience_s=0.1))
        results.extend(say(store, "cancel", "b", yard=yard))
        results.extend(say(store, "hold", "x", run=other, yard=yard))
        until(lambda: states(store)["b"] == "cancelled")
        for name in ("a", "c"):
            (yard.folder / run / name / "go").touch()

    summary = asyncio.run(_meanwhile(store, run, yard, acts))
    assert results == ["", "undoing", "held"], "a running step is not interrupted by a hold"
    assert states(store) == {"a": "held", "b": "cancelled", "c": "done"}
    assert states(store, other) == {"x": "held"}, "one engine a store: it answers for other runs too"
    assert summary.exit_code == 3
    assert yard.standing(run) == ["a/check", "a/copy", "c/check", "c/copy", "c/end"]
    assert intent(store, 1).result == "held"


def test_what_is_asked_while_the_last_one_ends_is_answered(
    store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine does not hear of it in time: it looks once more before it ends."""
    yard.policy = Policy(probation_s=3600)
    run = begin(store, "a")
    asked: list[Intent] = []

    def late(found: Store) -> set[tuple[str, str]]:
        if states(store) == {"a": "probation"} and not asked:
            asked.append(ask(store, run, "lab/id-a", "commit", "ann"))
        return wished(found)

    monkeypatch.setattr("mtv.plans.drivers.wished", late)
    asyncio.run(run_engine(store, run, yard.build, setting=replace(SETTINGS, watch_s=60)))
    assert intent(store, asked[0].n).result == "committing"
    assert states(store) == {"a": "done"}


def test_a_stop_lets_those_that_have_begun_go_on(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "copy", Policy(on_failure="stop")
    yard.trouble["b/check"] = Stop(BROKEN)
    run = begin(store, "a1", "a2", "b")

    def acts() -> None:
        until(lambda: states(store)["b"] == "failed")
        until(lambda: "a1/copy" in yard.acts)
        assert states(store)["a2"] == "running"
        for name in ("a1", "a2"):
            (yard.folder / run / name).mkdir(parents=True, exist_ok=True)
            (yard.folder / run / name / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    assert states(store) == {"a1": "done", "a2": "done", "b": "failed"}


def test_who_waits_for_a_slot_has_not_begun_and_can_be_held(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "check", Policy(on_failure="stop")
    run = begin(store, "a1", "a2", "a3")

    def acts() -> None:
        until(lambda: "a1/check" in yard.acts)
        assert say(store, "hold", "a2", yard=yard) == ["held"], "it is not at work: it need not end first"
        for name in ("a1", "a3"):
            (yard.folder / run / name).mkdir(parents=True, exist_ok=True)
            (yard.folder / run / name / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts, Limits(per_datastore=1)))
    assert states(store) == {"a1": "done", "a2": "held", "a3": "done"}, "its slot is not kept for it"


def test_a_stop_leaves_who_waits_for_a_slot_pending(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "check", Policy(on_failure="stop")
    yard.trouble["a1/check"] = Stop(BROKEN)
    run = begin(store, "a1", "a2")
    (yard.folder / run / "a1").mkdir(parents=True)
    (yard.folder / run / "a1" / "go").touch()
    drive(store, run, yard, Limits(per_datastore=1))
    assert states(store) == {"a1": "failed", "a2": "pending"}


def test_what_has_ended_can_be_steered_while_others_run(store: Store, yard: Yard) -> None:
    yard.stay, yard.policy = "copy", Policy(probation_s=3600)
    run = begin(store, "a", "b")

    def acts() -> None:
        until(lambda: "a/copy" in yard.acts)
        (yard.folder / run / "a" / "go").touch()
        until(lambda: states(store)["a"] == "probation")
        assert say(store, "commit", "a", yard=yard) == ["committing"]
        until(lambda: states(store)["a"] == "done")
        (yard.folder / run / "b" / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    assert states(store) == {"a": "done", "b": "probation"}


def beats(store: Store) -> int:
    seen = store.read(reading.engine)
    return len({seen.started_at, seen.beat_at}) if seen else 0


def test_a_clock_that_is_set_is_noted_and_wakes_who_waits(
    store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.stay = "copy"
    run = begin(store, "a")
    real = time.time

    def acts() -> None:
        until(lambda: "a/copy" in yard.acts)
        until(lambda: beats(store) > 1)  # it watches the clock since before its first beat
        monkeypatch.setattr("mtv.plans.drivers.time.time", lambda: real() + 7)
        until(lambda: store.read(lambda found: read_events(found, "")))
        (yard.folder / run / "a" / "go").touch()

    asyncio.run(_meanwhile(store, run, yard, acts))
    [event] = store.read(lambda found: read_events(found, ""))
    assert event.text == "the wall clock jumped by 7.0 s"


def test_an_engine_whose_store_is_gone_ends(store: Store, yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.stay = "copy"
    run = begin(store, "a")

    def broken(_: Store) -> set[tuple[str, str]]:
        if yard.acts:
            raise MtvError("store.damaged", "damaged")
        return set()

    monkeypatch.setattr("mtv.plans.drivers.wished", broken)
    with pytest.raises(MtvError, match="damaged"):
        drive(store, run, yard)
