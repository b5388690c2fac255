"""A store, and a yard of toy VMs beside it."""

from pathlib import Path

import pytest

from tests.plans.toy_engine import Yard
from tests.store.conftest import store

__all__ = ["store"]


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / "yard")
