"""The workbook, read back by another library."""

from datetime import datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from mtv.plans.reports.pages.sheets import workbook
from mtv.plans.reports.shapes import Report

GIB = 1 << 30


@pytest.fixture
def book(odd: Report) -> Workbook:
    file = BytesIO()
    workbook(odd, file)
    return openpyxl.load_workbook(BytesIO(file.getvalue()))


def table(book: Workbook, name: str) -> list[list[Any]]:
    """Heads and rows, below title and notes."""
    rows: list[list[Any]] = [list(row) for row in book[name].values]
    start = next(n for n, row in enumerate(rows) if not any(cell is not None for cell in row)) + 1
    return rows[start:]


def test_a_sheet_a_section_with_all_its_rows(odd: Report, book: Workbook) -> None:
    assert book.sheetnames[0] == "Summary"
    for one, name in zip(odd.sections, book.sheetnames[1:], strict=True):
        assert len(table(book, name)) == 1 + len(one.rows), name
        assert len(book[name]._charts) == (one.chart is not None and bool(one.rows))  # type: ignore[attr-defined]


def test_values_are_numbers_times_and_text(book: Workbook) -> None:
    heads, *rows = table(book, "Datastores")
    store = dict(zip(heads, next(row for row in rows if row[0] == "store-0"), strict=True))
    assert (store["capacity (GiB)"], store["full"]) == (40 * 1024, 0.975)
    unknown = dict(zip(heads, rows[-1], strict=True))
    assert (unknown["capacity (GiB)"], unknown["full"]) == ("unknown", "unknown")
    heads, *rows = table(book, "Oldest snapshots")
    assert isinstance(dict(zip(heads, rows[0], strict=True))["made"], datetime)
    assert {row[0]: row[1] for row in table(book, "Summary")}["VMs"] == 24


def test_no_cell_is_a_formula(book: Workbook) -> None:
    seen = 0
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                assert cell.data_type != "f", cell.coordinate
                seen += isinstance(cell.value, str) and cell.value.startswith("=")
    assert seen, "there is a name that looks like one"
