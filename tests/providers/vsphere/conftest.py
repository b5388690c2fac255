"""The source over the tests' vCenter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtv.providers.vsphere.wire import session
from tests.providers.vsphere.opening import Impostor, close_all


@pytest.fixture(autouse=True)
def a_process_of_its_own() -> Iterator[None]:
    """Each test is a process of its own, as far as passwords go."""
    session._REFUSED.clear()
    yield
    close_all()
    session._REFUSED.clear()


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[Impostor]:
    with Impostor(tmp_path) as made:
        yield made
