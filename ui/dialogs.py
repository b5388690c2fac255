"""Questions and the table of keys."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mtv.verbs.showing.views import MigrationView
from mtv.words import plain

CONSEQUENCES = {
    "cancel": "stops now, undoes everything, brings the source back",
    "rollback": "stops the target and brings the source back; what the target wrote since is left behind",
    "purge": "removes what the migration left at the target, for good",
    "cutover": "powers the source off and switches over now",
}
KEYS = (
    ("enter", "the journey of this VM"), ("esc", "back; on the first screen: no filter"), ("/", "filter rows"),
    (":", "command: hold resume retry cancel cutover rollback commit purge"), ("h", "hold: start no further step"),
    ("r", "resume"), ("t", "retry"), ("ctrl+d", "cancel, after a question"), ("?", "this"), ("q", "quit"),
    ("tab", "to a journey's log, which arrows and page keys scroll, and back"),
)  # fmt: skip


class Confirm(ModalScreen[bool]):
    BINDINGS = [("y", "answer(True)", "Yes"), ("n,escape", "answer(False)", "No")]

    def __init__(self, verb: str, view: MigrationView) -> None:
        super().__init__()
        self.verb, self.view = verb, view

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            question = f"{self.verb} VM '{plain(self.view.name)}' of {self.view.run}?"
            yield Static(f"{question}\n\nIt {CONSEQUENCES[self.verb]}.\n\ny yes   n no", markup=False)

    def action_answer(self, yes: bool) -> None:
        self.dismiss(yes)


class Keys(ModalScreen[None]):
    BINDINGS = [("escape,question_mark,q", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Static("\n".join(f"{key:8} {text}" for key, text in KEYS), markup=False)
