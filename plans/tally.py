"""What a run comes to, as one exit code."""

from collections.abc import Collection, Mapping, Sequence

from mtv.model.outcomes import Row
from mtv.plans.deciding.fold import History, fold

GOOD = ("done", "probation")
UNTOUCHED = "pending"
FIRST_CHANGE = "create-volumes"  # steps before it leave nothing behind
CHECK_FAILED = 4  # of a Fault that a check raised
REFUSALS = (2, CHECK_FAILED)  # 2: of a wrong file, a broken package for example


def refused(rows: Sequence[Row]) -> bool:
    """It failed because a check refused it before anything was changed."""
    return is_refusal(fold(rows))


def is_refusal(history: History) -> bool:
    fault = history.fault
    return fault is not None and fault.exit_code in REFUSALS and not history.has(FIRST_CHANGE)


def exit_code(states: Mapping[str, str], refused: Collection[str]) -> int:
    """0 all done, 3 some done; of none done: 4 where checks refused all that were begun, else 1. Both by VM key."""
    if all(state in GOOD for state in states.values()):
        return 0
    if any(state in GOOD for state in states.values()):
        return 3
    begun = {vm for vm, state in states.items() if state != UNTOUCHED}
    return CHECK_FAILED if begun and begun <= set(refused) else 1
