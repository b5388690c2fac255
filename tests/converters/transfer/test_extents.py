"""Planning what to read: every byte of every extent once, nothing else, however the extents lie."""

from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer.extents import ExtentList, blocks, delta, tidy
from mtv.model.points import Extent

SIZE = 400
BLOCK = 32

extents = st.lists(
    st.builds(Extent, st.integers(0, SIZE + 40), st.integers(0, 120), st.booleans()), max_size=12
)  # fmt: skip


def bytes_of(found: list[Extent]) -> set[int]:
    return {byte for one in found for byte in range(one.offset, min(one.offset + one.length, SIZE))}


@given(extents)
def test_tidy_keeps_each_byte_once_in_order(found: list[Extent]) -> None:
    listed = list(tidy(found, SIZE))
    assert {byte for offset, length in listed for byte in range(offset, offset + length)} == bytes_of(found)
    ends = [offset + length for offset, length in listed]
    assert all(end < start for end, (start, _) in zip(ends, listed[1:], strict=False))


@given(extents)
def test_blocks_are_aligned_and_hold_all_pieces(found: list[Extent]) -> None:
    listed = list(blocks(tidy(found, SIZE), SIZE, BLOCK))
    assert [block.offset for block in listed] == sorted({byte // BLOCK * BLOCK for byte in bytes_of(found)})
    for block in listed:
        assert block.length == min(BLOCK, SIZE - block.offset)
        assert all(block.offset <= start and start + length <= block.end for start, length in block.pieces)
    pieces = [byte for block in listed for start, length in block.pieces for byte in range(start, start + length)]
    assert pieces == sorted(bytes_of(found))


@given(extents)
def test_a_delta_covers_all_and_reads_what_is_not_surely_zero(found: list[Extent]) -> None:
    units = list(delta(found, SIZE, BLOCK))
    covered = [byte for unit in units for byte in range(unit.offset, unit.end)]
    read = [byte for unit in units for start, length in unit.pieces for byte in range(start, start + length)]
    assert sorted(covered) == sorted(bytes_of(found))
    assert sorted(read) == sorted(bytes_of([one for one in found if not one.zero]))
    assert all(unit.offset // BLOCK == (unit.end - 1) // BLOCK for unit in units)


@given(extents, st.integers(0, SIZE), st.integers(0, SIZE))
def test_parts_and_gaps_of_a_range_make_the_range(found: list[Extent], start: int, end: int) -> None:
    listed = tidy(found, SIZE)
    parts = [byte for offset, length in listed.within(start, end) for byte in range(offset, offset + length)]
    gaps = [byte for offset, length in listed.gaps(start, end) for byte in range(offset, offset + length)]
    assert sorted(parts + gaps) == list(range(start, end))
    assert set(parts) == bytes_of(found) & set(range(start, end))


def test_an_extent_list_merges_neighbours_and_counts() -> None:
    listed = ExtentList([(0, 4), (4, 4), (10, 2)])
    assert list(listed) == [(0, 8), (10, 2)]
    assert listed.total_bytes == 10
