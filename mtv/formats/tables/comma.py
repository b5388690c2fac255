"""CSV as RFC 4180 has it, in UTF-8; a cell that a spreadsheet would take for a formula is defused."""

import json
from collections.abc import Iterable, Sequence

from mtv.formats.tables.cells import is_formula, kept
from mtv.model.estate import Json


def dump(names: Sequence[str], rows: Iterable[Sequence[Json]]) -> str:
    """A line of names, then one of each row. Unknown values are empty, numbers and truths never quoted."""
    return "".join(",".join(map(_cell, row)) + "\n" for row in (names, *rows))


def _cell(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return str(value)
        case str():
            return _quoted(_defused(kept(value)))
        case _:
            return _quoted(json.dumps(value, ensure_ascii=False))


def _defused(text: str) -> str:
    """A leading quote makes it text; a lone dash is no formula."""
    return "'" + text if is_formula(text) and text != "-" else text


def _quoted(text: str) -> str:
    """csv.writer leaves a lone carriage return bare before Python 3.13, and then nobody can read the row back."""
    return '"' + text.replace('"', '""') + '"' if any(one in text for one in ',"\r\n') else text
