"""What the two screens have in common: steering keys, and the line at the bottom for `:` and `/`."""

from typing import TYPE_CHECKING, cast

from textual import on
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from mtv.verbs.showing.views import MigrationView

if TYPE_CHECKING:
    from mtv.ui.app import Steering


class Steerable(Screen[None]):
    BINDINGS = [
        Binding("h", "steer('hold')", "Hold"),
        Binding("r", "steer('resume')", "Resume"),
        Binding("t", "steer('retry')", "Retry"),
        Binding("ctrl+d", "steer('cancel')", "Cancel"),
        Binding("colon", "line(':')", "Command"),
        Binding("escape", "back", "Back", show=False),
    ]

    prompt = ":"  # what the line at the bottom is open for

    @property
    def current(self) -> MigrationView | None:
        """The migration that keys act on."""
        raise LookupError(type(self).__name__)

    def action_steer(self, verb: str) -> None:
        if view := self.current:
            cast("Steering", self.app).ask(verb, view)

    def action_line(self, prompt: str) -> None:
        line = self.query_one("#line", Input)
        line.value, line.placeholder = "", "filter" if prompt == "/" else "hold resume retry cancel rollback ..."
        self.prompt = prompt
        line.add_class("open")
        line.focus()

    def close_line(self) -> None:
        self.query_one("#line", Input).remove_class("open")
        self.set_focus(next(iter(self.query("DataTable")), None))

    @on(Input.Submitted, "#line")
    def submit(self, message: Input.Submitted) -> None:
        self.close_line()
        word = message.value.strip()
        if self.prompt == "/":
            self.filter(word)
        elif word in ("q", "quit"):
            self.app.exit()
        elif word:
            self.action_steer(word)

    def filter(self, word: str) -> None:
        """Only the list has something to filter."""

    def action_back(self) -> None:
        if self.query_one("#line", Input).has_class("open"):
            self.close_line()
        else:
            self.leave()

    def leave(self) -> None:
        self.app.pop_screen()
