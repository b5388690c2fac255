"""The suite that every source passes, over a VM that runs: its snapshots are read by the real nbdkit and a stub of
VMware's library, while its guest goes on writing."""

from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.providers.base import Capabilities
from mtv.providers.testing import SourceBench, source_suite
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.ways.exports import SECRET
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import machine
from tests.vcenter.machines import write
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter
from tests.vddk.library import library

NAME = "suite-running"
NOW: dict[str, Any] = {}
TURN = count(1)


@pytest.fixture(autouse=True)
def one_vm(vc: VCenter, admin: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    vm = machine(admin, NAME)
    if vm.snapshot:
        WaitForTask(vm.RemoveAllSnapshots_Task())
    stub = library(tmp_path_factory.mktemp("vddk"))
    monkeypatch.setenv("MTV_VDDK", str(stub.folder))
    NOW.update(vc=vc, vm=vm._moId, stub=stub)


def opened() -> VSphere:
    """The library finds the disk's first file, the one that a point is read from; a merge puts another in its place."""
    (disk,) = NOW["vc"].disks(NOW["vm"])
    NOW["stub"].offer(disk.chain[-1], disk.path.parent / f"{NAME}-flat.vmdk")
    return source_of(NOW["vc"])


def writes(vc: VCenter) -> Callable[[], Awaitable[None]]:
    async def guest() -> None:
        write(vc, NAME, 1 << 20, f"written the {next(TURN)}. time".encode())

    return guest


def bench(folder: Path) -> SourceBench:
    scratch = folder / "scratch"
    scratch.mkdir()
    (scratch / SECRET).write_text(PASSWORDS[ADMIN])
    write(NOW["vc"], NAME, 0, b"what its guest wrote")
    return SourceBench(open=opened, vm=NOW["vm"], scratch=scratch, write=writes(NOW["vc"]))


test_running = source_suite(bench, has=Capabilities(power=True, points=True))
