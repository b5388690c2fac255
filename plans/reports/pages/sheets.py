"""A report as a workbook: a sheet a section, with its chart."""

from collections.abc import Mapping
from typing import IO

from mtv.formats.tables.workbook import Head, Sort, Workbook
from mtv.plans.reports.pages.charts import MOST
from mtv.plans.reports.pages.told import UNKNOWN, is_number
from mtv.plans.reports.shapes import Cell, Column, Report, Section, Unit
from mtv.times import moment

GIB = 1 << 30
SORTS: Mapping[Unit, Sort] = {"share": "share", "time": "time"}
UNITS: Mapping[Unit, str] = {"bytes": " (GiB)", "mhz": " (MHz)", "days": " (days)"}


def workbook(report: Report, file: IO[bytes]) -> None:
    with Workbook(file, moment(report.at)) as book:
        read = [f"{name} was read {at}" for name, at in report.sources]
        heads = [Head("figure"), Head("value", "number"), Head("unit"), Head("note")]
        rows = [(one.title, _cell(one.value, one.unit), UNITS.get(one.unit, "").strip(" ()"), one.note)
                for one in report.figures]  # fmt: skip
        book.sheet("Summary", heads, rows, report.title, [f"Made {report.at}", *read])
        for section in report.sections:
            _sheet(book, section)


def _sheet(book: Workbook, section: Section) -> None:
    heads = [Head(column.title + UNITS.get(column.unit, ""), SORTS.get(column.unit, "text"))
             for column in section.columns]  # fmt: skip
    rows = (tuple(_of(cell, column) for cell, column in zip(row, section.columns, strict=True)) for row in section.rows)
    notes = [section.says] if section.says else []
    notes += [f"All of them: {section.more}"] if section.more else []
    name = section.id.replace("-", " ").capitalize()
    page = book.sheet(name, heads, rows, section.title, notes if section.rows else [*notes, section.none])
    if section.chart and section.rows:
        book.bars(page, section.chart.names, section.chart.values, most=MOST)


def _of(cell: Cell, column: Column) -> Cell:
    """What is not known says so; in a column of text an empty cell would be taken for an empty name."""
    if cell is None:
        return UNKNOWN
    return _cell(cell, column.unit) if is_number(column) else cell


def _cell(value: Cell, unit: Unit) -> Cell:
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    return round(value / GIB, 2) if unit == "bytes" else round(value, 3) if isinstance(value, float) else value
