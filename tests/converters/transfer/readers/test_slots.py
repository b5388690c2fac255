"""Buffers: what lies between pieces is zero, and zero runs are told whatever their place."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer.extents import Block, blocks, tidy
from mtv.converters.transfer.readers.slots import GRAIN_BYTES, Slot
from mtv.model.points import Extent

SIZE = 4 * GRAIN_BYTES
pieces = st.lists(st.builds(Extent, st.integers(0, SIZE - 1), st.integers(1, SIZE)), min_size=1, max_size=5)


@given(pieces, st.integers(0, 9))
def test_a_used_slot_holds_a_blocks_pieces_and_zeroes(found: list[Extent], seed: int) -> None:
    [block] = blocks(tidy(found, SIZE), SIZE, SIZE)
    slot, draw = Slot(SIZE), random.Random(seed)
    slot.view[:] = draw.randbytes(SIZE)
    expected = bytearray(SIZE)
    for offset, view in slot.parts(block):
        view[:] = draw.randbytes(len(view))
        expected[offset : offset + len(view)] = view
    assert bytes(slot.view) == bytes(expected)


@given(pieces, st.sets(st.integers(0, SIZE - 1), max_size=4))
def test_runs_cover_the_block_and_never_call_data_zero(found: list[Extent], marks: set[int]) -> None:
    [block] = blocks(tidy(found, SIZE), SIZE, SIZE)
    slot = Slot(SIZE)
    for _, view in slot.parts(block):
        view[:] = bytes(len(view))
    for mark in marks:
        if any(start <= mark < start + length for start, length in block.pieces):
            slot.view[mark] = 1
    runs = list(slot.runs(block))
    assert [start for start, _, _ in runs] == [0, *(start + length for start, length, _ in runs)][: len(runs)]
    assert sum(length for _, length, _ in runs) == SIZE
    assert all(first[2] != second[2] for first, second in zip(runs, runs[1:], strict=False))
    for start, length, is_zero in runs:
        assert not is_zero or not any(slot.view[start : start + length])


def test_a_grain_that_holds_nothing_becomes_a_hole() -> None:
    slot = Slot(SIZE)
    slot.view[2 * GRAIN_BYTES] = 7
    block = Block(0, SIZE, ((0, SIZE),))
    grain = GRAIN_BYTES
    assert list(slot.runs(block)) == [(0, 2 * grain, True), (2 * grain, grain, False), (3 * grain, grain, True)]


@pytest.mark.parametrize("empty", [None, 0, 3])
def test_a_block_whose_grains_all_begin_with_data_is_one_run(empty: int | None) -> None:
    slot = Slot(SIZE)
    for grain in range(SIZE // GRAIN_BYTES):
        slot.view[grain * GRAIN_BYTES + 7] = 0 if grain == empty else 1
    runs = list(slot.runs(Block(0, SIZE, ((0, SIZE),))))
    assert (runs == [(0, SIZE, False)]) is (empty is None)
    assert sum(length for _, length, is_zero in runs if is_zero) == (0 if empty is None else GRAIN_BYTES)


def test_of_a_used_slot_only_the_blocks_own_bytes_are_looked_at() -> None:
    slot = Slot(SIZE)
    slot.view[:] = b"x" * SIZE
    slot.clear(GRAIN_BYTES, 2 * GRAIN_BYTES)
    last = Block(0, 2 * GRAIN_BYTES - 512, ((0, 2 * GRAIN_BYTES - 512),))
    assert list(slot.runs(last)) == [(0, GRAIN_BYTES, False), (GRAIN_BYTES, GRAIN_BYTES - 512, True)]
