"""The same report gives the same bytes; MTV_GOLDEN=write writes them anew, for somebody to read the difference."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from mtv.plans.reports.pages import html, sheets, text
from mtv.plans.reports.shapes import Report

GOLDEN = Path(__file__).parent / "golden"
FORMS: dict[str, Callable[[Report], str]] = {
    "html": html.page, "md.txt": text.as_markdown, "json": text.as_json, "csv": text.as_csv,
}  # fmt: skip
"""By the golden file's ending: one in .md would be taken for a page of this project's own."""


@pytest.mark.parametrize("form", FORMS)
def test_golden(odd: Report, form: str) -> None:
    made, file = FORMS[form](odd).encode(), GOLDEN / f"estate.{form}"
    if os.environ.get("MTV_GOLDEN") == "write":
        file.write_bytes(made)
    assert file.read_bytes() == made


def test_a_workbook_is_made_twice_the_same(odd: Report) -> None:
    made = [BytesIO(), BytesIO()]
    for file in made:
        sheets.workbook(odd, file)
    assert made[0].getvalue() == made[1].getvalue()
