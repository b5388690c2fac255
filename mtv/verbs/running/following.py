"""Be a run's engine while somebody looks, or look on while another process is."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from mtv.errors import MtvError
from mtv.settings import settings
from mtv.store.store import Store
from mtv.verbs.showing import seeing
from mtv.verbs.showing.views import RunView

T = TypeVar("T")
LOOK_EVERY_S = 0.25
Follow = Callable[[RunView], None]


def drive(run: str, follow: Follow) -> bool:
    """Be that run's engine until it rests; False where somebody interrupted it. Raises Refused `engine.second`."""
    from mtv.plans.engine import run_engine
    from mtv.verbs.running.driving import roads

    async def work() -> bool:
        with Store(settings().store) as store:
            async with roads(store) as found:
                road = await found.open(run)
                summary = await run_engine(store, run, found.build, limits=road.plan.limits)
                return not summary.interrupted

    return followed(run, follow, work)


def followed(run: str, follow: Follow, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Its result. Meanwhile `follow` is told, in a thread of its own, whenever something changed."""
    done = threading.Event()
    watcher = threading.Thread(target=_follow, args=(run, follow, done), daemon=True)
    watcher.start()
    try:
        return asyncio.run(work())
    finally:
        done.set()
        watcher.join()


def _follow(run: str, follow: Follow, done: threading.Event) -> None:
    with suppress(MtvError), seeing.Eye(run) as eye:  # a store that fails is said by who drives
        while not done.wait(LOOK_EVERY_S):
            if found := eye.look():
                follow(found)
        if found := eye.look():
            follow(found)


def watch(run: str, follow: Follow) -> RunView:
    """Follow a run until it rests, or nobody drives it."""
    with seeing.Eye(run) as eye:
        found = seeing.view(run)
        while found.state == "running" and found.engine:
            follow(found)
            time.sleep(LOOK_EVERY_S)
            found = eye.look() or seeing.view(run)
    return seeing.view(run)
