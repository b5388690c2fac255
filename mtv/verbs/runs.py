"""Verbs that drive runs: prepare and drive, detach, watch."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import CheckFailed, Refused
from mtv.model.plans import Plan
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.store import Store
from mtv.verbs import seeing
from mtv.verbs.seeing import journey, overview, view
from mtv.verbs.views import RunView

__all__ = ["Started", "detach", "drive", "dry_run", "journey", "overview", "prepare", "view", "watch"]

LOOK_EVERY_S = 0.25
Follow = Callable[[RunView], None]


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run to be driven. `finished`: all of its migrations had ended before."""

    name: str
    count: int
    plan: Plan
    finished: bool = False
    note: str = ""


def prepare(file: Path, again: bool) -> Started:
    """The run of that plan to go on with, or a new one. Raises Refused `plan.*`, CheckFailed for `again` while the
    last run is not finished."""
    from mtv.verbs.plans import load, resolved

    with Store(settings().store) as store:
        name = plan_name(file)
        last = next(reversed(stored.runs_of(store, name)), None) if name else None
        states = [one.state for one in stored.migrations_of(store, last.name)] if last else []
        finished = all(state in seeing.ENDED for state in states)
        if last and not (again and finished):
            if again:
                words = ", ".join(sorted(set(states)))
                raise CheckFailed("run.unfinished", f"{last.name} has not ended: {words}", f"mtv run {file} goes on")
            plan = stored.plan_of(store, last.name)
            changed = plan.text != load(file).text
            note = f"{file} has changed since: the run goes on as it was begun" if changed else ""
            return Started(name=last.name, count=len(states), plan=plan, finished=finished, note=note)
        made = resolved(store, file).plan
        return _begin(store, made)


def _begin(store: Store, plan: Plan) -> Started:
    from mtv.verbs.driving import steps_of

    run = stored.create_run(store, plan, [steps_of(one) for one in plan.vms])
    return Started(name=run.name, count=len(plan.vms), plan=plan)


def plan_name(file: Path) -> str:
    """Raises Refused `plan.*` for a file that is no plan at all; "" where its name cannot be told."""
    from mtv.verbs.plans import load

    data = load(file).data
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def drive(started: Started, follow: Follow) -> int:
    """Be the run's engine until it rests; gives the exit code. Raises Refused `engine.second`."""
    done = threading.Event()
    watcher = threading.Thread(target=_follow, args=(started.name, follow, done), daemon=True)
    watcher.start()
    try:
        return asyncio.run(_drive(started.name, started.plan))
    finally:
        done.set()
        watcher.join()


async def _drive(run: str, plan: Plan, only: Sequence[str] | None = None, revive: bool = True) -> int:
    from mtv.plans.engine import run_engine
    from mtv.verbs.driving import building, opened_ends

    with Store(settings().store) as store:
        async with opened_ends(store, plan) as ends:
            build = building(store, run, plan, ends)
            summary = await run_engine(store, run, build, limits=plan.limits, only=only, revive=revive)
            return summary.exit_code


def _follow(run: str, follow: Follow, done: threading.Event) -> None:
    with seeing.Eye(run) as eye:
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
            found = eye.look() or found
    return seeing.view(run)


def dry_run(file: Path) -> list[str]:
    """What would be done; everything that can be checked is. Nothing is changed but the inventory in the store."""
    from mtv.verbs import describing
    from mtv.verbs.driving import steps_of
    from mtv.verbs.plans import resolved

    with Store(settings().store) as store:
        plan = resolved(store, file).plan
    lines = describing.plan(str(file)).splitlines()
    steps = ", ".join(title for _, title in steps_of(plan.vms[0]))
    return [*lines, "", f"steps: {steps}", "nothing was changed"]


def detach(file: Path, again: bool) -> str:
    """Leave an engine behind that drives the run; gives its name once the engine lives."""
    from mtv.plans import engine

    started = prepare(file, again)
    if started.finished:
        raise Refused("run.ended", f"{started.name} has ended already", f"the next run: mtv run {file} --again")
    store = settings().store
    argv = [sys.executable, "-m", "mtv", "--store", str(store), "run", str(file.absolute())]
    log = store.with_name(f"{store.name}.d") / started.name / "engine.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine.detach(store, argv, log)
    return started.name
