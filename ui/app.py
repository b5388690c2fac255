"""The app: it asks the board in threads, twice a second, and hands what came to the screen on top."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import on, work
from textual.app import App
from textual.message import Message

from mtv.errors import MtvError
from mtv.ui.dialogs import Confirm, Keys
from mtv.ui.journey import JourneyScreen
from mtv.ui.migrations import MigrationsScreen
from mtv.verbs.remote.board import Board
from mtv.verbs.showing.views import MigrationView, StepView

EVERY_S = 0.5
LOG_LINES = 200
COMMANDS = ("hold", "resume", "retry", "cancel", "cutover", "rollback", "commit", "purge")
ASKED = ("cancel", "rollback", "purge", "cutover")
"""Verbs that change a source or throw something away: they are asked for twice."""


class Steering(App[None]):
    """`/` filters, `:` takes a command, `?` explains, enter goes in, esc goes out, q quits."""

    CSS_PATH = "app.tcss"
    TITLE = "mtv"
    BINDINGS = [("question_mark", "keys", "Keys"), ("q", "quit", "Quit")]
    ENABLE_COMMAND_PALETTE = False

    @dataclass
    class Looked(Message):
        """What the board said; a later one replaces an earlier one that nobody saw."""

        migrations: Sequence[MigrationView]
        journey: Sequence[StepView]
        log: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Steering.Looked)

    @dataclass
    class Said(Message):
        """How an asked verb ended, or why the store could not be read."""

        text: str
        bad: bool = False

    def __init__(self, board: Board, every_s: float = EVERY_S) -> None:
        super().__init__()
        self.board, self.every_s = board, every_s

    def on_mount(self) -> None:
        self.push_screen(MigrationsScreen())
        self.look()
        self.set_interval(self.every_s, self.look)

    @work(thread=True, exclusive=True, group="look")
    def look(self) -> None:
        """Read the board once; never in the app's own thread."""
        top = self.screen
        try:
            journey: Sequence[StepView] = ()
            log = ""
            if isinstance(top, JourneyScreen):
                journey = self.board.journey(top.run_name, top.vm)
                log = self.board.log(top.run_name, top.vm, LOG_LINES)
            self.post_message(self.Looked(self.board.migrations(), journey, log))
        except MtvError as error:
            self.post_message(self.Said(error.fault.text, bad=True))

    @on(Looked)
    def show(self, message: Looked) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, MigrationsScreen):
                screen.show(message.migrations)
            elif isinstance(screen, JourneyScreen):
                screen.show(message.migrations, message.journey, message.log)

    @on(Said)
    def say(self, message: Said) -> None:
        self.notify(message.text, severity="error" if message.bad else "information")

    def action_keys(self) -> None:
        self.push_screen(Keys())

    def ask(self, verb: str, view: MigrationView) -> None:
        """One verb for one migration, after a confirmation where it changes more than the pace."""
        if verb not in COMMANDS:
            self.post_message(self.Said(f"no command '{verb}': there are {', '.join(COMMANDS)}", bad=True))
        elif verb in ASKED:
            self.push_screen(Confirm(verb, view), lambda yes: self.confirmed(verb, view) if yes else None)
        else:
            self.steer(verb, view)

    def confirmed(self, verb: str, view: MigrationView) -> None:
        self.steer(verb, view)

    @work(thread=True, group="steer")
    def steer(self, verb: str, view: MigrationView) -> None:
        try:
            self.post_message(self.Said(self.board.steer(verb, view.run, view.name)))
        except MtvError as error:
            self.post_message(self.Said(error.fault.text, bad=True))
