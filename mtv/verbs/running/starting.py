"""`mtv run`: the run of a plan to go on with, or its next one; in this process, or left behind."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import CheckFailed, Refused
from mtv.model.plans import Plan
from mtv.model.volumes import Machine
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.place import engine_lock
from mtv.store.store import Store
from mtv.verbs.opening import opened, place
from mtv.verbs.running.driving import require_keys, steps_of
from mtv.verbs.showing import seeing
from mtv.words import plain

COMMAND = (sys.executable, "-P", "-m", "mtv")  # -P: no module of ours is taken from the folder one stands in
NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run to be driven. `finished`: all of its migrations had ended before, and none was only refused."""

    name: str
    count: int
    finished: bool = False
    note: str = ""


def prepare(file: Path, again: bool) -> Started:
    """The run of that plan to go on with, or a new one. Raises Refused `plan.*`, `secret.*`, `provider.no-points`, and
    `engine.second` where another engine lives; CheckFailed for `again` while the last run is not finished or a machine
    of it stands."""
    from mtv.verbs.plans import can_do, runnable

    with Store(settings().store) as store:
        last = last_run(store, file)
        states = states_of(store, last)
        if again and not all(state in seeing.ENDED for state in states):
            words = ", ".join(sorted(set(states)))
            raise CheckFailed("run.unfinished", f"{last} has not ended: {words}", f"mtv run {file} goes on")
        if last and not again and not is_replaced(store, last, file, states):
            return _found(store, last, file, states)
        with engine_lock(store.path):  # two engines: nothing is changed
            made = runnable(store, file)
            plan, ends = made.plan, (can_do("sources", made.source), can_do("targets", made.target))
            require_keys(plan)
            if again:
                _refuse_standing(store, plan)
            run = stored.create_run(store, plan, [steps_of(one, *ends) for one in plan.vms])
        note = f"{file} has changed since {last} was refused: this is the next run" if last and not again else ""
        return Started(name=run.name, count=len(plan.vms), note=note)


def goes_on(states: Sequence[str]) -> bool:
    """A run with migrations in these states has more to do: what a check refused is tried anew."""
    return "refused" in states or not all(state in seeing.ENDED for state in states)


def states_of(store: Store, run: str) -> list[str]:
    return [one.state for one in stored.migrations_of(store, run)] if run else []


def is_replaced(store: Store, run: str, file: Path, states: Sequence[str]) -> bool:
    """Nothing of the run was begun, and its plan was mended since: the next run comes instead of it."""
    return "refused" in states and set(states) <= {"refused", "pending"} and _has_changed(store, run, file)


def _has_changed(store: Store, run: str, file: Path) -> bool:
    from mtv.verbs.plans import load

    return stored.plan_of(store, run).text != load(file).text


def _found(store: Store, run: str, file: Path, states: Sequence[str]) -> Started:
    if not goes_on(states):
        return Started(name=run, count=len(states), finished=True)
    with engine_lock(store.path):
        require_keys(stored.plan_of(store, run))
    changed = _has_changed(store, run, file)
    note = f"{file} has changed since: the run goes on as it was begun" if changed else ""
    return Started(name=run, count=len(states), note=note)


def last_run(store: Store, file: Path) -> str:
    """ "" where that plan was never run. Raises Refused `plan.*` for a file that is no plan at all."""
    from mtv.verbs.plans import load

    data = load(file).data
    name = data.get("name") if isinstance(data, dict) else None
    runs = stored.runs_of(store, name) if isinstance(name, str) and name else []
    return runs[-1].name if runs else ""


def _refuse_standing(store: Store, plan: Plan) -> None:
    async def look() -> list[Machine]:
        async with opened("targets", place(store, plan.target)) as target:
            return [await target.machine(part.machine) for part in plan.vms]

    found = [(part, one) for part, one in zip(plan.vms, asyncio.run(look()), strict=True) if one.state != "absent"]
    if not found:
        return
    named = "; ".join(f"{plain(part.vm.name)}: {one.path or one.name}" for part, one in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise CheckFailed(
        "run.target-stands", f"{named}{more}: what an earlier run made still stands at the target",
        "move it away, or give the plan another target",
    )  # fmt: skip


def detach(file: Path, again: bool) -> Started:
    """Leave an engine behind that drives the run; returns once it lives. Raises Refused `run.ended`."""
    from mtv.plans import engine

    started = prepare(file, again)
    if started.finished:
        raise Refused("run.ended", f"{started.name} has ended already", f"the next run: mtv run {file} --again")
    store = settings().store.absolute()
    engine.detach(
        store, [*COMMAND, "--store", str(store), "run", str(file.absolute())], engine_log(store, started.name)
    )
    return started


def engine_log(store: Path, run: str) -> Path:
    """What an engine that was left behind prints."""
    log = store.with_name(f"{store.name}.d") / run / "engine.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return log
