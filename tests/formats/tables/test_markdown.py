"""Markdown tables, held against a parser of it."""

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mtv.formats.tables.markdown import escape, table
from mtv.words import plain
from tests.store.estates import ODD_NAMES

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def cells(text: str) -> list[str]:
    """Of the body, as a reader sees them; a cell that became anything but text shows as markup."""
    found, inside = [], False
    for token in PARSER.parse(text):
        inside = token.type == "td_open" or (inside and token.type != "td_close")
        if inside and token.type == "inline":
            kinds = {one.type for one in token.children or []}
            assert kinds <= {"text", "text_special"}, (token.content, kinds)
            found.append("".join(one.content for one in token.children or []))
    return found


def test_odd_names_are_text() -> None:
    names = [plain(name) for name in ODD_NAMES]
    assert cells(table(["name", "n"], [[name, "1"] for name in names]))[::2] == names


def test_words_with_underscores_stay_readable() -> None:
    assert escape("size_bytes") == "size_bytes"
    assert escape("_size_") == r"\_size\_"


def test_numbers_stand_at_the_right() -> None:
    assert table(["a", "b"], [["x", "1"]], [False, True]) == "| a | b |\n|---|---:|\n| x | 1 |\n"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1))
def test_any_text_stays_one_cell(text: str) -> None:
    [found] = cells(table(["name"], [[text]]))
    assert re.sub(r"\s+", "", found) == re.sub(r"\s+", "", text)
