"""What the screens read and steer: the store's rows and the same verbs that the command line calls, here or far
away."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from mtv.verbs.running import steering
from mtv.verbs.showing import look, seeing
from mtv.verbs.showing.views import MigrationView, StepView


class Board(Protocol):
    """All methods block for as long as a read of the store takes; the app calls them in threads."""

    def migrations(self) -> Sequence[MigrationView]: ...

    def journey(self, run: str, vm: str) -> Sequence[StepView]: ...

    def log(self, run: str, vm: str, lines: int) -> str: ...

    def steer(self, verb: str, run: str, vm: str) -> str:
        """Ask for it; gives what came of it in words."""
        ...


class StoreBoard:
    """Of the store that is here."""

    def migrations(self) -> Sequence[MigrationView]:
        return [_told(one, seeing.undriven(run)) for run in seeing.overview() for one in run.migrations]

    def journey(self, run: str, vm: str) -> Sequence[StepView]:
        return seeing.journey(run, vm)

    def log(self, run: str, vm: str, lines: int) -> str:
        return look.log_tail(run, vm, lines)

    def steer(self, verb: str, run: str, vm: str) -> str:
        return "\n".join(f"{one.vm}: {verb}: {one.text}" for one in steering.leave(verb, run, [vm]))


def _told(view: MigrationView, undriven: str) -> MigrationView:
    """With what to do, where its engine has died."""
    return view if view.driven else replace(view, hint=undriven)
