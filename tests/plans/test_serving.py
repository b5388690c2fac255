"""An engine that serves: it finds what nobody drives, and stays."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mtv.errors import Held, MtvError, Refused
from mtv.model.outcomes import Stop, Wait
from mtv.model.plans import Limits
from mtv.plans.engine import serve_engine, steer
from mtv.plans.runner import Policy
from mtv.store.journal import ask, intent
from mtv.store.place import SECOND, engine_lock, making, serving
from mtv.store.runs import create_run
from mtv.store.store import Store
from mtv.times import stamp
from tests.plans.engines import BROKEN, states
from tests.plans.toy_engine import SETTINGS, STEPS, Yard, begin
from tests.store.made import plan, vm


class Served:
    """An engine that serves in this process, and what it told."""

    def __init__(self, store: Store, yard: Yard) -> None:
        self.store, self.yard = store, yard
        self.rested: list[str] = []
        self.allowed = True

    async def rest(self, run: str) -> None:
        self.rested.append(run)

    @asynccontextmanager
    async def going(self) -> AsyncIterator["Served"]:
        work = serve_engine(self.store, self.yard.build, self.rest, may_act=lambda: self.allowed, setting=SETTINGS)
        engine = asyncio.create_task(work)
        try:
            await self.until(lambda: serving(self.store.path) == os.getpid())
            yield self
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(engine, 20)
        finally:
            engine.cancel()
            await asyncio.gather(engine, return_exceptions=True)

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not true():
                await asyncio.sleep(0.005)

    async def until_states(self, run: str, **wanted: str) -> None:
        await self.until(lambda: states(self.store, run) == wanted)

    async def say(self, verb: str, name: str, run: str = "wave-1") -> str:
        [asked] = await steer(self.store, run, [f"lab/id-{name}"], verb, "ann", self.yard.build, setting=SETTINGS)
        return asked.result


def served(store: Store, yard: Yard, work: Callable[[Served], Awaitable[None]]) -> Served:
    made = Served(store, yard)

    async def go() -> None:
        async with made.going():
            await work(made)

    asyncio.run(go())
    return made


def test_runs_that_were_there_and_runs_that_come_are_driven(store: Store, yard: Yard) -> None:
    begin(store, "a", "b")

    async def work(engine: Served) -> None:
        await engine.until_states("wave-1", a="done", b="done")
        begin(store, "c", wave="other")
        begin(store, "d", wave="third")
        await engine.until_states("other-1", c="done")
        await engine.until_states("third-1", d="done")
        await engine.until(lambda: len(engine.rested) == 3)

    assert sorted(served(store, yard, work).rested) == ["other-1", "third-1", "wave-1"]
    assert len(yard.acts) == 12
    with engine_lock(store.path):
        assert serving(store.path) == 0


def test_each_run_is_as_wide_as_its_plan_says(store: Store, yard: Yard) -> None:
    yard.company = 6
    for wave in ("one", "two"):
        made = replace(plan(*(vm(f"{wave}{n}") for n in range(6)), name=wave), limits=Limits(per_run=2))
        create_run(store, made, [STEPS] * 6)

    async def work(engine: Served) -> None:
        await engine.until(lambda: sorted(engine.rested) == ["one-1", "two-1"])

    served(store, yard, work)
    assert yard.busiest == 4
    assert set(states(store, "one-1").values()) | set(states(store, "two-1").values()) == {"done"}


def test_the_strictest_plan_says_how_much_of_a_datastore_is_open(store: Store, yard: Yard) -> None:
    yard.company = 4
    for wave, most in (("one", 1), ("two", 8)):
        made = replace(plan(*(vm(f"a{wave}{n}") for n in range(3)), name=wave), limits=Limits(per_datastore=most))
        create_run(store, made, [STEPS] * 3)

    async def work(engine: Served) -> None:
        await engine.until_states("one-1", **{f"aone{n}": "done" for n in range(3)})
        assert yard.busiest == 1

    served(store, yard, work)


def test_what_a_fault_held_waits_for_somebody_to_run_it_and_what_a_person_held_stays(store: Store, yard: Yard) -> None:
    yard.trouble["a/copy"] = Held("toy.full", "a: no space", "make room")
    yard.stay = "copy"
    begin(store, "a", "b")
    (yard.folder / "wave-1" / "a").mkdir(parents=True)
    (yard.folder / "wave-1" / "a" / "go").touch()

    async def work(engine: Served) -> None:
        await engine.until(lambda: states(store)["a"] == "held")
        ask(store, "wave-1", "lab/id-b", "hold", "ann")
        (yard.folder / "wave-1" / "b" / "go").touch()
        await engine.until_states("wave-1", a="held", b="held")
        asked = [ask(store, "wave-1", f"lab/id-{name}", "run", "ann") for name in "ab"]
        await engine.until_states("wave-1", a="done", b="held")
        await engine.until(lambda: intent(store, asked[1].n).taken_at)
        assert intent(store, asked[1].n).result == "it is held"
        assert await engine.say("resume", "b") in ("running", "it goes on")
        await engine.until_states("wave-1", a="done", b="done")

    served(store, yard, work)


def test_who_has_not_begun_stays_so_after_a_failure_that_stops_the_run(store: Store, yard: Yard) -> None:
    yard.policy = Policy(on_failure="stop")
    yard.trouble["a/copy"] = Stop(BROKEN)
    made = plan(*map(vm, "abc"))
    stopping = tuple(replace(one, on_failure="stop") for one in made.vms)
    made = replace(made, vms=stopping, limits=Limits(per_run=1))
    create_run(store, made, [STEPS] * 3)

    async def first(engine: Served) -> None:
        await engine.until(lambda: engine.rested == ["wave-1"])

    served(store, yard, first)
    assert states(store) == {"a": "failed", "b": "pending", "c": "pending"}

    async def second(engine: Served) -> None:
        begin(store, "z", wave="other")
        await engine.until_states("other-1", z="done")
        assert states(store) == {"a": "failed", "b": "pending", "c": "pending"}
        for name in "abc":
            ask(store, "wave-1", f"lab/id-{name}", "run", "ann")
        await engine.until_states("wave-1", a="failed", b="done", c="done")

    served(store, yard, second)


def test_a_run_whose_ends_cannot_be_reached_is_held_and_the_others_go_on(store: Store, yard: Yard) -> None:
    yard.broken["a"] = MtvError("toy.away", "the cluster is away")
    begin(store, "a")
    begin(store, "b", wave="other")

    async def work(engine: Served) -> None:
        await engine.until_states("wave-1", a="held")
        await engine.until_states("other-1", b="done")
        del yard.broken["a"]
        ask(store, "wave-1", "lab/id-a", "run", "ann")
        await engine.until_states("wave-1", a="done")

    served(store, yard, work)


def test_without_leave_no_step_is_begun_and_it_ends(store: Store, yard: Yard) -> None:
    begin(store, "a")
    made = Served(store, yard)
    made.allowed = False
    asyncio.run(serve_engine(store, yard.build, made.rest, may_act=lambda: False, setting=SETTINGS))
    assert yard.acts == []
    assert states(store) == {"a": "pending"}


def test_what_waits_goes_on_after_it_was_stopped(store: Store, yard: Yard) -> None:
    later = stamp(datetime.now(UTC) + timedelta(hours=1))
    yard.trouble["a/copy"] = Wait("the next round comes in an hour", later)
    begin(store, "a")

    async def work(engine: Served) -> None:
        await engine.until_states("wave-1", a="waiting")

    served(store, yard, work)
    assert states(store) == {"a": "waiting"}
    served(store, yard, work)


def test_others_are_told_that_it_serves_and_may_make_runs(store: Store, yard: Yard) -> None:
    async def work(engine: Served) -> None:
        await engine.until(lambda: serving(store.path) == os.getpid())
        with pytest.raises(Refused) as caught, engine_lock(store.path):
            pass
        assert caught.value.fault.code == "engine.serves"
        assert caught.value.fault.code in SECOND
        with making(store.path) as by_server:
            assert by_server
            assert begin(store, "a") == "wave-1"
        await engine.until_states("wave-1", a="done")

    served(store, yard, work)
    with making(store.path) as by_server:
        assert not by_server
