"""A report with everything that could go wrong in a page."""

import pytest

from mtv.plans.reports.shapes import Report
from tests.plans.reports.conftest import Made
from tests.store import estates


@pytest.fixture
def odd(made: Made) -> Report:
    """24 VMs, 17 of them with odd names, each of which a list shows."""
    return made(*(one for one in estates.estate(24, "<vc> & 'co'") if hasattr(one, "source")))
