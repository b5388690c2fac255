"""The source over the tests' vCenter."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtv.providers.vsphere.wire import session
from tests.providers.vsphere.opening import Impostor, close_all, find
from tests.vcenter.machines import Wish, make, root
from tests.vcenter.server import VCenter


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


@pytest.fixture
def made(vc: VCenter, admin: Any) -> Any:
    """One VM of ours with two disks on two datastores, the same for all tests."""
    if found := find(admin, "db01"):
        return found[0]
    admin.content.fileManager.MakeDirectory("[LocalDS_1] db01", root(admin), True)
    wish = Wish("db01", disks=(8 << 20, 16 << 20), datastores=("LocalDS_0", "LocalDS_1"), tracked=True)
    return make(admin, wish)
