"""The suite that every source passes."""

from pathlib import Path
from typing import Any

import pytest

from mtv.providers.base import Capabilities
from mtv.providers.testing import SourceBench, source_suite
from mtv.providers.vsphere.ways.exports import SECRET
from tests.providers.vsphere.opening import find, source_of
from tests.vcenter.machines import Wish, make, write
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter

NOW: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def one_vm(vc: VCenter, admin: Any) -> None:
    found = next(iter(find(admin, "suite")), None) or make(admin, Wish("suite"))
    write(vc, "suite", 0, b"what its guest wrote")
    NOW.update(vc=vc, vm=found._moId)


def bench(folder: Path) -> SourceBench:
    """Its VM is off: who writes to it then has to start it, and that is another identity (steering/test_points.py)."""
    (folder / SECRET).write_text(PASSWORDS[ADMIN])
    return SourceBench(open=lambda: source_of(NOW["vc"]), vm=NOW["vm"], scratch=folder)


test_vsphere = source_suite(bench, has=Capabilities(power=True, points=True))
