"""What a migration does next: pure, all the logic of the runner. What people asked for stands in answers.py."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from mtv.errors import Refused
from mtv.model.faults import Kind
from mtv.model.outcomes import Intent, Mark, Row
from mtv.plans.deciding.answers import answer
from mtv.plans.deciding.fold import ACTIVE, UNSURE, History, fold
from mtv.plans.steps import Act, Decision, End, Journey, Policy, Sleep, Step, Turn, W
from mtv.plans.tally import is_refusal
from mtv.times import moment, stamp


def decide(
    journey: Journey[W], rows: Sequence[Row], intents: Sequence[Intent], policy: Policy, now: datetime
) -> Decision:
    """Intents first, oldest first; then what the rows say. Nothing is decided while a step of ours runs, so a begin
    without its ending is a step whose engine died: it runs again, and that counts as no failed attempt."""
    history = fold(rows)
    if intents:
        return answer(history, intents[0])
    if history.state == "probation" and _due(history.until, now):
        return Turn("committing", "its probation is over", mode="commit", goal="done")
    if history.state not in ("pending", "waiting", *ACTIVE.values()):
        return End(history.state)
    return _backward(journey, history, now) if history.mode == "undo" else _forward(journey, history, policy, now)


def _forward(journey: Journey[W], history: History, policy: Policy, now: datetime) -> Decision:
    last = history.last
    if last is None:
        return _at(journey, _of_mode(journey, history)[:1], history, policy, now)
    step = find(journey, last.step)
    match last.mark:
        case Mark.DONE if last.back:
            return _act(find(journey, last.back), last.round + 1, history)
        case Mark.DONE | Mark.SKIPPED:
            return _at(journey, _after(_of_mode(journey, history), step), history, policy, now)
        case Mark.WAIT:
            due = _due(history.until, now)
            return Act(step.name, last.round, last.attempt) if due else Sleep(history.until, history.why)
        case Mark.AGAIN if not history.revived:
            return _again(step, history, last, now) or _act(step, last.round, history)
        case Mark.FAILED if not history.revived:
            return _failure(journey, history, policy)
    return _act(step, last.round, history)


def _at(journey: Journey[W], steps: Sequence[Step[W]], history: History, policy: Policy, now: datetime) -> Decision:
    """The first of `steps`; the end of this mode where there is none."""
    if steps:
        return _act(steps[0], history.last.round if history.last else history.round, history)
    if history.mode == "commit":
        return Turn("done", mode="run", gives_back=_gives_back(journey, history))
    if history.mode == "purge":
        cause = f"{history.fault.text}; " if history.fault else ""
        return Turn(history.goal, f"{cause}what was left of it at the target was removed", mode="run", purged=True)
    if policy.probation_s > 0:
        return Turn("probation", until=stamp(now + timedelta(seconds=policy.probation_s)))
    return Turn("committing", mode="commit", goal="done")


def _again(step: Step[W], history: History, last: Row, now: datetime) -> Decision | None:
    """What stands against one more attempt; None: nothing does."""
    if last.fault and last.fault.kind is Kind.HOLD:
        return Turn("held", last.fault.text, fault=last.fault)
    if history.failures >= step.attempts:
        return Turn("held", f"{step.title} failed {history.failures} times", fault=last.fault)
    return None if _due(history.until, now) else Sleep(history.until, history.why)


def _failure(journey: Journey[W], history: History, policy: Policy) -> Decision:
    fault, why = history.fault, history.why
    if history.mode != "run":
        return Turn("held", why, fault=fault)
    refused = is_refusal(history)
    if refused and not to_undo(journey, history):
        return Turn("refused", why, fault=fault)
    if policy.on_failure != "rollback":
        return Turn("failed", why, fault=fault)
    if any(step.no_return for step in journey if step.name in history.begun):
        return Turn("held", f"{why}; its target has been started, so nothing is undone by itself", fault=fault)
    return Turn("undoing", why, mode="undo", goal="refused" if refused else "rolled-back", fault=fault)


def _backward(journey: Journey[W], history: History, now: datetime) -> Decision:
    """Undo what was begun, the latest first. The first undo that fails ends it: what lies below (the source's NICs
    and power) waits until a person knows that the target is surely off."""
    last = history.last
    steps = to_undo(journey, history)
    if not steps:
        return Turn(history.goal, history.why, mode="run", fault=history.fault)
    if last is None or last.mark is Mark.DONE or history.revived:
        return _act(steps[0], history.round, history, undo=True)
    exhausted = last.mark is Mark.AGAIN and history.failures >= steps[0].attempts
    if exhausted or last.mark is Mark.FAILED:
        return Turn(UNSURE, by_hand(journey, history), fault=history.fault)
    if last.mark is Mark.AGAIN and not _due(history.until, now):
        return Sleep(history.until, history.why)
    return _act(steps[0], last.round, history, undo=True)


def to_undo(journey: Journey[W], history: History) -> list[Step[W]]:
    """Steps that were begun and have an undo, the latest first; of a migration that was done those that give its
    source back."""
    begun = {name: place for place, name in enumerate(history.begun)}
    steps = [step for step in journey if step.undo is not None and step.name in begun]
    steps = [step for step in steps if step.gives_back or not history.accepted]
    return sorted(steps, key=lambda step: begun[step.name], reverse=True)


def _gives_back(journey: Journey[W], history: History) -> bool:
    return any(step.gives_back for step in to_undo(journey, history))


def by_hand(journey: Journey[W], history: History) -> str:
    """What is left to do for a person where an undo failed."""
    left = to_undo(journey, history)
    acts = "; ".join(step.by_hand or f"undo '{step.title}'" for step in left)
    reason = f": {history.undo_fault.text}" if history.undo_fault else ""
    return f"'{left[0].title}' could not be undone{reason}. By hand, in this order: {acts}"


def find(journey: Journey[W], name: str) -> Step[W]:
    """Raises Refused `run.unknown-step`: the rows were written by another version."""
    for step in journey:
        if step.name == name:
            return step
    raise Refused("run.unknown-step", f"the run's journal names a step '{name}' that this version does not know")


def as_begun(journey: Journey[W], steps: Sequence[tuple[str, str]]) -> Journey[W]:
    """The journey in the order in which the run was begun, whatever this version's is. Raises Refused
    `run.unknown-step` where this version lacks one."""
    names = [name for name, _ in steps]
    later = [step for step in journey if step.on != "run" and step.name not in names]
    return [*(find(journey, name) for name in names), *later] if names else journey


def _act(step: Step[W], round_: int, history: History, undo: bool = False) -> Act:
    return Act(step.name, round_, history.attempts.get(step.name, 0) + 1, undo)


def _of_mode(journey: Journey[W], history: History) -> list[Step[W]]:
    return [step for step in journey if step.on == history.mode]


def _after(steps: Sequence[Step[W]], step: Step[W]) -> Sequence[Step[W]]:
    names = [one.name for one in steps]
    return steps[names.index(step.name) + 1 :]


def _due(until: str, now: datetime) -> bool:
    return not until or moment(until) <= now
