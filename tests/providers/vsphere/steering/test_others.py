"""A VM that somebody else holds is refused while it runs, with what ends that hold."""

from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.errors import CheckFailed
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import FENCE, machine, picture, run, told
from tests.vcenter.server import VCenter
from tests.vcenter.test_snapshots import snap


@pytest.mark.parametrize(
    ("name", "hint"),
    [("mtv-plan-1~3f9c21-inspect", "mtv rollback plan-1"), ("mtv-inspect~0a1b2c3d", "removes the snapshot"),
     ("mtv-inspect-2~3f9c21-pass-1", "mtv rollback inspect-2")],
)  # fmt: skip
def test_a_point_is_found_before_the_vm_is_switched_off(vc: VCenter, admin: Any, name: str, hint: str) -> None:
    vm = machine(admin, "others-point")
    snap(vm, name)
    before, source = picture(vm), source_of(vc)
    one = told(source, vm)
    with pytest.raises(CheckFailed, match=name) as refused:
        run(source.foresee(one, one.disks))
    assert refused.value.fault.code == "source.point-of-other"
    assert hint in refused.value.fault.hint
    assert ("mtv rollback" in hint) == ("mtv rollback" in refused.value.fault.hint)
    assert picture(vm) == before
    WaitForTask(vm.RemoveAllSnapshots_Task())
    assert run(source.foresee(told(source, vm), one.disks))


def test_a_fence_is_found_too(vc: VCenter, admin: Any) -> None:
    vm = machine(admin, "others-fence", on=False)
    source = source_of(vc)
    one = told(source, vm)
    run(source.fence(one, FENCE))
    with pytest.raises(CheckFailed) as refused:
        run(source.foresee(one, one.disks))
    assert refused.value.fault.code == "source.fenced-by"
    (concern,) = (one for one in told(source, vm).concerns if one.id == "vsphere.fenced")
    for hint in (refused.value.fault.hint, concern.hint):
        assert "mtv rollback" in hint
    run(source.unfence(one, FENCE))
