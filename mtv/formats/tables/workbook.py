"""Workbooks that spreadsheets open, a row in memory at a time. Strings are strings: nothing becomes a formula, a link
or a number because of how it looks."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Any, Literal

from mtv.errors import Refused
from mtv.formats.tables.cells import is_formula, kept
from mtv.formats.tables.excel import QUOTED, ROWS, begin, cut
from mtv.model.estate import Json
from mtv.times import moment

DIGITS = 10**15  # a spreadsheet's numbers are doubles: what has more digits is text
NAME = 31  # characters of a sheet's name
WIDEST = 60

Sort = Literal["text", "number", "share", "time"]
_FORMATS = {
    "number": {"num_format": "#,##0.##;-#,##0.##"}, "whole": {"num_format": "#,##0"}, "share": {"num_format": "0%"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}, "formula": QUOTED,
    "head": {"bold": True, "bottom": 1}, "title": {"bold": True, "font_size": 14}, "note": {"font_color": "#666666"},
}  # fmt: skip


@dataclass(frozen=True)
class Head:
    name: str
    sort: Sort = "text"


class Workbook:
    """A context: the file is whole when it ends well. `created` is what its properties say."""

    def __init__(self, file: IO[bytes], created: datetime) -> None:
        self._book = begin(file)
        self._book.set_properties({"created": created.astimezone(UTC).replace(tzinfo=None), "author": "mtv"})
        self._formats = {name: self._book.add_format(told) for name, told in _FORMATS.items()}

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._book.close()  # also where it is thrown away: it holds a temporary file for each sheet

    def sheet(self, name: str, heads: Sequence[Head], rows: Iterable[Sequence[Json]], title: str = "",
              notes: Sequence[str] = ()) -> "Sheet":  # fmt: skip
        """One more sheet with these rows. Raises Refused `workbook.too-long`."""
        sheet = Sheet(self._book.add_worksheet(_name(name, self._book.sheetnames)), heads, self._formats)
        sheet.put(rows, title, notes)
        return sheet

    def bars(self, sheet: "Sheet", names: Sequence[int], values: Sequence[int], most: int) -> None:
        """A chart beside the sheet's table: bars of these columns, named by those, for its first rows."""
        chart, page = self._book.add_chart({"type": "bar"}), sheet.page
        last = min(sheet.last, sheet.first + most - 1)
        for column in values:
            chart.add_series({
                "categories": [page.get_name(), sheet.first, names[0], last, names[-1]],
                "values": [page.get_name(), sheet.first, column, last, column],
                "name": sheet.heads[column].name, "gap": 40,
            })  # fmt: skip
        chart.set_y_axis({"reverse": True})
        chart.set_legend({"position": "bottom"} if len(values) > 1 else {"none": True})
        chart.set_size({"width": 560, "height": 120 + 26 * (last - sheet.first + 1)})
        page.insert_chart(sheet.first - 1, len(sheet.heads) + 1, chart)


class Sheet:
    """Rows under frozen heads, with a filter, as wide as what stands in them."""

    def __init__(self, page: Any, heads: Sequence[Head], formats: dict[str, Any]) -> None:
        self.page, self.heads, self._formats = page, heads, formats
        self.first = self.last = 0  # rows of the table, without its heads
        self._widths = [len(head.name) + 3 for head in heads]

    def put(self, rows: Iterable[Sequence[Json]], title: str, notes: Sequence[str]) -> None:
        above = [(title, "title"), *((note, "note") for note in notes)] if title else []
        for number, (text, form) in enumerate(above):
            self.page.write_string(number, 0, kept(text), self._formats[form])
        top = len(above) + bool(above)
        for column, head in enumerate(self.heads):
            self.page.write_string(top, column, head.name, self._formats["head"])
        self.first = self.last = top + 1
        for self.last, row in enumerate(rows, top + 1):
            if self.last >= ROWS:
                raise Refused("workbook.too-long", f"a sheet has {ROWS} rows, and there are more", "ask with --limit")
            for column, value in enumerate(row):
                self._cell(column, value)
        self.page.freeze_panes(top + 1, 1)
        if self.last > top:
            self.page.autofilter(top, 0, self.last, len(self.heads) - 1)
        for column, width in enumerate(self._widths):
            self.page.set_column(column, column, min(width, WIDEST))

    def _cell(self, column: int, value: Json) -> None:
        place, sort = (self.last, column), self.heads[column].sort
        match value:
            case None:
                return
            case bool():
                self.page.write_boolean(*place, value)
            case int() | float() if abs(value) < DIGITS:
                form = "share" if sort == "share" else "whole" if isinstance(value, int) else "number"
                self.page.write_number(*place, value, self._formats[form])
                self._widen(column, len(f"{value:,}"))
            case str() if sort == "time" and (at := _moment(value)):
                self.page.write_datetime(*place, at, self._formats["time"])
                self._widen(column, 19)
            case _:
                self._text(column, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    def _text(self, column: int, value: str) -> None:
        text = cut(kept(value).replace("\r\n", "\n").replace("\r", "\n"), "…")  # XML has no other line break
        self.page.write_string(self.last, column, text, self._formats["formula"] if is_formula(text) else None)
        self._widen(column, max((len(line) for line in text.splitlines()), default=0) + 1)

    def _widen(self, column: int, width: int) -> None:
        self._widths[column] = max(self._widths[column], width)


def _moment(text: str) -> datetime | None:
    """A spreadsheet's times have no zone: they are UTC."""
    try:
        at = moment(text).replace(tzinfo=None)
    except ValueError:
        return None
    return at if at.year >= 1900 else None


def _name(name: str, taken: Iterable[str]) -> str:
    """What a sheet may be called: short, without []:*?/\\, each once."""
    plain = re.sub(r"[\[\]:*?/\\]", "-", name)[:NAME].strip("'") or "sheet"
    known, made, number = {one.lower() for one in taken}, plain, 2
    while made.lower() in known:
        made, number = f"{plain[: NAME - 4]} {number}", number + 1
    return made
