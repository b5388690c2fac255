"""Who of which run comes next: a line for each run that an engine drives, as wide as its plan says."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mtv.model.plans import Limits
from mtv.store.records import MigrationRow


@dataclass
class Line:
    """One run's migrations that wait for their turn, in order. A `stopped` one takes no more."""

    limits: Limits
    stopped: bool = False
    waiting: dict[str, MigrationRow] = field(default_factory=dict)  # by VM key

    def add(self, records: Iterable[MigrationRow]) -> None:
        if not self.stopped:
            self.waiting.update({one.vm_key: one for one in records})

    def next(self) -> MigrationRow:  # noqa: A003 - the next one
        return self.waiting.pop(next(iter(self.waiting)))

    def stop(self) -> None:
        self.stopped = True
        self.waiting.clear()


class Lines:
    """By run; `limits` are those of a run whose own were not told."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lines: dict[str, Line] = {}

    def of(self, run: str) -> Line:
        return self._lines.setdefault(run, Line(self.limits))

    def all(self) -> Sequence[tuple[str, Line]]:  # noqa: A003 - all there are
        return list(self._lines.items())

    def drop(self, run: str) -> None:
        self._lines.pop(run, None)
