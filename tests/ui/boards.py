"""A board that a test writes on, in place of the store."""

from collections.abc import Sequence

from mtv.errors import Refused
from mtv.verbs.showing.views import MigrationView, StepView


class PlayedBoard:
    def __init__(self, *views: MigrationView) -> None:
        self.views: list[MigrationView] = list(views)
        self.steps: list[StepView] = []
        self.text = ""
        self.asked: list[tuple[str, str, str]] = []
        self.refusal = ""

    def migrations(self) -> Sequence[MigrationView]:
        return list(self.views)

    def journey(self, run: str, vm: str) -> Sequence[StepView]:
        return list(self.steps)

    def log(self, run: str, vm: str, lines: int) -> str:
        return self.text

    def steer(self, verb: str, run: str, vm: str) -> str:
        if self.refusal:
            raise Refused("run.refused", self.refusal)
        self.asked.append((verb, run, vm))
        return f"asked to {verb} '{vm}'"
