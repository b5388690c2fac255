"""All state of a migration, as a fold over its rows: for the runner, for steps (`World.history`), status and UI.

Rows whose step is "" are turns: the migration's state changed, by a rule or because somebody asked.
"""

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault
from mtv.model.outcomes import Mark, Row

UNSURE = "failed, source unsure"
UNDONE = ("cancelled", "rolled-back", "refused")  # nothing of it is left, but what the target wrote
ACTIVE = {"run": "running", "undo": "undoing", "commit": "committing", "purge": "purging"}  # by mode


@dataclass(frozen=True, kw_only=True)
class History:
    """`state`: pending running waiting held undoing committing purging failed cancelled done probation rolled-back
    refused (by a check, before any change), or "failed, source unsure"."""

    state: str = "pending"
    mode: str = "run"  # what it is about: run undo commit purge
    goal: str = ""  # what it ends as when that is done
    step: str = ""  # that runs, waits or ran last
    round: int = 1
    attempt: int = 0
    attempts: Mapping[str, int] = field(default_factory=dict)  # the last number of each step: none is used twice
    failures: int = 0  # attempts of this step that failed since it last got further
    progress: int = 0  # the furthest that this step got in its failed attempts
    facts: Mapping[tuple[str, int], Facts] = field(default_factory=dict)  # by step and round, of steps that are done
    fault: Fault | None = None  # the first error, of what is wrong now
    undo_fault: Fault | None = None
    asked: frozenset[str] = frozenset()  # verbs that steps look for: cutover
    reached: tuple[str, int, int] = ("", 1, 0)  # step, round and attempt that its own way came to: no undo, no purge
    begun: tuple[str, ...] = ()  # in the order of their first begin, not undone since
    until: str = ""  # of a wait, a backoff or the probation
    why: str = ""
    verb: str = ""  # what somebody asked for, where that made this state
    last: Row | None = None  # of a step, since this mode began
    revived: bool = False  # somebody turned it since `last`
    answered: frozenset[int] = frozenset()  # intents that a turn has answered
    purged: bool = False
    accepted: bool = False  # it was done: only its source can still be given back,
    gives_back: bool = False  # if anything was done to it that can be undone

    def of(self, step: str, round: int | None = None) -> Facts:  # noqa: A002 - the journal's word
        """A step's facts: of that round, or of its last; empty where it did not end yet."""
        rounds = [n for name, n in self.facts if name == step and (round is None or n == round)]
        return self.facts[step, max(rounds)] if rounds else {}

    def rounds(self, step: str) -> list[Facts]:
        """Its facts, round by round."""
        return [self.facts[key] for key in sorted(key for key in self.facts if key[0] == step)]

    def has(self, step: str) -> bool:
        return any(name == step for name, _ in self.facts)


_folded: dict[int, tuple[Row, int, History]] = {}  # by the first row's id, while it lives: last row, count, result


def fold(rows: Sequence[Row]) -> History:
    """Rows are append-only, so what the same journal came to before is gone on with: a month of hourly rounds is
    10,000 rows, 0.3 s from the beginning."""
    last, count, history = _folded.get(id(rows[0]), (None, 0, History())) if rows else (None, 0, History())
    if count > len(rows) or (last is not None and rows[count - 1] is not last):
        count, history = 0, History()
    for row in rows[count:]:
        history = _turned(history, row) if not row.step else _stepped(history, row)
    if len(rows) > 1:  # a single row would be kept alive by its own result
        if id(rows[0]) not in _folded:
            weakref.finalize(rows[0], _folded.pop, id(rows[0]), None)
        _folded[id(rows[0])] = (rows[-1], len(rows), history)
    return history


