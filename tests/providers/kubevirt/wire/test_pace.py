"""How fast one client asks, on a simulated clock."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.providers.kubevirt.wire.pace import Pace
from mtv.settings import settings
from tests.providers.kubevirt.fake import Time

WINDOW_S = 10.0


def asked(pauses_s: Iterable[float]) -> list[float]:
    """When each request is let through, of one who lets that much time pass before each."""
    clock, limits, found = Time(), settings(), []
    pace = Pace(limits.target_requests_s, limits.target_requests_at_once, lambda: clock.now, clock.sleep)
    for pause_s in pauses_s:
        clock.sleep(pause_s)
        pace.wait()
        found.append(clock.now)
    return found


def test_a_few_need_not_wait() -> None:
    at_once = int(settings().target_requests_at_once)
    assert asked([0.0] * at_once) == [1000.0] * at_once


def test_many_come_at_the_rate_that_was_set() -> None:
    times = asked([0.0] * 450)
    assert times[-1] - times[0] == pytest.approx(10.0)


@given(st.lists(st.one_of(st.just(0.0), st.floats(0, 0.1), st.floats(0, 20)), min_size=1, max_size=1500))
def test_no_10_seconds_have_more_than_450(pauses_s: list[float]) -> None:
    times = asked(pauses_s)
    last = 0
    for first, at in enumerate(times):
        while last < len(times) and times[last] < at + WINDOW_S - 1e-6:
            last += 1
        assert last - first <= 451  # both ends count
