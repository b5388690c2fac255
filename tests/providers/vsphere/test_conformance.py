"""The suite that every source passes."""

from pathlib import Path
from typing import Any

import pytest

from mtv.providers.base import Capabilities
from mtv.providers.testing import SourceBench, source_suite
from tests.providers.vsphere.opening import find, source_of
from tests.vcenter.machines import Wish, make
from tests.vcenter.server import VCenter

NOW: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def one_vm(vc: VCenter, admin: Any) -> None:
    found = next(iter(find(admin, "suite")), None) or make(admin, Wish("suite"))
    NOW.update(vc=vc, vm=found._moId)


def bench(folder: Path) -> SourceBench:
    return SourceBench(open=lambda: source_of(NOW["vc"]), vm=NOW["vm"], scratch=folder)


test_vsphere = source_suite(bench, has=Capabilities(power=True))
