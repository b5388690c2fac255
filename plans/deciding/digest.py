"""What is shown of a migration in lists."""

from collections.abc import Sequence

from mtv.model.outcomes import Row
from mtv.plans.deciding.fold import UNDONE, History, fold
from mtv.store.records import Digest


def digest(rows: Sequence[Row]) -> Digest:
    """After each row."""
    history = fold(rows)
    fault = history.fault or history.undo_fault
    step, round_, attempt = _stands_at(history)
    return Digest(
        state=history.state, step=step, round=round_, attempt=attempt,
        why=history.why or (fault.text if fault else ""), code=fault.code if fault else "",
        hint=fault.hint if fault else "", until=history.until,
    )  # fmt: skip


def _stands_at(history: History) -> tuple[str, int, int]:
    """Step, round and attempt. Of what was undone it is where its way ended: the undoing says nothing of why."""
    return history.reached if history.state in UNDONE else (history.step, history.round, history.attempt)
