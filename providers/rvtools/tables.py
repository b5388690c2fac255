"""A tab's rows as values by field. What is odd is told with its tab, row and column, and is as if it were empty."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mtv.formats.rvtools import dates
from mtv.formats.rvtools.cells import DATE, Raw
from mtv.formats.rvtools.tab import Tab
from mtv.formats.workbook.sheets import Row as Cells
from mtv.providers.rvtools.heads import Heads
from mtv.words import plain

SHOWN = 60


@dataclass(frozen=True)
class Table:
    """`values` of a row are in the order of `fields`, then of the custom columns: compact, for there are many."""

    tab: Tab[Any]
    heads: Heads
    fields: Mapping[str, int]
    rows: Sequence[tuple[int, tuple[Raw | None, ...]]]
    since_1904: bool = False

    def each(self) -> Iterator["Row"]:
        return (Row(self, number, values) for number, values in self.rows)

    @cached_property
    def orders(self) -> Mapping[str, str]:
        """How each column of dates writes days and months."""
        return {name: dates.order(row[1][place] for row in self.rows) for name, place in self.fields.items()
                if self.heads.columns[name].cell is DATE}  # fmt: skip


@dataclass
class Row:
    table: Table
    number: int
    values: tuple[Raw | None, ...]
    odd: list[str] = field(default_factory=list)

    def raw(self, name: str) -> Raw | None:
        place = self.table.fields.get(name)
        return None if place is None else self.values[place]

    def value(self, name: str) -> object:
        """None where it is not told, or odd."""
        raw = self.raw(name)
        if raw is None or raw == "":
            return None
        column = self.table.heads.columns[name]
        try:
            if column.cell is DATE:
                since = dates.EPOCH_1904_DAYS if self.table.since_1904 else 0
                return dates.read(raw if isinstance(raw, str) else raw + since, self.table.orders[name])
            return column.cell.read(raw)
        except (ValueError, OverflowError) as error:
            place = f"{self.table.tab.name} row {self.number}"
            self.odd.append(f"{place}: '{column.name}' is '{plain(str(raw))[:SHOWN]}': {error}")
            return None

    def text(self, name: str) -> str:
        found = self.value(name)
        return found if isinstance(found, str) else ""

    def whole(self, name: str) -> int | None:
        found = self.value(name)
        return found if isinstance(found, int) and not isinstance(found, bool) else None

    def flag(self, name: str) -> bool | None:
        found = self.value(name)
        return found if isinstance(found, bool) else None

    def listed(self, name: str) -> tuple[str, ...]:
        found = self.value(name)
        return found if isinstance(found, tuple) else ()

    def custom(self) -> dict[str, str]:
        from mtv.formats.rvtools.cells import text

        names = self.table.heads.custom.values()
        behind = self.values[len(self.table.fields) :]
        return {name: text(raw) for name, raw in zip(names, behind, strict=True) if raw is not None and raw != ""}


def table(
    tab: Tab[Any], heads: Heads, rows: Iterator[tuple[int, Cells]], shared: dict[str, str], wanted: Sequence[str]
) -> Table:
    """All rows of a tab, the wanted fields of each; equal texts are kept once. A row that repeats the heads, as merged
    books have them, is none."""
    fields = [name for name in heads.places if name in wanted]
    places = [*(heads.places[name] for name in fields), *heads.custom]
    kept = []
    for number, cells in rows:
        values = tuple(shared.setdefault(one, one) if isinstance(one := cells.get(place), str) else one
                       for place in places)  # fmt: skip
        if any(one is not None and one != "" for one in values):
            kept.append((number, values))
    return Table(tab, heads, {name: place for place, name in enumerate(fields)}, kept)
