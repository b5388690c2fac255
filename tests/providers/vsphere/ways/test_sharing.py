"""What several disks share is made once, ended once, and never there twice at a time."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from mtv.errors import Temporary
from mtv.providers.vsphere.ways.sharing import Shared


class Maker:
    """Counts, and notices two at a time."""

    def __init__(self) -> None:
        self.made, self.alive, self.most = 0, 0, 0
        self._lock = threading.Lock()

    @contextmanager
    def make(self) -> Iterator[int]:
        with self._lock:
            self.made, self.alive = self.made + 1, self.alive + 1
            self.most = max(self.most, self.alive)
            number = self.made
        try:
            yield number
        finally:
            with self._lock:
                self.alive -= 1


def test_those_that_come_together_share_one() -> None:
    maker, shared = Maker(), Shared[int]()
    with shared.use("a", maker.make) as first, shared.use("a", maker.make) as second, shared.use("b", maker.make) as b:
        assert (first, second, b) == (1, 1, 2)
    assert maker.alive == 0
    with shared.use("a", maker.make) as later:
        assert later == 3


def test_there_are_never_two_at_a_time() -> None:
    maker, shared = Maker(), Shared[int]()

    def work(_: int) -> None:
        with shared.use("a", maker.make):
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(400)))
    assert (maker.alive, maker.most) == (0, 1)


def test_one_that_serves_no_more_is_made_anew() -> None:
    maker, broken = Maker(), set[int]()
    shared = Shared[int](sound=lambda number: number not in broken)
    with shared.use("a", maker.make) as first:
        broken.add(first)
        with shared.use("a", maker.make) as second:
            assert second == 2
    assert maker.alive == 0


def test_one_that_cannot_be_made_is_tried_by_the_next() -> None:
    maker, shared = Maker(), Shared[int]()

    @contextmanager
    def fail() -> Iterator[int]:
        raise Temporary("vsphere.leased", "not now")
        yield 0

    with pytest.raises(Temporary), shared.use("a", fail):
        pass
    with shared.use("a", maker.make) as made:
        assert made == 1
