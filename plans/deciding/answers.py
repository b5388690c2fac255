"""What a migration answers to what people ask of it: pure. Each intent is taken once, and either turns it or is
refused with the verb that would do.

    hold      start no further step             resume    lift a hold, go on
    cancel    stop now, undo all                rollback  the same from failed, held or probation; from done: the source
    retry     a new attempt of what failed      commit    end the probation
    cutover   ends the wait for it              purge     remove what a failed one left at the target
    run       go on with what a fault held or a check refused: what `mtv run` asks of an engine that serves
"""

from mtv.model.outcomes import Intent
from mtv.plans.deciding.fold import ACTIVE, UNDONE, UNSURE, History
from mtv.plans.steps import Answer, Turn

REVIVED = ("held", "refused")  # what `mtv run` goes on with once the cause is mended
GOING = ("pending", "running", "waiting")


def answer(history: History, intent: Intent) -> Turn | Answer:
    if intent.n in history.answered:  # the engine died between the turn and the note that it was taken
        return Answer(intent, history.state)
    act = _VERBS.get(intent.verb)
    return act(history, intent) if act else _no(intent, "there is no such verb")


def _hold(history: History, intent: Intent) -> Turn | Answer:
    if history.state in (*GOING, "held", "committing", "purging"):
        return Turn("held", f"held by {intent.who}", intent, "hold")
    return _no(intent, f"it is {history.state}")


def _resume(history: History, intent: Intent) -> Turn | Answer:
    if history.state == "held":
        return Turn(ACTIVE[history.mode], f"resumed by {intent.who}", intent, "resume")
    if history.state in (*GOING, *ACTIVE.values()):
        return Answer(intent, "it goes on")
    return _no(intent, f"it is {history.state}", "`mtv retry` makes a new attempt of what failed")


def _run(history: History, intent: Intent) -> Turn | Answer:
    """What a person held stays."""
    if history.state in REVIVED and history.verb != "hold":
        anew = history.state == "refused"
        return Turn(ACTIVE[history.mode], f"`mtv run` by {intent.who} goes on", intent, "run", anew=anew)
    return Answer(intent, f"it is {history.state}")


def _retry(history: History, intent: Intent) -> Turn | Answer:
    why = f"retried by {intent.who}"
    if history.state in UNDONE:
        return Turn("running", why, intent, "retry", anew=True)
    if history.state == UNSURE:
        return Turn("undoing", why, intent, "retry")
    if history.state == "failed" and history.purged:
        return _no(intent, "its target was purged", "`mtv run PLAN --again` starts the next run")
    if history.state in ("failed", "held", *GOING, *ACTIVE.values()):
        return Turn(ACTIVE[history.mode], why, intent, "retry")
    return _no(intent, f"it is {history.state}")


def _cancel(history: History, intent: Intent) -> Turn | Answer:
    if history.mode == "run" and history.state in (*GOING, "held", "failed"):
        return Turn("undoing", f"cancelled by {intent.who}", intent, "cancel", mode="undo", goal="cancelled")
    if history.state in UNDONE or history.mode == "undo":
        return Answer(intent, f"it is {history.state}")
    return _no(intent, f"it is {history.state}", "`mtv rollback` takes back a migration in probation")


def _rollback(history: History, intent: Intent) -> Turn | Answer:
    begun = history.mode == "run" and history.state in ("failed", "held", "probation")
    if begun or history.state == UNSURE or (history.state == "done" and history.gives_back):
        goal = history.goal or "rolled-back"
        return Turn("undoing", f"rolled back by {intent.who}", intent, "rollback", mode="undo", goal=goal)
    if history.state in UNDONE or history.mode == "undo":
        return Answer(intent, f"it is {history.state}")
    hint = "`mtv cancel` stops and undoes a running one" if history.state in GOING else "nothing takes it back now"
    return _no(intent, f"it is {history.state}", hint)


def _cutover(history: History, intent: Intent) -> Turn | Answer:
    if "cutover" in history.asked:
        return Answer(intent, "its cutover was asked for already")
    if history.mode == "run" and history.state in (*GOING, "held"):
        return Turn(history.state, f"cutover asked by {intent.who}", intent, "cutover")
    return _no(intent, f"it is {history.state}")


def _commit(history: History, intent: Intent) -> Turn | Answer:
    if history.state == "probation":
        return Turn("committing", f"committed by {intent.who}", intent, "commit", mode="commit", goal="done")
    return _no(intent, f"it is {history.state}, not in probation")


def _purge(history: History, intent: Intent) -> Turn | Answer:
    if history.mode == "run" and history.state in (*UNDONE, "failed"):
        return Turn("purging", f"purged by {intent.who}", intent, "purge", mode="purge", goal=history.state)
    hint = "what was moved is yours now" if history.state == "done" else "`mtv rollback` or `mtv cancel` comes first"
    return _no(intent, f"it is {history.state}", hint)


def _no(intent: Intent, why: str, hint: str = "") -> Answer:
    return Answer(intent, f"refused: {why}" + (f"; {hint}" if hint else ""))


_VERBS = {
    "hold": _hold,
    "resume": _resume,
    "run": _run,
    "retry": _retry,
    "cancel": _cancel,
    "rollback": _rollback,
    "cutover": _cutover,
    "commit": _commit,
    "purge": _purge,
}
