"""Power in the simulator: guests take their time, and need tools; a VM does one thing at a time."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.machines import Wish, make
from tests.vcenter.server import VCenter


def until(true: Callable[[], bool], limit_s: float = 5) -> bool:
    """The server's clock is real: look until it is so, or the limit is over."""
    deadline = time.monotonic() + limit_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def power(vm: Any) -> str:
    return str(vm.runtime.powerState)


def running(service: Any, name: str) -> Any:
    vm = make(service, Wish(name))
    WaitForTask(vm.PowerOnVM_Task())
    assert until(lambda: vm.guest.toolsRunningStatus == "guestToolsRunning")
    return vm


def test_a_guest_takes_its_time_to_shut_down(vc: VCenter, admin: Any) -> None:
    vm = running(admin, "power-slow")
    vc.guest("power-slow", shutdown_ms=300)
    began = time.monotonic()
    vm.ShutdownGuest()
    assert power(vm) == "poweredOn"
    assert until(lambda: power(vm) == "poweredOff")
    assert time.monotonic() - began >= 0.3


def test_without_tools_nobody_shuts_down(vc: VCenter, admin: Any) -> None:
    vm = running(admin, "power-tools")
    assert vm.guest.toolsRunningStatus == "guestToolsRunning"
    vc.guest("power-tools", no_tools=True)
    assert vm.guest.toolsRunningStatus == "guestToolsNotRunning"
    with pytest.raises(vim.fault.ToolsUnavailable):
        vm.ShutdownGuest()
    assert power(vm) == "poweredOn"


def test_a_guest_may_not_listen(vc: VCenter, admin: Any) -> None:
    vm = running(admin, "power-deaf")
    vc.guest("power-deaf", ignores_shutdown=True)
    vm.ShutdownGuest()
    assert not until(lambda: power(vm) == "poweredOff", 0.3)
    WaitForTask(vm.PowerOffVM_Task())
    assert power(vm) == "poweredOff"


def test_who_is_off_cannot_be_shut_down(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("power-off"))
    with pytest.raises(vim.fault.InvalidPowerState):
        vm.ShutdownGuest()


def test_tasks_take_time_and_exclude_each_other(vc: VCenter, admin: Any) -> None:
    vm = make(admin, Wish("power-tasks"))
    vc.timings(task_ms=300)
    task = vm.PowerOnVM_Task()
    assert task.info.state in ("queued", "running")
    with pytest.raises(vim.fault.TaskInProgress):
        vm.CreateSnapshot_Task(name="too early", memory=False, quiesce=False)
    WaitForTask(task)
    assert power(vm) == "poweredOn"
    assert (task.info.completeTime - task.info.startTime).total_seconds() >= 0.3
