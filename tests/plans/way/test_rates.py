"""How a run's bytes per second are shared out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

from hypothesis import given
from hypothesis import strategies as st

from mtv.model.estate import Json
from mtv.model.tasks import Ended, Event, Task
from mtv.plans.way.rates import Rates


class Listening:
    """Workers that only hear."""

    def __init__(self) -> None:
        self.told: dict[str, int] = {}

    async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
        return task.step

    async def events(self, worker: str) -> AsyncIterator[Event]:
        yield Event(seq=0, at="", type="end")

    async def control(self, worker: str, message: Mapping[str, Json]) -> None:
        self.told[worker] = int(str(message["rate_bytes_per_s"]))

    async def stop(self, worker: str) -> Ended:
        return Ended(outcome="done")


@given(st.integers(100, 1 << 40), st.lists(st.sampled_from("abcd"), min_size=1, max_size=20))
def test_all_who_read_share_evenly_and_never_take_more_than_the_limit(limit: int, moves: list[str]) -> None:
    """Each move is a worker that begins or, if it reads already, ends."""

    async def play() -> None:
        rates, workers = Rates(limit), Listening()
        reading: dict[str, AsyncExitStack] = {}
        for name in moves:
            if name in reading:
                await reading.pop(name).aclose()
                workers.told.pop(name)
            else:
                workers.told[name] = rates.next() or 0
                reading[name] = AsyncExitStack()
                await reading[name].enter_async_context(rates.reading(workers, name, workers.told[name]))
            shares = {workers.told[one] for one in reading}
            assert shares == ({limit // len(reading)} if reading else set())

    asyncio.run(play())


def test_two_that_were_counted_at_once_are_corrected() -> None:
    async def play() -> None:
        rates, workers = Rates(1000), Listening()
        first, second = rates.next(), rates.next()
        assert first == second == 1000
        async with rates.reading(workers, "a", first), rates.reading(workers, "b", second):
            assert workers.told == {"a": 500, "b": 500}
        assert workers.told["a"] == 1000

    asyncio.run(play())


def test_without_a_limit_nobody_is_told_anything() -> None:
    async def play() -> None:
        rates, workers = Rates(), Listening()
        assert rates.next() is None
        async with rates.reading(workers, "a", None), rates.reading(workers, "b", None):
            assert workers.told == {}

    asyncio.run(play())
