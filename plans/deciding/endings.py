"""How a step's outcome, a decision or an exception becomes a row: pure."""

import traceback
from dataclasses import replace
from datetime import datetime, timedelta

from mtv.errors import MtvError
from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault, Kind
from mtv.model.outcomes import Again, Done, Mark, Outcome, Row, Stop, Wait
from mtv.plans.deciding.fold import UNSURE, History
from mtv.plans.steps import Policy, Turn
from mtv.times import stamp

TRACEBACK_LIMIT = 16 * 1024
_MARKS = {
    "held": Mark.WAIT,
    "failed": Mark.FAILED,
    UNSURE: Mark.FAILED,
    "cancelled": Mark.CANCELLED,
    "rolled-back": Mark.CANCELLED,
    "refused": Mark.FAILED,
}


def ending(begin: Row, outcome: Outcome, history: History, policy: Policy, now: datetime) -> Row:
    """The row that ends `begin`."""
    row = replace(begin, n=begin.n + 1, at=stamp(now))
    match outcome:
        case Done(facts, back):
            return replace(row, mark=Mark.DONE, facts=facts, back=back or "")
        case Wait(why, until):
            return replace(row, mark=Mark.WAIT, facts={"why": why}, until=until)
        case Again(fault, after_s, progress):
            further = progress > history.progress
            wait_s = _backoff(policy, 0 if further else history.failures) if after_s is None else after_s
            until = stamp(now + timedelta(seconds=wait_s))
            return replace(row, mark=Mark.AGAIN, fault=fault, until=until, facts={"progress": progress})
        case Stop(fault) if fault.kind in (Kind.TEMPORARY, Kind.CANCELLED):
            return ending(begin, Again(fault), history, policy, now)
        case Stop(fault) if fault.kind is Kind.HOLD:
            return replace(row, mark=Mark.AGAIN, fault=fault)
        case Stop(fault):
            return replace(row, mark=Mark.FAILED, fault=fault)


def _backoff(policy: Policy, failures: int) -> float:
    return policy.backoff_s[min(failures, len(policy.backoff_s) - 1)]


def interrupted(begin: Row, fault: Fault | None, now: datetime) -> Row:
    """The row of a step that was asked to stop and did."""
    return replace(begin, n=begin.n + 1, at=stamp(now), mark=Mark.CANCELLED, fault=fault)


def surprise(error: Exception, begin: Row, now: datetime) -> Row:
    """The row of an exception. One that nobody raised on purpose is permanent, and its traceback is kept."""
    what = f"undo of {begin.step}" if begin.undo else begin.step
    fault = Fault(
        "mtv.defect",
        f"{what} ended with an unexpected {type(error).__name__}: {str(error)[:500]}",
        "`mtv logs` shows where; please report it",
    )
    trace = "".join(traceback.format_exception(error))[-TRACEBACK_LIMIT:]
    return replace(begin, n=begin.n + 1, at=stamp(now), mark=Mark.FAILED, fault=fault, facts={"traceback": trace})


def outcome_of(error: MtvError) -> Outcome:
    return Again(error.fault) if error.fault.kind is Kind.TEMPORARY else Stop(error.fault)


def turning(turn: Turn, n: int, policy: Policy, now: datetime) -> Row:
    """The row of a turn. What is empty is left out: a row is read by people too."""
    told: dict[str, Json] = {
        "state": turn.state,
        "why": turn.why,
        "verb": turn.verb,
        "mode": turn.mode,
        "goal": turn.goal,
        "anew": turn.anew,
        "purged": turn.purged,
        "gives_back": turn.gives_back,
    }
    facts: Facts = {key: value for key, value in told.items() if value}
    if turn.intent:
        facts = {**facts, "intent": turn.intent.n}
    return Row(
        n=n, step="", round=0, attempt=0, undo=False, at=stamp(now), mark=_MARKS.get(turn.state, Mark.DONE),
        facts=facts, fault=turn.fault, until=turn.until, engine=policy.engine,
    )  # fmt: skip
