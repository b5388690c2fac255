"""What tests of engines share: an engine in this process, and a person who asks."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from mtv.model.faults import Fault
from mtv.model.plans import Limits
from mtv.plans.engine import Summary, run_engine, steer
from mtv.store.runs import migrations_of
from mtv.store.store import Store
from tests.plans.toy_engine import SETTINGS, Yard

BROKEN = Fault("toy.broken", "the thing is broken")
ROOT = Path(__file__).parents[2]


def drive(store: Store, run: str, yard: Yard, limits: Limits | None = None) -> Summary:
    return asyncio.run(run_engine(store, run, yard.build, limits=limits, setting=SETTINGS))


def states(store: Store, run: str = "wave-1") -> dict[str, str]:
    return {one.vm: one.state for one in migrations_of(store, run)}


def say(store: Store, verb: str, *vms: str, run: str = "wave-1", yard: Yard, patience_s: float = 5) -> list[str]:
    keys = [f"lab/id-{name}" for name in vms]
    work = steer(store, run, keys, verb, "ann", yard.build, setting=SETTINGS, patience_s=patience_s)
    return [one.result for one in asyncio.run(work)]


def until(true: Callable[[], object], limit_s: float = 20) -> None:
    deadline_s = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