def _turned(history: History, row: Row) -> History:
    state, verb = str(row.facts["state"]), str(row.facts.get("verb", ""))
    intent = row.facts.get("intent")
    answered = history.answered | {intent} if isinstance(intent, int) else history.answered
    history = replace(history, answered=answered, state=state, why=str(row.facts.get("why", "")))
    if verb == "cutover":
        waits = history.last is not None and history.last.mark is Mark.WAIT
        return replace(history, asked=history.asked | {verb}, until="" if waits else history.until)
    history = replace(history, verb=verb, until=row.until, revived=True)
    if state in ACTIVE.values():
        return _activated(history, row)
    if state in (*UNDONE, "done", "probation"):
        history = replace(history, begun=() if state in UNDONE else history.begun, mode="run", goal="", last=None)
        history = replace(history, accepted=state == "done", gives_back=row.facts.get("gives_back") is True)
    fault = None if state in ("done", "probation", "cancelled") else history.fault or row.fault
    mode = str(row.facts.get("mode") or history.mode)
    return replace(history, mode=mode, fault=fault, purged=history.purged or row.facts.get("purged") is True)


def _activated(history: History, row: Row) -> History:
    mode = str(row.facts.get("mode") or history.mode)
    goal = str(row.facts.get("goal", ""))
    history = replace(history, failures=0, progress=0, undo_fault=None)
    if row.facts.get("anew") is True:  # after it was undone: from the first step, under new numbers
        return replace(History(), state=history.state, attempts=history.attempts, answered=history.answered)
    if mode != history.mode:
        return replace(history, mode=mode, goal=goal, last=None, fault=history.fault or row.fault)
    return replace(history, goal=goal or history.goal, fault=history.fault if mode == "undo" else None)


def _stepped(history: History, row: Row) -> History:
    same = history.last is not None and (history.last.step, history.last.round, history.last.undo) == (
        row.step,
        row.round,
        row.undo,
    )
    history = replace(
        history,
        last=row,
        revived=False,
        step=row.step,
        round=row.round,
        attempt=row.attempt,
        until=row.until,
        why=row.fault.text if row.fault else str(row.facts.get("why", "")) if row.mark is Mark.WAIT else "",
        failures=history.failures if same else 0,
        progress=history.progress if same else 0,
    )
    return _undone(history, row) if row.undo else _ran(history, row)


def _ran(history: History, row: Row) -> History:
    state = "waiting" if row.mark is Mark.WAIT else ACTIVE[history.mode]
    history = replace(history, state=state)
    if row.mark is Mark.BEGIN:
        begun = history.begun if row.step in history.begun else (*history.begun, row.step)
        reached = (row.step, row.round, row.attempt) if history.mode == "run" else history.reached
        return replace(history, begun=begun, attempts={**history.attempts, row.step: row.attempt}, reached=reached)
    if row.mark is Mark.DONE:
        facts: dict[tuple[str, int], Facts] = {**history.facts, (row.step, row.round): row.facts}
        fault = None if history.mode == "run" else history.fault
        return replace(history, facts=facts, failures=0, progress=0, fault=fault)
    if row.mark is Mark.AGAIN:
        return _failed(history, row)
    return replace(history, fault=row.fault) if row.mark is Mark.FAILED else history


def _failed(history: History, row: Row) -> History:
    """One more failed attempt; one that got further than all before it is the first again."""
    progress = _int(row.facts.get("progress"))
    further = progress > history.progress
    return replace(
        history,
        failures=1 if further else history.failures + 1,
        progress=max(progress, history.progress),
        fault=row.fault,
    )


def _undone(history: History, row: Row) -> History:
    if row.mark is Mark.BEGIN:
        return replace(history, attempts={**history.attempts, row.step: row.attempt})
    if row.mark is Mark.DONE:
        return replace(history, begun=tuple(name for name in history.begun if name != row.step), failures=0)
    if row.mark is Mark.AGAIN:
        return replace(history, failures=history.failures + 1, undo_fault=row.fault)
    return replace(history, undo_fault=row.fault) if row.mark is Mark.FAILED else history


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0
