"""`mtv run`: the run of a plan to go on with, or its next one; in this process, or left behind."""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtv.errors import CheckFailed, Refused, Temporary
from mtv.model.plans import Plan
from mtv.model.volumes import Machine
from mtv.plans.deciding.answers import REVIVED
from mtv.providers.base import Housed
from mtv.settings import settings
from mtv.store import runs as stored
from mtv.store.journal import ask, intent
from mtv.store.place import making
from mtv.store.store import Store
from mtv.verbs.opening import opened, place
from mtv.verbs.running.asking import LOOK_S, PATIENCE_S, who
from mtv.verbs.running.driving import require_keys, steps_of
from mtv.verbs.showing import seeing
from mtv.words import plain

COMMAND = (sys.executable, "-P", "-m", "mtv")  # -P: no module of ours is taken from the folder one stands in
NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Started:
    """A run to be driven. `finished`: all of its migrations had ended before, and none was only refused. `served`:
    `mtv serve` drives it."""

    name: str
    count: int
    finished: bool = False
    served: bool = False
    note: str = ""


def prepare(file: Path, again: bool) -> Started:
    """The run of that plan to go on with, or a new one. Raises Refused `plan.*`, `secret.*`, `provider.no-points`, and
    `engine.second` where another engine lives that does not serve; CheckFailed for `again` while the last run is not
    finished or a machine of it stands; Temporary `run.twice`."""
    from mtv.verbs.plans import can_do, runnable

    with Store(settings().store) as store:
        last = last_run(store, file)
        states = states_of(store, last)
        if again and not all(state in seeing.ENDED for state in states):
            words = ", ".join(sorted(set(states)))
            raise CheckFailed("run.unfinished", f"{last} has not ended: {words}", f"mtv run {file} goes on")
        if last and not again and not is_replaced(store, last, file, states):
            return _found(store, last, file, states)
        with making(store.path) as served:  # two engines: nothing is changed
            if served and last_run(store, file) != last:
                raise Temporary(
                    "run.twice", f"{file} was just run by somebody else", f"mtv status {last_run(store, file)}"
                )
            made = runnable(store, file)
            plan, ends = made.plan, (can_do("sources", made.source), can_do("targets", made.target))
            require_keys(plan)
            if again:
                _refuse_standing(store, plan)
            run = stored.create_run(store, plan, [steps_of(one, *ends) for one in plan.vms])
        note = f"{file} has changed since {last} was refused: this is the next run" if last and not again else ""
        return Started(name=run.name, count=len(plan.vms), note=note, served=served)


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
    with making(store.path) as served:
        if served:
            _ask_to_run(store, run)
        else:
            require_keys(stored.plan_of(store, run))
    changed = _has_changed(store, run, file)
    note = f"{file} has changed since: the run goes on as it was begun" if changed else ""
    return Started(name=run, count=len(states), note=note, served=served)


def _ask_to_run(store: Store, run: str) -> None:
    """What is at rest and has not ended is run again; waits until the engine took that, or may take it later."""
    goals = (*REVIVED, "pending")
    resting = [one.vm_key for one in stored.migrations_of(store, run) if one.state in goals]
    asked = [ask(store, run, vm_key, "run", who()) for vm_key in resting]
    deadline_s = time.monotonic() + PATIENCE_S
    while asked and not intent(store, asked[0].n).taken_at and time.monotonic() < deadline_s:
        time.sleep(LOOK_S)


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
            if isinstance(target, Housed):
                target.house(plan.namespace)
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
    if started.served:
        return started
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
