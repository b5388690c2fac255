"""Where an engine can be lost: before and after each commit of the journal and each call to source, target and workers,
and after each event of a worker."""

import inspect
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mtv.errors import MtvError
from mtv.model.outcomes import Intent, Mark, Row
from mtv.plans.runner import fold
from mtv.times import stamp
from tests.plans.toys import START, Crash


class Boundaries:
    """Counts them, and crashes at one. After that nothing outside can be reached any more: the process is gone.
    Another one may fail instead."""

    def __init__(self, crash_at: int = -1, fail_at: int = -1, error: MtvError | None = None) -> None:
        self.crash_at = crash_at
        self.fail_at = fail_at
        self.error = error
        self.names: list[str] = []
        self.gone = False
        self.look: Callable[[], None] = lambda: None

    def cross(self, name: str) -> None:
        if self.gone:
            raise Crash(name)
        self.names.append(name)
        self.look()
        if len(self.names) == self.crash_at:
            self.gone = True
            raise Crash(name)
        if len(self.names) == self.fail_at and self.error:
            raise self.error


def watched(end: object, what: str, boundaries: Boundaries, without: Sequence[str] = ()) -> Any:
    """An end whose every call has a boundary before and after it, and whose workers have one after each event. What
    it is `without` it cannot do."""

    def call(name: str) -> Callable[..., Any]:
        async def wrapper(self: object, *args: object, **more: object) -> object:
            boundaries.cross(f"before {what}.{name}")
            result = await getattr(end, name)(*args, **more)
            boundaries.cross(f"after {what}.{name}")
            return result

        return wrapper

    def stream(name: str) -> Callable[..., Any]:
        async def wrapper(self: object, *args: object) -> AsyncIterator[object]:
            boundaries.cross(f"before {what}.{name}")
            async for item in getattr(end, name)(*args):
                yield item
                boundaries.cross(f"after an event of {what}.{name}")

        return wrapper

    members: dict[str, Any] = {"name": getattr(end, "name", ""), "steady": getattr(end, "steady", False)}
    for name in [name for name in dir(end) if not name.startswith("_") and name not in without]:
        if inspect.iscoroutinefunction(getattr(end, name)):
            members[name] = call(name)
        elif inspect.isasyncgenfunction(getattr(end, name)):
            members[name] = stream(name)
    return type(f"Watched{what.title()}", (), members)()


Asks = Callable[[Sequence[Row]], bool]


@dataclass
class Rows:
    """A journal that survives. `asks` says from the rows when somebody asks for what."""

    asks: Sequence[tuple[str, Asks]] = ()
    kept: list[Row] = field(default_factory=list)
    asked: list[Intent] = field(default_factory=list)
    boundaries: Boundaries = field(default_factory=Boundaries)

    def rows(self) -> Sequence[Row]:
        return self.kept

    def intents(self) -> Sequence[Intent]:
        for verb, when in self.asks:
            if verb not in [one.verb for one in self.asked] and when(self.kept):
                self.ask(verb)
        return [one for one in self.asked if not one.taken_at]

    def ask(self, verb: str) -> None:
        self.asked.append(Intent(n=len(self.asked) + 1, verb=verb, vm="src/vm-1", who="ann", at=stamp(START)))

    async def append(self, row: Row) -> None:
        self.boundaries.cross(f"before the commit of {row.step} {row.mark}")
        self.kept.append(row)
        self.boundaries.cross(f"after the commit of {row.step} {row.mark}")

    async def took(self, intent: Intent, result: str) -> None:
        self.boundaries.cross("before the commit of an intent")
        self.asked = [replace(one, taken_at=stamp(START), result=result) if one.n == intent.n else one
                      for one in self.asked]  # fmt: skip
        self.boundaries.cross("after the commit of an intent")


def ended(step: str, round_: int = 1) -> Asks:
    """Once that step of that round is done."""
    return lambda rows: any(
        (row.step, row.round, row.mark, row.undo) == (step, round_, Mark.DONE, False) for row in rows
    )


def in_state(state: str) -> Asks:
    return lambda rows: fold(rows).state == state
