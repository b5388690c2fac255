"""CSV that is read back as it was, and never as a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.formats.tables.cells import FORMULA
from mtv.formats.tables.comma import dump
from tests.store.estates import ODD_NAMES


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_odd_names_come_back() -> None:
    told = [row[0] for row in read(dump(["name"], [[name] for name in ODD_NAMES]))[1:]]
    for name, found in zip(ODD_NAMES, told, strict=True):
        expected = name.replace("\x1b", "\N{REPLACEMENT CHARACTER}")
        assert found == ("'" + expected if name[0] in "=+-@\t\r" else expected)


@pytest.mark.parametrize("first", FORMULA)
def test_what_a_spreadsheet_takes_for_a_formula_is_text(first: str) -> None:
    [_, [found]] = read(dump(["name"], [[f"{first}cmd|' /C calc'!A0"]]))
    assert found.startswith("'" + first)


def test_values_keep_their_kind() -> None:
    rows = read(dump(["a", "b", "c", "d", "e", "f"], [[-5, None, True, 1.5, ["x", "y"], "-"]]))
    assert rows == [["a", "b", "c", "d", "e", "f"], ["-5", "", "yes", "1.5", '["x", "y"]', "-"]]


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_any_table_has_its_rows_and_columns_when_read_back(rows: list[list[str]]) -> None:
    found = read(dump(["a", "b"], rows))
    assert [len(row) for row in found] == [2] * (len(rows) + 1)
    for row, told in zip(rows, found[1:], strict=True):
        for value, cell in zip(row, told, strict=True):
            assert not cell.startswith(FORMULA) or cell == "-"
            if value.isprintable():
                assert cell in (value, "'" + value)
