"""The search for cycles is off while somebody holds it, and as it was afterwards."""

import gc
from collections.abc import Iterator

import pytest

from mtv.garbage import unswept


@pytest.fixture(params=[True, False])
def was_on(request: pytest.FixtureRequest) -> Iterator[bool]:
    before = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if before else gc.disable)()


def test_it_is_off_until_the_last_one_ends_and_then_as_it_was(was_on: bool) -> None:
    with unswept():
        with pytest.raises(ZeroDivisionError), unswept():
            raise ZeroDivisionError
        assert not gc.isenabled()
    assert gc.isenabled() is was_on
