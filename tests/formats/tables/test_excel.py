"""What a cell takes is kept, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from mtv.formats.tables.excel import CELL, cut


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.text("a🚀é", min_size=1, max_size=4), st.integers(CELL - 3, 2 * CELL), st.sampled_from(["", "…"]))
def test_as_much_of_a_text_is_kept_as_fits(piece: str, length: int, mark: str) -> None:
    text = (piece * length)[:length]
    found = cut(text, mark)
    if units(text) <= CELL:
        assert found == text
    else:
        assert units(found) in (CELL - 1, CELL)
        assert found.endswith(mark)
        assert text.startswith(found.removesuffix(mark) if mark else found)
