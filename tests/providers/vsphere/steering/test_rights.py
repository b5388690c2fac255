"""The control role is exact: without any of its rights that steering uses something fails and names it; with all of
them nothing more is needed."""

from collections.abc import Iterator
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.errors import CheckFailed
from mtv.providers.vsphere import VSphere
from mtv.providers.vsphere.rights.roles import CONTROL as ROLE
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import FENCE, machine, nothing_left, picture, power, run, told
from tests.providers.vsphere.steering.test_points import reading
from tests.vcenter.machines import allow
from tests.vcenter.server import CONTROL, VCenter
from tests.vcenter.test_orders import autostart

POINT = f"{FENCE}-inspect"
RIGHTS = ROLE.given
USED = (
    "VirtualMachine.Interact.PowerOff", "VirtualMachine.Interact.PowerOn", "VirtualMachine.State.CreateSnapshot",
    "VirtualMachine.State.RemoveSnapshot", "VirtualMachine.Interact.DeviceConnection", "VirtualMachine.Config.Rename",
    "VirtualMachine.Config.AdvancedConfig", "Host.Config.AutoStart", "Host.Inventory.EditCluster",
)  # fmt: skip
ELSEWHERE = {"StorageProfile.View", "Global.Licenses", "Sessions.ValidateSession"}


@pytest.fixture
def vm(vc: VCenter, admin: Any) -> Iterator[Any]:
    vm = machine(admin, "rights-steer")
    autostart(vm, "powerOn")
    before = picture(vm)
    yield vm
    source = reading(source_of(vc))
    one = told(source, vm)
    run(source.unfence(one, FENCE))
    run(source.power(one, "on", 1, "hold"))
    if vm.snapshot:
        WaitForTask(vm.RemoveAllSnapshots_Task())
    assert picture(vm) == before


def everything(source: VSphere, vm: Any) -> None:
    """All that a move does to its source, and takes back."""
    one = told(source, vm)
    point = run(source.freeze(one, one.disks, POINT, None, True))
    run(source.release(point))
    run(source.power(one, "off", 30, "hold"))
    run(source.fence(one, FENCE))
    run(source.release(run(source.freeze(one, one.disks, f"{FENCE}-final", None, False))))
    run(source.unfence(one, FENCE))
    run(source.power(one, "on", 30, "hold"))


@pytest.mark.parametrize("privilege", USED)
def test_each_right_is_needed_and_named(vc: VCenter, admin: Any, vm: Any, privilege: str) -> None:
    allow(admin, CONTROL, [one for one in RIGHTS if one != privilege])
    with pytest.raises(CheckFailed) as refused:
        everything(reading(source_of(vc, CONTROL)), vm)
    assert refused.value.fault.code == "vsphere.permission"
    assert f"needs the privilege {privilege}" in refused.value.fault.text


def test_with_its_role_nothing_more_is_needed(vc: VCenter, admin: Any, vm: Any) -> None:
    allow(admin, CONTROL, RIGHTS)
    everything(reading(source_of(vc, CONTROL)), vm)
    assert power(vm) == "on"
    nothing_left(vc, vm)


def test_no_other_right_is_in_the_role() -> None:
    assert {*USED, *ELSEWHERE} == set(RIGHTS)
