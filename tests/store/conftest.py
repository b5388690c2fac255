"""An open store in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mtv.store.store import Store
from tests.store.made import opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(tmp_path) as found:
        yield found
