"""Steering verbs: a wish is left for the run's engine; where none lives, this process becomes it, or leaves one
behind."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mtv.model.outcomes import Intent
from mtv.model.plans import Plan
from mtv.settings import settings
from mtv.store import reading
from mtv.store import runs as stored
from mtv.store.journal import ask as leave_wish
from mtv.store.journal import intent
from mtv.store.store import Store
from mtv.verbs.running.asking import LOOK_S, PATIENCE_S, who
from mtv.verbs.running.following import Follow, followed
from mtv.verbs.showing import seeing
from mtv.verbs.showing.look import picked
from mtv.verbs.showing.views import RunView
from mtv.words import plain


@dataclass(frozen=True)
class Answer:
    """What came of a wish, for one VM. `refused`: it was not to be had, and nothing was changed."""

    vm: str
    text: str
    refused: bool


@dataclass(frozen=True)
class Steered:
    """`led`: this process was the engine. `view` has the asked VMs alone, as they are now."""

    answers: Sequence[Answer]
    view: RunView
    led: bool = False
    interrupted: bool = False


def ask(verb: str, run: str, vms: Sequence[str], follow: Follow) -> Steered:
    """Ask `verb` of some VMs, or of all of the run. Raises Refused `run.unknown`, `run.unknown-vm`, `secret.*`."""
    from mtv.plans.engine import GO_ON, Summary, lead
    from mtv.verbs.running.driving import roads

    names = _names(run, vms)

    async def work() -> Summary | None:
        async with roads(store) as found:
            if verb in GO_ON and not _engine_lives(store):
                await found.open(run)
            asked.extend(_wish(store, run, names, verb))
            return await lead(store, run, asked, found.build, limits=plan.limits)

    asked: list[Intent] = []
    with Store(settings().store) as store:
        plan = _plan(store, run, names, verb)
        summary = followed(run, _only(names, follow), work)
        answers = _answers(store, run, asked, names, summary is not None)
    view = _of(names, seeing.view(run))
    return Steered(answers, view, summary is not None, summary is not None and summary.interrupted)


def leave(verb: str, run: str, vms: Sequence[str]) -> list[Answer]:
    """The same, and return as soon as somebody took it: a living engine, or one that is left behind."""
    names = _names(run, vms)
    with Store(settings().store) as store:
        _plan(store, run, names, verb)
        asked = _wish(store, run, names, verb)
        _reach(store, run, verb, asked)
        return _answers(store, run, asked, names, False)


def serve(run: str, asked: Sequence[int]) -> None:
    """Be the engine that `leave` left behind."""
    import asyncio

    from mtv.plans.engine import lead
    from mtv.verbs.running.driving import roads

    async def work() -> None:
        async with roads(store) as found:
            wishes = [intent(store, n) for n in asked]
            await lead(store, run, wishes, found.build, limits=stored.plan_of(store, run).limits)

    with Store(settings().store) as store:
        asyncio.run(work())


def _reach(store: Store, run: str, verb: str, asked: Sequence[Intent]) -> None:
    from mtv.plans import engine
    from mtv.verbs.running.starting import COMMAND, engine_log

    deadline_s, left = time.monotonic() + PATIENCE_S, False
    numbers = [word for one in asked for word in ("--asked", str(one.n))]
    while not all(intent(store, one.n).taken_at for one in asked) and time.monotonic() < deadline_s:
        if not left and not _engine_lives(store):
            argv = [*COMMAND, "--store", str(store.path), verb, run, *numbers]
            engine.detach(store.path, argv, engine_log(store.path, run))
            left = True
        time.sleep(LOOK_S)


def _names(run: str, vms: Sequence[str]) -> dict[str, str]:
    """By VM key."""
    return {one.vm_key: plain(one.vm) for one in picked(run, vms)}


def _plan(store: Store, run: str, names: Mapping[str, str], verb: str) -> Plan:
    """The run's. Raises Refused `secret.*` where this process, as its engine, would lack a guest's key."""
    from mtv.plans.engine import GO_ON
    from mtv.verbs.running.driving import require_keys

    plan = stored.plan_of(store, run)
    if verb in GO_ON and not _engine_lives(store):
        require_keys(replace(plan, vms=tuple(one for one in plan.vms if one.vm.key in names)))
    return plan


def _engine_lives(store: Store) -> bool:
    seen = store.read(lambda found: reading.engine(found, settings().engine_dead_s))
    return seen is not None and seen.lives


def _wish(store: Store, run: str, names: Mapping[str, str], verb: str) -> list[Intent]:
    return [leave_wish(store, run, key, verb, who()) for key in names]


def _answers(store: Store, run: str, asked: Sequence[Intent], names: Mapping[str, str], led: bool) -> list[Answer]:
    states = {one.vm_key: one.state for one in stored.migrations_of(store, run)}
    return [_answer(intent(store, one.n), names[one.vm], states[one.vm] if led else "") for one in asked]


def _answer(asked: Intent, name: str, state: str) -> Answer:
    refused = asked.result.startswith("refused")
    now = asked.result if refused or not state else state
    return Answer(name, now or "asked; its engine takes it when its running step has ended", refused)


def _only(names: Mapping[str, str], follow: Follow) -> Callable[[RunView], None]:
    return lambda view: follow(_of(names, view))


def _of(names: Mapping[str, str], view: RunView) -> RunView:
    return replace(view, migrations=tuple(one for one in view.migrations if one.vm in names))
