"""What a vCenter is told about a VM in the simulator: by the VM's own settings, by its host's autostart."""

from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.machines import Wish, allow, disallow, make
from tests.vcenter.server import COPY, VCenter
from tests.vcenter.test_rights import as_user


def autostart(vm: Any, action: str, order: int = 1) -> Any:
    manager = vm.runtime.host.configManager.autoStartManager
    info = vim.host.AutoStartManager.AutoPowerInfo(
        key=vm, startOrder=order, startDelay=5, waitForHeartbeat="no", startAction=action, stopDelay=6,
        stopAction="guestShutdown",
    )  # fmt: skip
    manager.ReconfigureAutostart(vim.host.AutoStartManager.Config(powerInfo=[info]))
    return manager


def test_a_change_of_what_a_vm_was_is_refused(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("orders-stale"))
    seen = vm.config.changeVersion
    WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(annotation="first", changeVersion=seen)))
    with pytest.raises(vim.fault.ConcurrentAccess):
        vm.ReconfigVM_Task(vim.vm.ConfigSpec(annotation="second", changeVersion=seen))
    assert vm.config.annotation == "first"


def test_a_host_keeps_an_entry_for_each_vm_that_it_is_told_of(vc: VCenter, admin: Any) -> None:
    one, other = make(admin, Wish("orders-one")), make(admin, Wish("orders-other"))
    autostart(one, "powerOn", 1)
    manager = autostart(other, "powerOn", 2)
    autostart(one, "none", 1)
    entries = {entry.key: entry for entry in manager.config.powerInfo}
    assert (entries[one].startAction, entries[other].startAction) == ("none", "powerOn")
    assert (entries[one].startDelay, entries[one].stopAction) == (5, "guestShutdown")


def test_autostart_needs_its_right_on_the_host(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("orders-right"))
    allow(admin, COPY, [])
    with vc.connected(COPY) as service:
        with pytest.raises(vim.fault.NoPermission) as refused:
            autostart(as_user(vim.VirtualMachine, vm, service), "none")
        assert refused.value.privilegeId == "Host.Config.AutoStart"
        allow(admin, COPY, ["Host.Config.AutoStart"], on=vm.runtime.host)
        autostart(as_user(vim.VirtualMachine, vm, service), "none")
    disallow(admin, COPY, vm.runtime.host)
