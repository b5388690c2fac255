"""What is fetched ahead is what the file holds, whatever is asked for, and hardly anything else."""

import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.errors import MtvError, Temporary
from mtv.model.points import Extent
from mtv.providers.vsphere.ways.windows import GAP_BYTES, Windows

MIB = 1 << 20
WINDOW_BYTES = 4 * MIB
SIZE = 5 * WINDOW_BYTES + 12345
DISK = random.Random(1).randbytes(SIZE)


class File:
    """Notes what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.broken_at = -1

    def fetch(self, offset: int, view: memoryview) -> None:
        self.asked.append((offset, len(view)))
        if offset <= self.broken_at < offset + len(view):
            raise Temporary("source.read", "broken")
        view[:] = DISK[offset : offset + len(view)]


def blocks(extents: Sequence[Extent]) -> list[tuple[int, int]]:
    """As a transfer asks: pieces within blocks of 1 MiB, in order."""
    found = []
    for one in extents:
        at, end = one.offset, one.offset + one.length
        while at < end:
            stop = min(end, (at // MIB + 1) * MIB)
            found.append((at, stop - at))
            at = stop
    return found


def extents_of(cuts: list[int]) -> list[Extent]:
    cuts = sorted({cut * 4096 for cut in cuts if cut * 4096 < SIZE})
    return [Extent(low, high - low) for low, high in zip(cuts[::2], cuts[1::2], strict=False)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, SIZE // 4096), max_size=40), st.integers(1, 4), st.integers(1, 4), st.randoms())
def test_all_that_is_asked_for_comes(cuts: list[int], fetchers: int, readers: int, draw: random.Random) -> None:
    extents, file = extents_of(cuts), File()
    windows = Windows(file.fetch, fetchers, WINDOW_BYTES)
    asked = blocks(list(windows.areas(iter(extents))))
    kept = [one for one in asked if draw.random() < 0.9]  # the rest was copied before

    def read(one: tuple[int, int]) -> bool:
        buffer = bytearray(one[1])
        windows.read_into(one[0], memoryview(buffer))
        return bytes(buffer) == DISK[one[0] : one[0] + one[1]]

    with ThreadPoolExecutor(readers) as pool:
        assert all(pool.map(read, kept))
    windows.close()
    windows.join()
    covered = sum(one.length for one in extents)
    assert sum(length for _, length in file.asked) <= 2 * covered + GAP_BYTES * len(extents)


def test_a_file_is_fetched_in_large_pieces_ahead_of_who_asks() -> None:
    file = File()
    windows = Windows(file.fetch, 2, WINDOW_BYTES)
    list(windows.areas(iter([Extent(0, SIZE)])))
    buffer = memoryview(bytearray(MIB))
    windows.read_into(0, buffer)
    until = time.monotonic() + 5
    while len(file.asked) < 4 and time.monotonic() < until:
        time.sleep(0.001)
    assert sorted(file.asked)[:4] == [(number * WINDOW_BYTES, WINDOW_BYTES) for number in range(4)]
    windows.close()
    windows.join()


def test_without_areas_what_is_asked_for_is_fetched() -> None:
    file = File()
    windows = Windows(file.fetch, 2, WINDOW_BYTES)
    buffer = bytearray(100)
    windows.read_into(WINDOW_BYTES - 50, memoryview(buffer))
    assert bytes(buffer) == DISK[WINDOW_BYTES - 50 : WINDOW_BYTES + 50]
    assert file.asked == [(WINDOW_BYTES - 50, 50), (WINDOW_BYTES, 50)]
    windows.close()
    windows.join()


def test_a_failure_is_raised_where_its_bytes_are_asked_for() -> None:
    file = File()
    file.broken_at = WINDOW_BYTES + 5
    windows = Windows(file.fetch, 2, WINDOW_BYTES)
    list(windows.areas(iter([Extent(0, SIZE)])))
    buffer = memoryview(bytearray(MIB))
    windows.read_into(0, buffer)
    with pytest.raises(Temporary, match="broken"):
        windows.read_into(WINDOW_BYTES + MIB, buffer)
    windows.close()
    windows.join()


def test_closing_ends_those_who_wait() -> None:
    began, go = threading.Event(), threading.Event()

    def slow(offset: int, view: memoryview) -> None:
        began.set()
        go.wait(10)

    windows = Windows(slow, 1, WINDOW_BYTES)
    list(windows.areas(iter([Extent(0, SIZE)])))
    raised: list[BaseException] = []

    def read() -> None:
        try:
            windows.read_into(0, memoryview(bytearray(MIB)))
        except MtvError as error:
            raised.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    assert began.wait(5)
    windows.close()
    thread.join(5)
    assert not thread.is_alive()
    assert raised
    go.set()
    windows.join()
