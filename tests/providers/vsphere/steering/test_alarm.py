"""A fenced VM that runs is an alarm: wherever somebody touches it, and in each check."""

import asyncio
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.errors import CheckFailed, Held
from mtv.providers.vsphere.steering import alarm
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import FENCE, machine, picture, power, run, told
from tests.vcenter.machines import allow
from tests.vcenter.server import CONTROL, VCenter


@pytest.fixture
def fenced(vc: VCenter, admin: Any) -> Any:
    """Fenced while it was off; put back behind the test."""
    vm = machine(admin, "alarm", on=False)
    before, source = picture(vm), source_of(vc)
    run(source.fence(told(source, vm), FENCE))
    yield vm
    if power(vm) == "on":
        WaitForTask(vm.PowerOffVM_Task())
    run(source_of(vc).unfence(told(source, vm), FENCE))
    assert picture(vm) == before


def test_who_started_it_is_told_by_all_that_touch_it(vc: VCenter, fenced: Any) -> None:
    source = source_of(vc)
    one = told(source, fenced)
    point = run(source.freeze(one, one.disks, f"{FENCE}-final", None, False))
    with vc.connected() as somebody:
        WaitForTask(type(fenced)(fenced._moId, somebody._stub).PowerOnVM_Task())
    for act in (
        lambda: source.freeze(one, one.disks, f"{FENCE}-final", None, False),
        lambda: source.export(point, one.disks[0]),
        lambda: source.fence(one, FENCE),
        lambda: source.power(one, "off", 1, "force"),
    ):
        with pytest.raises(Held) as held:
            run(act())
        assert held.value.fault.code == "source.powered-on"
        assert "fenced by mtv-plan-1, and it runs, started by administrator@vsphere.local at 20" in str(held.value)
    assert power(fenced) == "on", "nobody stops what somebody started"
    run(source.unfence(one, FENCE))
    WaitForTask(fenced.PowerOffVM_Task())


def test_a_check_finds_it(vc: VCenter, fenced: Any) -> None:
    source = source_of(vc)
    assert not [one for one in run(source.check()) if one.name == "fence"]
    WaitForTask(fenced.PowerOnVM_Task())
    (found,) = (one for one in run(source_of(vc).check()) if one.name == "fence")
    assert not found.ok
    assert "alarm (mtv-plan-1) was fenced by mtv-plan-1, and it runs" in found.text
    assert "mtv rollback" in found.fix
    assert "also where its move is done" in found.fix


def test_a_check_that_cannot_look_says_so(vc: VCenter, admin: Any) -> None:
    source = source_of(vc)
    vc.inject("CreateContainerView", "NotSupported")
    (found,) = asyncio.run(alarm.findings(source._server))
    assert not found.ok
    assert "is not known" in found.text
    assert found.fix


def test_without_events_the_alarm_is_the_same(vc: VCenter, fenced: Any) -> None:
    WaitForTask(fenced.PowerOnVM_Task())
    source = source_of(vc)
    one = told(source, fenced)
    vc.inject("QueryEvents", "NotSupported")
    with pytest.raises(Held, match="fenced by mtv-plan-1, and it runs$"):
        run(source.fence(one, FENCE))
    vc.mend()


def test_another_runs_plan_is_refused_before_it_changes_anything(vc: VCenter, fenced: Any) -> None:
    before, source = picture(fenced), source_of(vc)
    one = told(source, fenced)
    with pytest.raises(CheckFailed) as refused:
        run(source.freeze(one, one.disks, "mtv-other-2-inspect", None, True))
    assert refused.value.fault.code == "source.fenced-by"
    assert "mtv-plan-1" in refused.value.fault.text
    assert picture(fenced) == before


def test_an_account_that_sees_few_vms_can_check(vc: VCenter, admin: Any) -> None:
    allow(admin, CONTROL, [])
    assert asyncio.run(alarm.findings(source_of(vc, CONTROL)._server)) == []
