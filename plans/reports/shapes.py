"""What a report is, in whatever form it is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mtv.store.columns.figures import Cell, Figures, Row

__all__ = [
    "Cell",
    "Chapter",
    "Chart",
    "Column",
    "Figure",
    "Moment",
    "Report",
    "Row",
    "Section",
    "Unit",
    "columns",
    "same_datacenter",
    "with_datacenter",
]

Unit = Literal["text", "count", "bytes", "share", "mhz", "time", "days", "level"]
"""Shares are of 1; a cell is None where the source does not say, and that is not zero."""


@dataclass(frozen=True)
class Column:
    key: str
    title: str
    unit: Unit = "text"


@dataclass(frozen=True)
class Chart:
    """Bars of `values`, named by `names` (numbers of columns, which stand side by side). `parts`: shares of a whole;
    `fill`: shares that are bad when high."""

    kind: Literal["bars", "parts", "fill"]
    names: tuple[int, ...]
    values: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """`more` is the command that lists all of it; `none` is what no row means."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    says: str = ""
    none: str = "None."
    more: str = ""
    chart: Chart | None = None


@dataclass(frozen=True)
class Chapter:
    id: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Figure:
    """One number at the head of a report."""

    key: str
    title: str
    value: Cell
    unit: Unit = "count"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Report:
    kind: str
    title: str
    at: str
    sources: tuple[tuple[str, str], ...]  # name, and when it was read
    figures: tuple[Figure, ...] = ()
    chapters: tuple[Chapter, ...] = field(default_factory=tuple)

    @property
    def sections(self) -> Sequence[Section]:
        return [section for chapter in self.chapters for section in chapter.sections]


@dataclass(frozen=True)
class Moment:
    """What a section is made of: the figures, and the time that ages are counted from."""

    figures: Figures
    now: datetime

    def rows(self, sql: str, *values: Cell) -> tuple[Row, ...]:
        return tuple(self.figures.rows(sql, *values))


Ask = Callable[[Moment], Section]


def columns(*told: str) -> tuple[Column, ...]:
    """`size_bytes:size:bytes`: key, title, unit."""
    made = []
    for one in told:
        key, title, unit = (*one.split(":"), "text")[:3]
        made.append(Column(key, title or key.replace("_", " "), unit))  # type: ignore[arg-type]
    return tuple(made)


def with_datacenter(table: str) -> str:
    """SQL of VMs' parts that know where their VM is: two datacenters may each have a network `VM Network`."""
    return f"(SELECT p.*, v.datacenter FROM {table} AS p JOIN vms AS v ON v.source = p.source AND v.id = p.vm_id)"


def same_datacenter(one: str, other: str) -> str:
    """SQL that holds, too, where one of them does not say."""
    return f"('' IN ({one}.datacenter, {other}.datacenter) OR {one}.datacenter = {other}.datacenter)"
