"""The token bucket on a simulated clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer.readers.rate import BURST_S, Bucket


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s


@given(st.lists(st.integers(1, 1 << 20), min_size=1, max_size=50), st.integers(1 << 10, 1 << 24))
def test_bytes_come_at_the_rate(sizes: list[int], rate: int) -> None:
    clock = Clock()
    bucket = Bucket(lambda: rate, lambda: False, clock, clock.sleep)
    for size_bytes in sizes:
        bucket.take(size_bytes)
    assert clock.now_s == pytest.approx(sum(sizes) / rate, abs=BURST_S + 1e-6)


def test_the_rate_changes_while_it_runs() -> None:
    clock, rate = Clock(), [1000]
    bucket = Bucket(lambda: rate[0], lambda: False, clock, clock.sleep)
    bucket.take(1000)
    before_s = clock.now_s
    rate[0] = 100
    bucket.take(1000)
    assert clock.now_s - before_s == pytest.approx(10, abs=BURST_S)


def test_no_rate_no_wait() -> None:
    clock = Clock()
    Bucket(lambda: None, lambda: False, clock, clock.sleep).take(1 << 40)
    assert clock.now_s == 0


def test_a_stop_ends_the_wait() -> None:
    clock = Clock()
    Bucket(lambda: 1, lambda: clock.now_s > 3, clock, clock.sleep).take(1 << 40)
    assert clock.now_s < 4
