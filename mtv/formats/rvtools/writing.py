"""A workbook of RVTools' form, all tabs at once, a row of each in memory. Text is only ever text; what Excel cannot
hold is cut, and told."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import IO, Any

from mtv.formats.rvtools.book import TABS
from mtv.formats.rvtools.cells import Written
from mtv.formats.rvtools.tab import Line, P, Tab
from mtv.formats.tables.cells import is_formula
from mtv.formats.tables.excel import CELL, COLUMNS, QUOTED, ROWS, begin, cut
from mtv.words import count, plain

NAMED = 5
_NEVER = re.compile("[\ud800-\udfff\ufffe\uffff]")  # no XML holds them, not even escaped


class Sheet:
    """One tab. `custom` are the names of further columns."""

    def __init__(self, page: Any, tab: Tab[Any], custom: Sequence[str], formats: Mapping[str, Any]) -> None:
        self.tab, self._page, self._formats = tab, page, formats
        names = [column.name for column in tab.columns]
        self._after = names.index(tab.custom) + 1 if custom else len(names)
        self.custom = custom[: COLUMNS - len(names)]
        self.names = [*names[: self._after], *self.custom, *names[self._after :]]
        self.row = self.left_out = 0
        self.cut: list[str] = []
        for place, name in enumerate(self.names):
            self._text(place, name, formats["head"])
        page.freeze_panes(1, 1)

    def write(self, cells: Iterable[tuple[int, Written]], more: Sequence[str | None] = ()) -> None:
        """`more` are the values of the custom columns."""
        if self.row + 1 >= ROWS:
            self.left_out += 1
            return
        self.row += 1
        for place, value in cells:
            self._put(place if place < self._after else place + len(self.custom), value)
        for place, value in enumerate(more[: len(self.custom)], self._after):
            self._put(place, value or None)

    def _put(self, place: int, value: Written) -> None:
        if isinstance(value, str):
            self._text(place, value, self._formats["formula"] if is_formula(value) else None)
        elif isinstance(value, datetime):
            self._page.write_datetime(self.row, place, value, self._formats["date"])
        elif value is not None:
            self._page.write_number(self.row, place, value)

    def _text(self, place: int, value: str, form: Any) -> None:
        whole = value if value.isascii() else _NEVER.sub("\N{REPLACEMENT CHARACTER}", value)
        if (text := cut(whole)) != whole:
            self.cut.append(f"{self.tab.name} row {self.row + 1}: '{plain(self.names[place])}'")
        self._page.write_string(self.row, place, text, form)

    def close(self) -> None:
        self._page.autofilter(0, 0, max(self.row, 1), len(self.names) - 1)

    def losses(self) -> Iterator[str]:
        if self.left_out:
            yield f"{self.tab.name}: Excel takes {ROWS} rows, {count(self.left_out, 'row')} left out"
        yield from (f"{one}: cut to the {CELL} characters that Excel takes" for one in self.cut[:NAMED])
        if len(self.cut) > NAMED:
            yield f"{self.tab.name}: and {count(len(self.cut) - NAMED, 'cell')} more cut"


class Writing:
    """A context: the file is whole when it ends well. `losses` then says what Excel could not take."""

    def __init__(self, file: IO[bytes], custom: Sequence[str] = ()) -> None:
        self._book = begin(file)
        formats = {
            "head": self._book.add_format({"bold": True}),
            "date": self._book.add_format({"num_format": "yyyy/mm/dd hh:mm:ss"}),
            "formula": self._book.add_format(QUOTED),
        }
        self._sheets = {
            tab.name: Sheet(self._book.add_worksheet(tab.name), tab, custom if tab.custom else (), formats)
            for tab in TABS
        }
        self._left = [name for sheet in self._sheets.values() if sheet.tab.custom
                      for name in custom[len(sheet.custom) :]]  # fmt: skip
        self.rows: Counter[str] = Counter()

    def row(self, tab: Tab[P], line: Line[P], more: Sequence[str | None] = ()) -> None:
        self.rows[tab.name] += 1
        self._sheets[tab.name].write(tab.cells(line), more)

    def losses(self) -> list[str]:
        told = [one for sheet in self._sheets.values() for one in sheet.losses()]
        if self._left:
            told.append(f"Excel takes {COLUMNS} columns: {count(len(self._left), 'custom attribute')} left out")
        return told

    def __enter__(self) -> "Writing":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for sheet in self._sheets.values():
            sheet.close()
        self._book.close()  # also where it is thrown away: it holds a temporary file for each sheet
