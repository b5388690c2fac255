"""Reports of a small estate, and of an OVA."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mtv.model.estate import Change
from mtv.plans.reports.estate import estate
from mtv.plans.reports.shapes import Report
from mtv.store.inventory import Refresh
from mtv.store.store import Store
from tests.store import estates

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
READ_AT = "2026-11-22T08:00:00.000Z"
Made = Callable[..., Report]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """The report of these objects."""

    def make(*changes: Change, source: str = "") -> Report:
        with Store(tmp_path / "store.db") as store:
            for name in dict.fromkeys(getattr(one, "source", "") for one in changes):
                refresh = Refresh(store, name, full=True)
                for change in changes:
                    if getattr(change, "source", "") == name:
                        refresh.take(change)
                refresh.finish()
            store.write(lambda found: found.execute("UPDATE generations SET finished_at = ?", (READ_AT,)))
        return estate(tmp_path / "store.db", source, NOW)

    return make


@pytest.fixture
def small(made: Made) -> Report:
    """60 VMs, the first of them with odd names."""
    return made(*(one for one in estates.estate(60) if hasattr(one, "source")))
