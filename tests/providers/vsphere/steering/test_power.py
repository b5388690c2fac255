"""A guest is asked first and given time; then the plan's word is done, and nothing is taken for done unseen."""

import asyncio
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.providers.vsphere.steering import power as steering
from mtv.providers.vsphere.steering.server import Server
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import FENCE, Clock, machine, picture, power, run, steers, told
from tests.vcenter.server import NAMESPACES, Setup, VCenter, vcenter
from tests.vcenter.test_orders import autostart
from tests.vcenter.test_power import until


def test_a_guest_is_shut_down_and_started_again(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-power"), source_of(vc)
    vc.guest("steer-power", shutdown_ms=150)
    one = told(source, vm)
    for _ in range(2):
        run(source.power(one, "off", 30, "hold"))
        assert power(vm) == "off"
    for _ in range(2):
        run(source.power(one, "on", 30, "hold"))
        assert power(vm) == "on"
    run(source.close())
    assert [one["user"] for one in vc.state()["sessions"]] == ["administrator@vsphere.local"]  # the test's own


@pytest.mark.parametrize("deaf", [{"no_tools": True}, {"ignores_shutdown": True}], ids=str)
def test_who_does_not_shut_down_is_held_or_forced_as_the_plan_says(vc: VCenter, admin: Any, deaf: Any) -> None:
    vm, clock = machine(admin, "steer-deaf"), Clock()
    source = steers(source_of(vc), sleep=clock.sleep, clock=clock)
    vc.guest("steer-deaf", **deaf)
    one = told(source, vm)
    with pytest.raises(Held) as held:
        run(source.power(one, "off", 90, "hold"))
    assert held.value.fault.code == "source.shutdown"
    assert ("no VMware Tools" in held.value.fault.text) == ("no_tools" in deaf)
    assert (clock.now_s >= 90) == ("ignores_shutdown" in deaf)
    assert power(vm) == "on"
    run(source.power(one, "off", 1, "force"))
    assert power(vm) == "off"
    vc.guest("steer-deaf")


def test_looks_come_less_often_the_longer_it_takes(vc: VCenter, admin: Any) -> None:
    vm, clock = machine(admin, "steer-deaf"), Clock()
    source = steers(source_of(vc), sleep=clock.sleep, clock=clock)
    vc.guest("steer-deaf", ignores_shutdown=True)
    with pytest.raises(Held):
        run(source.power(told(source, vm), "off", 60, "hold"))
    vc.guest("steer-deaf")
    assert clock.slept == sorted(clock.slept[:-1]) + clock.slept[-1:]
    assert len(clock.slept) < 40


def test_a_suspended_vm_loses_its_memory_only_by_force(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-suspended"), source_of(vc)
    WaitForTask(vm.SuspendVM_Task())
    one = told(source, vm)
    with pytest.raises(Held, match="its memory would be lost"):
        run(source.power(one, "off", 1, "hold"))
    run(source.power(one, "off", 1, "force"))
    assert power(vm) == "off"


def test_a_vm_that_is_at_something_else_is_waited_for(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-busy"), source_of(vc)
    one = told(source, vm)
    vc.timings(task_ms=300)
    snapshot = vm.CreateSnapshot_Task(name="somebody's", memory=False, quiesce=False)
    vc.guest("steer-busy", no_tools=True)
    run(source.power(one, "off", 1, "force"))
    assert snapshot.info.state == "success"
    assert power(vm) == "off"
    vc.guest("steer-busy")


def test_no_wait_is_without_a_limit(vc: VCenter, admin: Any) -> None:
    vm, clock = machine(admin, "steer-slow", on=False), Clock()
    source = steers(source_of(vc), sleep=clock.sleep, clock=clock, source_task_s=20)
    vc.timings(task_ms=1500)
    with pytest.raises(Temporary) as slow:
        run(source.power(told(source, vm), "on", 1, "hold"))
    assert slow.value.fault.code == "source.slow"
    assert "steer-slow" in slow.value.fault.text
    assert until(lambda: vc.state()["running_tasks"] == [])


def test_a_cancelled_task_and_a_refusing_server_are_named(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-refused", on=False), source_of(vc)
    one = told(source, vm)
    vc.inject("PowerOnVM_Task", "NoDiskSpace", name="steer-refused", times=1)
    with pytest.raises(Held, match="make space|NoDiskSpace"):
        run(source.power(one, "on", 1, "hold"))
    vc.inject("PowerOnVM_Task", "InsufficientResourcesFault", name="steer-refused", times=1)
    with pytest.raises(MtvError, match="switching steer-refused on.*InsufficientResourcesFault"):
        run(source.power(one, "on", 1, "hold"))

    async def cancelled() -> None:
        vc.timings(task_ms=500)
        starting = asyncio.ensure_future(source.power(one, "on", 1, "hold"))
        while not vm.recentTask or vm.recentTask[-1].info.state != "running":
            await asyncio.sleep(0.02)
        vm.recentTask[-1].CancelTask()
        await starting

    with pytest.raises(MtvError) as stopped:
        run(cancelled())
    assert stopped.value.fault.code == "source.task-cancelled"
    assert until(lambda: vc.state()["running_tasks"] == [])


def test_somebody_may_be_quicker(vc: VCenter, admin: Any) -> None:
    """It was on when we looked, and off when we asked."""
    vm, source = machine(admin, "steer-quicker", on=False), source_of(vc)
    call = Server._call

    def late(self: Server, doing: str, act: Any, let: Any) -> Any:
        if doing.startswith("switching") and power(vm) == "off":
            WaitForTask(vm.PowerOnVM_Task())
        return call(self, doing, act, let)

    one = told(source, vm)
    with patch.object(Server, "_call", late):
        run(source.power(one, "on", 1, "hold"))
    assert power(vm) == "on"


def test_an_answer_that_nobody_can_read_is_an_error_and_no_defect(vc: VCenter, admin: Any) -> None:
    """A fault whose field is a word that pyVmomi's types do not have."""
    vm, source = machine(admin, "steer-odd", on=False), source_of(vc)
    vc.inject("PowerOnVM_Task", "InvalidPowerState", name="steer-odd", times=1)
    with pytest.raises(MtvError) as odd:
        run(source.power(told(source, vm), "on", 1, "hold"))
    assert odd.value.fault.code == "vsphere.odd-answer"


def test_who_stops_waiting_leaves_no_call_behind_his_back(vc: VCenter, admin: Any) -> None:
    """A step that is cancelled ends with the call that is under way, not before it."""
    vm, source = machine(admin, "steer-cancel", on=False), source_of(vc)
    one = told(source, vm)
    under_way: list[str] = []
    call = Server._call

    def slow(self: Server, doing: str, act: Any, let: Any) -> Any:
        under_way.append(doing)
        time.sleep(0.1)
        done = call(self, doing, act, let)
        under_way.remove(doing)
        return done

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await source.power(one, "on", 1, "hold")
        assert under_way == []

    with patch.object(Server, "_call", slow):
        run(impatient())


def test_a_session_that_is_lost_in_the_middle_of_a_task_is_begun_again(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-lost", on=False), source_of(vc)
    one = told(source, vm)
    vc.timings(task_ms=400)

    async def lose() -> None:
        starting = asyncio.ensure_future(source.power(one, "on", 1, "hold"))
        while not (await asyncio.to_thread(vc.state))["running_tasks"]:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(vc.expire)
        await starting

    run(lose())
    assert source.session.logins == 2
    with vc.connected() as again:
        assert str(vim.VirtualMachine(vm._moId, again._stub).runtime.powerState) == "poweredOn"


def test_a_vm_out_of_reach_is_held(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-away", on=False), source_of(vc)
    one = told(source, vm)
    vc.put(vm, "runtime.connectionState", "inaccessible")
    with pytest.raises(Held) as held:
        run(source.power(one, "on", 1, "hold"))
    vc.put(vm, "runtime.connectionState", "connected")
    assert held.value.fault.code == "source.unreachable"


def test_a_vm_that_is_gone_is_named(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-gone", on=False), source_of(vc)
    one = told(source, vm)
    WaitForTask(vm.Destroy_Task())
    with pytest.raises(MtvError) as gone:
        run(source.power(one, "off", 1, "hold"))
    assert gone.value.fault.code == "source.gone"


def test_without_the_right_it_is_named(vc: VCenter, admin: Any) -> None:
    from tests.vcenter.machines import allow
    from tests.vcenter.server import CONTROL

    vm = machine(admin, "steer-right", on=False)
    allow(admin, CONTROL, ["VirtualMachine.Interact.PowerOff"])
    source = source_of(vc, CONTROL)
    with pytest.raises(CheckFailed, match="needs the privilege VirtualMachine.Interact.PowerOn"):
        run(steering.on(source._server, vm._moId))


def test_a_host_that_asks_is_told_instead_of_waited_for(vc: VCenter, admin: Any) -> None:
    vm, source = machine(admin, "steer-asked", on=False), source_of(vc)
    one = told(source, vm)
    question = (
        f"<r {NAMESPACES}><val xsi:type='VirtualMachineQuestionInfo'><id>1</id><text>Moved or copied?</text><choice>"
        "<choiceInfo xsi:type='ElementDescription'><label>x</label><summary>x</summary><key>0</key></choiceInfo>"
        "</choice></val></r>"
    )
    vc.timings(task_ms=300)
    vc._control("property", {"type": "VirtualMachine", "id": vm._moId, "name": "runtime.question", "xml": question})
    with pytest.raises(Held, match="its host asks: Moved or copied") as held:
        run(source.power(one, "on", 1, "hold"))
    assert held.value.fault.code == "source.question"
    assert until(lambda: vc.state()["running_tasks"] == [])


def test_an_esxi_alone_is_steered_as_well(tmp_path: Path) -> None:
    """No cluster, no overrides; its own autostart."""
    with vcenter(tmp_path, Setup(kind="esxi", model={})) as alone, alone.connected() as service:
        vm = machine(service, "alone")
        autostart(vm, "powerOn")
        before, source = picture(vm), source_of(alone)
        one = told(source, vm)
        run(source.power(one, "off", 30, "hold"))
        run(source.fence(one, FENCE))
        manager = vm.runtime.host.configManager.autoStartManager
        assert (vm.name, manager.config.powerInfo[0].startAction) == ("alone (mtv-plan-1)", "none")
        run(source.release(run(source.freeze(one, one.disks, f"{FENCE}-final", None, False))))
        run(source.unfence(one, FENCE))
        run(source.power(one, "on", 30, "hold"))
        assert picture(vm) == before
        run(source.close())
