"""Workbooks, read back by another library."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.formats.tables import excel, workbook
from mtv.formats.tables.workbook import Head, Workbook
from mtv.model.estate import Json
from tests.store.estates import ODD_NAMES

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def made(heads: list[Head], rows: list[list[Json]], **more: Any) -> bytes:
    file = BytesIO()
    with Workbook(file, NOW) as book:
        book.sheet("one", heads, rows, **more)
    return file.getvalue()


def cells(content: bytes) -> list[list[Any]]:
    page = openpyxl.load_workbook(BytesIO(content)).worksheets[0]
    return [list(row) for row in page.iter_rows()]


def test_odd_names_come_back_as_text() -> None:
    found = cells(made([Head("name")], [[name] for name in ODD_NAMES]))[1:]
    for name, (cell,) in zip(ODD_NAMES, found, strict=True):
        assert cell.value == name.replace("\x1b", "\N{REPLACEMENT CHARACTER}").replace("\r", "\n")
        assert cell.data_type == "s", name
        assert bool(cell.quotePrefix) is (name[0] in "=+-@\t\r"), "also when somebody edits the cell"


def test_what_looks_like_an_escape_is_escaped() -> None:
    content = made([Head("name")], [["_x000D_"]])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert "_x005F_x000D_" in archive.read("xl/worksheets/sheet1.xml").decode()


def test_values_keep_their_kind() -> None:
    heads = [Head("n"), Head("share", "share"), Head("at", "time"), Head("when", "time"), Head("yes"), Head("json")]
    row: list[Json] = [62 << 40, 0.25, "2026-01-02T03:04:05.000Z", "never", True, {"a": 1}]
    [_, found] = cells(
        made(
            heads,
            [
                row,
            ],
        )
    )
    assert [cell.value for cell in found] == [62 << 40, 0.25, datetime(2026, 1, 2, 3, 4, 5), "never", True, '{"a": 1}']
    assert found[1].number_format == "0%"
    [_, (big, empty)] = cells(made([Head("big"), Head("empty")], [[10**15 + 1, None]]))
    assert (big.value, big.data_type, empty.value) == (str(10**15 + 1), "s", None)


def test_what_does_not_fit_a_cell_is_cut_visibly() -> None:
    [_, (cell,)] = cells(made([Head("long")], [["🚀" * 40_000]]))
    assert cell.value.endswith("…")
    assert len(cell.value.encode("utf-16-le")) // 2 <= excel.CELL


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "ROWS", 3)
    assert len(cells(made([Head("n")], [[1], [2]]))) == 3
    with pytest.raises(Refused, match="a sheet has 3 rows"):
        made([Head("n")], [[1], [2], [3]])


def test_names_of_sheets_are_what_a_spreadsheet_takes() -> None:
    file = BytesIO()
    with Workbook(file, NOW) as book:
        for name in ("a/b:c*[d]?", "A/B:C*[D]?", "x" * 40, "x" * 40, ""):
            book.sheet(name, [Head("n")], [])
    names = openpyxl.load_workbook(BytesIO(file.getvalue())).sheetnames
    assert names == ["a-b-c--d--", "A-B-C--D-- 2", "x" * 31, "x" * 27 + " 2", "sheet"]


def test_title_and_notes_stand_above_and_the_same_is_made_twice() -> None:
    content = made([Head("n")], [[1]], title="Disks", notes=["of all VMs"])
    assert [row[0].value for row in cells(content)] == ["Disks", "of all VMs", None, "n", 1]
    assert content == made([Head("n")], [[1]], title="Disks", notes=["of all VMs"])


def test_a_chart_points_at_the_rows() -> None:
    file = BytesIO()
    with Workbook(file, NOW) as book:
        page = book.sheet("one", [Head("name"), Head("n")], [["a", 1], ["b", 2]], title="T")
        book.bars(page, [0], [1], most=9)
    [chart] = openpyxl.load_workbook(BytesIO(file.getvalue())).worksheets[0]._charts  # type: ignore[attr-defined]
    [series] = chart.series
    assert (series.cat.strRef or series.cat.numRef).f == "one!$A$4:$A$5"
    assert series.val.numRef.f == "one!$B$4:$B$5"


@settings(max_examples=40)
@given(st.lists(st.text(), min_size=1, max_size=5))
def test_any_text_comes_back_as_text(texts: list[str]) -> None:
    found = cells(made([Head("name"), Head("n")], [[text, 1] for text in texts]))[1:]
    assert len(found) == len(texts)
    for text, (cell, _) in zip(texts, found, strict=True):
        assert cell.data_type in ("s", "n", "inlineStr"), text
        if text.isprintable() and text:
            assert cell.value == text
