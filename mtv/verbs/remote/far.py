"""The board of an engine that is elsewhere."""

from collections.abc import Sequence
from typing import TypeVar

from mtv import codec
from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.verbs.remote.calling import Session
from mtv.verbs.showing.views import MigrationView, StepView

T = TypeVar("T")


class FarBoard:
    """board.Board over a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def migrations(self) -> Sequence[MigrationView]:
        return _all(MigrationView, self._session.ask("board.migrations"))

    def journey(self, run: str, vm: str) -> Sequence[StepView]:
        return _all(StepView, self._session.ask("board.journey", {"run": run, "vm": vm}))

    def log(self, run: str, vm: str, lines: int) -> str:
        return str(self._session.ask("board.log", {"run": run, "vm": vm, "lines": lines}))

    def steer(self, verb: str, run: str, vm: str) -> str:
        return str(self._session.ask("board.steer", {"verb": verb, "run": run, "vm": vm}))


def _all(kind: type[T], found: Json) -> list[T]:
    if not isinstance(found, list):
        raise MtvError("rpc.line", "the other end does not speak our protocol: no list came")
    return [codec.load(kind, one if isinstance(one, dict) else {}) for one in found]
