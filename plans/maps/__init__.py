"""Source network to target network, datastore to storage: the first row that names it, else the row "*"."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar


class MapRow(Protocol):
    @property
    def from_(self) -> str: ...


R = TypeVar("R", bound=MapRow)

ANY = "*"


def match(rows: Sequence[R], name: str) -> R | None:
    """The row for that source name. None: nothing maps it."""
    exact = (row for row in rows if row.from_ == name)
    return next(exact, next((row for row in rows if row.from_ == ANY), None))


def unused(rows: Sequence[R], names: Iterable[str]) -> list[int]:
    """Positions of rows that name nothing there is: most often a misspelt name."""
    known = set(names)
    return [place for place, row in enumerate(rows) if row.from_ != ANY and row.from_ not in known]
