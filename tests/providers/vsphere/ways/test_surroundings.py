"""What a VM stands on, as the server tells of it: by each way it works, or is refused while the VM still runs."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.errors import CheckFailed
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import picture
from tests.vcenter.machines import MIB, Wish, make
from tests.vcenter.server import VCenter

Spoil = tuple[Callable[[Any], Any], str, bool | str, bool | str]
SPOILED: dict[str, Spoil] = {
    # where, what it is called there, what it says, and what it says again afterwards
    "host esx is in maintenance": (lambda vm: vm.runtime.host, "runtime.inMaintenanceMode", True, False),
    "host esx is not connected": (lambda vm: vm.runtime.host, "runtime.connectionState", "notResponding", "connected"),
    "datastore LocalDS_1 is not accessible": (lambda vm: vm.datastore[0], "summary.accessible", False, True),
    "datastore LocalDS_1 is in maintenance": (
        lambda vm: vm.datastore[0], "summary.maintenanceMode", "inMaintenance", "normal",
    ),
}  # fmt: skip
OPEN = {"host": {"folder"}, "datastore": set()}  # ways that are open all the same


@pytest.fixture
def vm(admin: Any) -> Iterator[Any]:
    made = make(admin, Wish("stands", (MIB,), ("LocalDS_1",)))
    WaitForTask(made.PowerOnVM_Task())
    yield made
    WaitForTask(made.PowerOffVM_Task())
    WaitForTask(made.Destroy_Task())


def foreseen(vc: VCenter, vm: Any, way: str) -> str:
    """The way, or why there is none."""
    source = source_of(vc)
    source.prefer(way)

    async def ask() -> str:
        try:
            found = await source.vm(vm._moId)
            return await source.foresee(found, found.disks)
        except CheckFailed as error:
            return f"{error.fault.code}: {error.fault.text}"
        finally:
            await source.close()

    return asyncio.run(ask())


@pytest.mark.parametrize("text", SPOILED)
def test_it_works_or_is_refused_while_the_vm_runs(vc: VCenter, vm: Any, text: str) -> None:
    where, name, value, as_before = SPOILED[text]
    of, before = where(vm), picture(vm)
    vc.put(of, name, value)
    try:
        told = {way: foreseen(vc, vm, way) for way in ("folder", "export")}
    finally:
        vc.put(of, name, as_before)
    words = text.replace("esx", vm.runtime.host.name)
    for way, said in told.items():
        if way in OPEN[text.split()[0]]:
            assert said == way
        else:
            assert said.startswith("source.no-way: ")
            assert words in said
    assert picture(vm) == before
    assert {way: foreseen(vc, vm, way) for way in told} == {way: way for way in told}, "mended"
