"""What people are shown of strangers' words and of amounts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.words import cell, plain, size


@pytest.mark.parametrize(
    "text", ["db01", "🚀 👩‍💻 👨‍👩‍👧", "שרת", "خادم‌ها", "a\u00a0b", "50% off %2f", "漢字\u3000かな"]
)
def test_whole_names_stay_whole(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    "odd", ["\n", "\r", "\t", "\x1b", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\u200f", "\ufeff"]
)
def test_what_moves_the_cursor_or_turns_the_line_is_replaced(odd: str) -> None:
    assert plain(f"a{odd}b") == "a\N{REPLACEMENT CHARACTER}b"


@given(st.text())
def test_a_line_stays_a_line_and_keeps_its_length(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert len(f"{shown}x".splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "-"), (True, "yes"), (0, "0"), ({"a": "é"}, '{"a": "é"}'), ("a\nb", "a\N{REPLACEMENT CHARACTER}b")],
)
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


@pytest.mark.parametrize(("size_bytes", "shown"), [(None, "-"), (0, "0 B"), (1536, "1.5 KiB"), (62 << 40, "62.0 TiB")])
def test_sizes(size_bytes: int | None, shown: str) -> None:
    assert size(size_bytes) == shown
