"""The vCenter as fixtures: one server for the whole run, as at the start for each test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.vcenter.server import VCenter, vcenter


@pytest.fixture(scope="session")
def one_vcenter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VCenter]:
    with vcenter(tmp_path_factory.mktemp("vcenter")) as server:
        yield server


@pytest.fixture
def vc(one_vcenter: VCenter) -> Iterator[VCenter]:
    one_vcenter.settle()
    yield one_vcenter
    one_vcenter.settle()


@pytest.fixture
def admin(vc: VCenter) -> Iterator[Any]:
    """A session of the administrator's."""
    with vc.connected() as service:
        yield service
