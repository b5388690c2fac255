"""What a fold remembers of a journal does not change what it says."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mtv.model.outcomes import Mark, Row
from mtv.plans.deciding.fold import fold

MARKS = (Mark.BEGIN, Mark.DONE, Mark.AGAIN, Mark.WAIT, Mark.FAILED)


def row(n: int, step: str, mark: Mark, attempt: int) -> Row:
    return Row(n=n, step=step, round=1, attempt=attempt, undo=False, at=f"t{n}", mark=mark, facts={"n": n})


journals = st.lists(
    st.builds(row, st.integers(1, 99), st.sampled_from(("a", "b")), st.sampled_from(MARKS), st.integers(1, 3)),
    max_size=12,
)


@given(rows=journals, sizes=st.lists(st.integers(0, 12), max_size=6))
def test_a_journal_read_in_any_order_of_sizes_comes_to_the_same(rows: list[Row], sizes: list[int]) -> None:
    for size in sizes:
        copies = [replace(one) for one in rows[:size]]  # objects that nobody saw before
        assert fold(rows[:size]) == fold(copies)


@given(rows=journals, others=journals)
def test_journals_that_part_ways_are_told_apart(rows: list[Row], others: list[Row]) -> None:
    fold(rows)
    assert fold([*rows[:3], *others]) == fold([replace(one) for one in (*rows[:3], *others)])
