"""The way of one VM: its steps, what is wrong now, and the log of its tools."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import DataTable, Footer, Header, Input, Static

from mtv.ui import cells
from mtv.ui.steerable import Steerable
from mtv.verbs.showing.views import MigrationView, StepView
from mtv.words import plain

HEADS = ("", "STEP", "ENDED", "ROUND", "TRY", "TOOK", "SAID")


class JourneyScreen(Steerable):
    def __init__(self, view: MigrationView) -> None:
        super().__init__()
        self.view, self.run_name, self.vm = view, view.run, view.vm

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static(id="why", markup=False)
        yield Static(id="disks", markup=False)
        yield DataTable(cursor_type="row")
        with VerticalScroll(id="logs"):
            yield Static(id="log", markup=False)
        yield Input(id="line")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns(*HEADS)
        self.query_one(DataTable).focus()
        self.head()

    @property
    def current(self) -> MigrationView | None:
        return self.view

    def show(self, views: Sequence[MigrationView], steps: Sequence[StepView], log: str) -> None:
        self.view = next((one for one in views if (one.run, one.vm) == (self.run_name, self.vm)), self.view)
        self.head()
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear()
        for view in steps:
            table.add_row(*cells.step(view))
        table.move_cursor(row=row)
        self.print([plain(line) for line in log.splitlines()])

    def print(self, lines: Sequence[str]) -> None:
        """All that was read of the log; whoever looks at its end goes on seeing the end."""
        logs = self.query_one("#logs", VerticalScroll)
        at_end = logs.scroll_offset.y >= logs.max_scroll_y
        self.query_one("#log", Static).update("\n".join(lines) or "no tool of this migration has printed anything")
        if at_end:
            self.call_after_refresh(logs.scroll_end, animate=False)

    def head(self) -> None:
        self.sub_title = f"{plain(self.view.name)} in {self.run_name}"
        told = [part for part in (str(part) for part in cells.migration(self.view)[2:]) if part]
        self.query_one("#why", Static).update("   ".join(told) + f"\n{self.view.why}\n{self.view.hint}".rstrip())
        self.query_one("#disks", Static).update("\n".join(map(cells.disk, self.view.disks)))
