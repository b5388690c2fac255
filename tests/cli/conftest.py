"""A sandbox for each test, and nothing left behind by what it started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.sandbox import Sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path)
    yield made
    made.end()
