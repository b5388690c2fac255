"""Tables in Markdown, as GitHub reads it."""

import re
from collections.abc import Iterable, Sequence

_MEANS = re.compile(r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word means nothing


def escape(text: str) -> str:
    return _MEANS.sub(r"\\\g<0>", text)


def table(names: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] = ()) -> str:
    """`right` says which columns are numbers."""
    line = "".join("---:|" if number < len(right) and right[number] else "---|" for number in range(len(names)))
    told = [_row(names), f"|{line}", *(_row([escape(cell) for cell in row]) for row in rows)]
    return "\n".join(told) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
