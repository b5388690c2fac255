"""Migrations as rows: step, bytes, rate, time left."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import DataTable, Footer, Header, Input, Static

from mtv.ui import cells
from mtv.ui.journey import JourneyScreen
from mtv.ui.steerable import Steerable
from mtv.verbs.showing.views import MigrationView


class MigrationsScreen(Steerable):
    BINDINGS = [Binding("slash", "line('/')", "Filter"), Binding("enter", "open", "Journey")]

    def __init__(self) -> None:
        super().__init__()
        self.all: Sequence[MigrationView] = ()
        self.views: dict[str, MigrationView] = {}
        self.word = ""

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable(cursor_type="row", zebra_stripes=True)
        yield Static(id="why", markup=False)
        yield Input(id="line")
        yield Footer()

    def on_mount(self) -> None:
        table = self.table
        for name in cells.COLUMNS:
            table.add_column(name.upper(), key=name)
        table.focus()

    @property
    def table(self) -> DataTable[object]:
        return self.query_one(DataTable)

    @property
    def key(self) -> str:
        """Of the row under the cursor; "" where there is none."""
        if not self.table.row_count:
            return ""
        return str(self.table.coordinate_to_cell_key(self.table.cursor_coordinate).row_key.value)

    @property
    def current(self) -> MigrationView | None:
        return self.views.get(self.key)

    def show(self, views: Sequence[MigrationView]) -> None:
        self.all = views
        self.views = {f"{view.run}/{view.vm}": view for view in views if self.word in cells.words(view)}
        if [row.value for row in self.table.rows] != list(self.views):
            self.refill()
        self.update_cells()
        done = sum(view.state in ("done", "probation") for view in self.views.values())
        self.sub_title = f"{done} of {len(self.views)} done" + (f", filter '{self.word}'" if self.word else "")
        self.tell()

    def refill(self) -> None:
        """Other rows than before: all anew, the cursor on the row that it was on."""
        table, before = self.table, self.key
        table.clear()
        for key, view in self.views.items():
            table.add_row(*cells.migration(view), key=key)
        if before in self.views:
            table.move_cursor(row=list(self.views).index(before))
        self.call_after_refresh(self.draw_anew)

    def draw_anew(self) -> None:
        """Widths follow new rows only when the app is idle, and lines that were drawn before stay cut: DataTable keeps
        them until some cell changes."""
        for key, view in list(self.views.items())[:1]:
            if key in self.table.rows:
                self.table.update_cell(key, cells.COLUMNS[0], cells.migration(view)[0], update_width=True)

    def update_cells(self) -> None:
        """Only the cells that differ: ten thousand rows do not flicker."""
        for key, view in self.views.items():
            for name, value in zip(cells.COLUMNS, cells.migration(view), strict=True):
                if self.table.get_cell(key, name) != value:
                    self.table.update_cell(key, name, value, update_width=True)

    def tell(self) -> None:
        view = self.current
        text = "no runs yet: `mtv run PLAN` starts one" if view is None and not self.word else ""
        self.query_one("#why", Static).update(f"{view.why}\n{view.hint}".strip() if view else text)

    def on_data_table_row_highlighted(self) -> None:
        self.tell()

    def on_data_table_row_selected(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        if view := self.current:
            self.app.push_screen(JourneyScreen(view))

    def filter(self, word: str) -> None:
        self.word = word.lower()
        self.show(self.all)

    def leave(self) -> None:
        """esc on the first screen lifts the filter."""
        self.filter("")
