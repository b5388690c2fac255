"""A fence goes up and comes down without a trace, wherever its engine dies and whatever others do meanwhile."""

import asyncio
import json
import logging
from typing import Any
from unittest.mock import patch

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import CheckFailed, Held, MtvError
from mtv.model.estate import Level
from mtv.providers.vsphere.steering.marks import KEY, fenced_names
from mtv.providers.vsphere.steering.server import Server
from tests.providers.vsphere.opening import source_of
from tests.providers.vsphere.steering.acts import (
    FENCE,
    Crash,
    crashing,
    machine,
    nothing_left,
    picture,
    plain,
    power,
    reconfigure,
    run,
    told,
)  # fmt: skip
from tests.vcenter.server import VCenter
from tests.vcenter.test_orders import autostart

OTHER = "mtv-other-2"


def off(vm: Any) -> Any:
    if power(vm) != "off":
        WaitForTask(vm.PowerOffVM_Task())
    return vm


def override(vm: Any, priority: str = "", moves: bool | None = None) -> None:
    """What its cluster does with it, as an administrator would set it; nothing where nothing is said."""
    cluster = vm.runtime.host.parent
    known, spec = cluster.configurationEx, vim.cluster.ConfigSpecEx()
    for kind, rows in (("das", known.dasVmConfig), ("drs", known.drsVmConfig)):
        assert not [one for one in rows if one.key == vm], kind
    if priority:
        settings = vim.cluster.DasVmSettings(restartPriority=priority, isolationResponse="none")
        info = vim.cluster.DasVmConfigInfo(key=vm, dasSettings=settings)
        spec.dasVmConfigSpec = [vim.cluster.DasVmConfigSpec(operation="add", info=info)]
    if moves is not None:
        drs = vim.cluster.DrsVmConfigInfo(key=vm, enabled=moves, behavior="manual")
        spec.drsVmConfigSpec = [vim.cluster.DrsVmConfigSpec(operation="add", info=drs)]
    WaitForTask(cluster.ReconfigureComputeResource_Task(spec, True))


def cards(vm: Any) -> list[Any]:
    return [one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualEthernetCard)]


def two_cards(vm: Any) -> None:
    """The second one is not plugged in when the VM starts."""
    if len(cards(vm)) < 2:
        reconfigure(vm, deviceChange=[plug(vm, starts=False)])


def plug(vm: Any, starts: bool = True) -> Any:
    """One card more, on the network of the first."""
    network = vm.network[0]
    backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=network.name, network=network)
    connectable = vim.vm.device.VirtualDevice.ConnectInfo(
        startConnected=starts, connected=False, allowGuestControl=True
    )  # fmt: skip
    nic = vim.vm.device.VirtualVmxnet3(key=-301, backing=backing, connectable=connectable, addressType="assigned")
    return vim.vm.device.VirtualDeviceSpec(operation="add", device=nic)


@pytest.fixture
def ready(vc: VCenter, admin: Any) -> Any:
    """Off, with everything that a fence touches set to something."""
    vm = off(machine(admin, "fence-all", on=False))
    if not [one for one in vm.runtime.host.parent.configurationEx.dasVmConfig if one.key == vm]:
        two_cards(vm)
        override(vm, "high", True)
        autostart(vm, "powerOn", 3)
    return vm


def test_a_fenced_vm_is_told_apart_unplugged_and_started_by_nobody(vc: VCenter, ready: Any) -> None:
    before, source = picture(ready), source_of(vc)
    one = told(source, ready)
    for _ in range(2):
        run(source.fence(one, FENCE))
    now = picture(ready)
    assert now["name"] == "fence-all (mtv-plan-1)"
    (concern,) = (one for one in told(source, ready).concerns if one.id == "vsphere.fenced")
    assert (concern.level, "mtv-plan-1" in concern.text) == (Level.CRITICAL, True)
    assert [(one.connectable.connected, one.connectable.startConnected) for one in cards(ready)] == [(False, False)] * 2
    assert now["das"][0]["dasSettings"]["restartPriority"] == "disabled"
    assert (now["drs"][0]["enabled"], now["drs"][0]["behavior"]) == (False, "manual")
    assert (now["start"][0]["startAction"], now["start"][0]["startOrder"]) == ("none", 3)
    with pytest.raises(MtvError, match="is fenced by mtv-plan-1 and cannot start"):
        run(source.power(one, "on", 1, "force"))
    for _ in range(2):
        run(source.unfence(one, FENCE))
    assert picture(ready) == before
    assert told(source, ready).concerns == one.concerns
    nothing_left(vc, ready)


def test_what_was_not_set_is_not_set_afterwards(vc: VCenter, admin: Any) -> None:
    vm = off(machine(admin, "fence-bare", on=False))
    before, source = picture(vm), source_of(vc)
    assert (before["das"], before["drs"], before["start"]) == ([], [], [])
    one = told(source, vm)
    run(source.fence(one, FENCE))
    assert picture(vm)["das"][0]["dasSettings"]["restartPriority"] == "disabled"
    run(source.unfence(one, FENCE))
    assert picture(vm) == before


def test_a_vm_that_runs_is_not_fenced(vc: VCenter, admin: Any) -> None:
    """Somebody started it after it was shut down: nothing of it is changed, and nothing is noted."""
    vm = machine(admin, "fence-on")
    before, source = picture(vm), source_of(vc)
    with pytest.raises(Held) as held:
        run(source.fence(told(source, vm), FENCE))
    assert held.value.fault.code == "source.powered-on"
    assert "somebody started it" in held.value.fault.text
    assert picture(vm) == before
    nothing_left(vc, vm)


def test_a_card_that_was_plugged_in_by_hand_is_live_again(vc: VCenter, admin: Any) -> None:
    """Its start does not plug it in. The engine dies on the way there, and behind the start on the way back."""
    vm, source = machine(admin, "fence-live"), source_of(vc)
    (card,) = cards(vm)
    card.connectable.connected, card.connectable.startConnected = True, False
    reconfigure(vm, deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)])
    one, before = told(source, vm), picture(vm)
    with pytest.raises(Crash), crashing(2):
        run(source.power(one, "off", 30, "force"))
    run(source.power(one, "off", 30, "force"))
    run(source.fence(one, FENCE))
    assert not cards(vm)[0].connectable.connected
    run(source.unfence(one, FENCE))
    assert not cards(vm)[0].connectable.connected
    with pytest.raises(Crash), crashing(1):
        run(source.power(one, "on", 30, "hold"))
    for _ in range(2):
        run(source.power(one, "on", 30, "hold"))
    assert picture(vm) == before
    nothing_left(vc, vm)


def test_wherever_an_engine_dies_the_next_one_ends_the_same(vc: VCenter, ready: Any) -> None:
    before, source = picture(ready), source_of(vc)
    one = told(source, ready)
    run(source.fence(one, FENCE))
    fenced = without_note(picture(ready))
    run(source.unfence(one, FENCE))
    assert picture(ready) == before
    hit = 0
    for act in ("fence", "unfence"):
        for at in range(100):
            if act == "unfence":
                run(source.fence(one, FENCE))
            try:
                with crashing(at):
                    run(getattr(source_of(vc), act)(one, FENCE))
                break
            except Crash:
                hit += 1
            if act == "fence" and at % 3 == 0:
                run(source_of(vc).unfence(one, FENCE))  # the next one undoes it
                assert picture(ready) == before, at
            run(source_of(vc).fence(one, FENCE)) if act == "fence" else run(source_of(vc).unfence(one, FENCE))
            if act == "fence":
                assert without_note(picture(ready)) == fenced, at
                run(source_of(vc).unfence(one, FENCE))
            assert picture(ready) == before, at
    assert hit >= 14, "a fence has four changes, taking it down three"
    nothing_left(vc, ready)


def without_note(seen: dict[str, Any]) -> dict[str, Any]:
    extra = {key: value for key, value in seen["config"]["extraConfig"].items() if key != KEY}
    return {**seen, "config": {**seen["config"], "extraConfig": extra}}


def test_another_runs_fence_is_refused_and_named(vc: VCenter, ready: Any) -> None:
    source = source_of(vc)
    one = told(source, ready)
    run(source.fence(one, FENCE))
    fenced = picture(ready)
    with pytest.raises(CheckFailed) as refused:
        run(source_of(vc).fence(one, OTHER))
    assert refused.value.fault.code == "source.fenced-by"
    assert "mtv-plan-1" in refused.value.fault.text
    assert refused.value.fault.hint.endswith("mtv rollback plan-1")
    for name in (OTHER, f"{FENCE}~3f9c21"):  # a run of that name in another store
        with pytest.raises(CheckFailed):
            run(source_of(vc).fence(one, name))
        run(source_of(vc).unfence(one, name))
    assert picture(ready) == fenced
    run(source.unfence(one, FENCE))


def test_of_two_engines_that_come_at_once_one_wins(vc: VCenter, ready: Any) -> None:
    before = picture(ready)
    one = told(source_of(vc), ready)
    names = (FENCE, OTHER, "mtv-third-3")

    async def race() -> list[BaseException | None]:
        return await asyncio.gather(*(source_of(vc).fence(one, name) for name in names), return_exceptions=True)

    lost = run(race())
    assert [type(error) for error in lost].count(CheckFailed) == 2, lost
    winner = names[lost.index(None)]
    assert ready.name == f"fence-all ({winner})"
    assert all(winner in str(error) for error in lost if error)
    run(source_of(vc).unfence(one, winner))
    assert picture(ready) == before


def test_a_note_that_came_between_is_seen(vc: VCenter, ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other engine writes its note after we looked and before we write."""
    from mtv.providers.vsphere.steering import fence as steering

    source, survey = source_of(vc), steering._survey
    one = told(source, ready)
    run(source_of(vc).fence(one, OTHER))
    note = {item.key: item.value for item in ready.config.extraConfig}[KEY]
    run(source_of(vc).unfence(one, OTHER))

    async def late(*args: Any) -> Any:
        made = await survey(*args)
        value = vim.option.OptionValue(key=KEY, value=note)
        await asyncio.to_thread(reconfigure, ready, extraConfig=[value])
        return made

    monkeypatch.setattr(steering, "_survey", late)
    with pytest.raises(CheckFailed, match=OTHER):
        run(source.fence(one, FENCE))
    monkeypatch.undo()
    assert ready.name == "fence-all"
    run(source.unfence(one, OTHER))
    nothing_left(vc, ready)


@pytest.mark.parametrize("name", ["a%2fb", "x" * 80, "per%25cent", "🦊 fox", "שלום", "=1+2"])
def test_strange_names_come_back(vc: VCenter, admin: Any, name: str) -> None:
    vm = off(machine(admin, "fence-name", on=False))
    source = source_of(vc)
    reconfigure(vm, name=name)
    one = told(source, vm)
    run(source.fence(one, FENCE))
    assert vm.name.endswith(" (mtv-plan-1)")
    assert len(told(source, vm).name) <= 80
    run(source.unfence(one, FENCE))
    assert vm.name == name
    reconfigure(vm, name="fence-name")


def test_a_name_that_is_taken_gets_the_vms_id(vc: VCenter, admin: Any) -> None:
    vm = off(machine(admin, "fence-twin", on=False))
    before, source = picture(vm), source_of(vc)
    one = told(source, vm)
    call = Server._call

    def taken(self: Server, doing: str, act: Any, let: Any) -> Any:
        if "fencing it" in doing and vim.fault.DuplicateName in let:
            raise vim.fault.DuplicateName(name="fence-twin (mtv-plan-1)")
        return call(self, doing, act, let)

    with patch.object(Server, "_call", taken):
        run(source.fence(one, FENCE))
    assert vm.name == f"fence-twin {vm._moId} (mtv-plan-1)"
    run(source.fence(one, FENCE))
    run(source.unfence(one, FENCE))
    assert picture(vm) == before


@pytest.mark.parametrize("run_name", ["mtv-p-1", "mtv-p-1~3f9c21", "mtv-" + "long" * 15 + "-12~3f9c21"])
def test_names_fit_and_say_whose_they_are(run_name: str) -> None:
    for name in ("db", "x" * 80, "ab" * 39):
        first, second = fenced_names(name, run_name, "vm-1234567")
        assert max(len(first), len(second)) <= 80
        assert first != second
        assert "(mtv-" in first
        assert first.endswith(run_name[-8:] + ")")
        assert first.startswith(name[:10])
        assert "vm-1234567" in second


def test_what_others_change_meanwhile_stays(vc: VCenter, ready: Any, caplog: pytest.LogCaptureFixture) -> None:
    before, source = picture(ready), source_of(vc)
    one = told(source, ready)
    run(source.fence(one, FENCE))
    first = cards(ready)[0]
    first.connectable.startConnected = first.connectable.connected = True
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=first)
    reconfigure(ready, name="mine now", annotation="do not touch", deviceChange=[edit])
    autostart(ready, "systemDefault", 9)
    with caplog.at_level(logging.WARNING):
        run(source.unfence(one, FENCE))
    now = picture(ready)
    assert (now["name"], now["annotation"]) == ("mine now", "do not touch")
    assert "renamed by somebody" in caplog.text
    assert now["start"][0]["startAction"] == "systemDefault"
    assert now["das"] == before["das"]
    assert now["drs"] == before["drs"]
    nothing_left(vc, ready)
    reconfigure(ready, name="fence-all", annotation=" ")


def test_a_card_that_came_after_the_note_is_unplugged_too(vc: VCenter, admin: Any) -> None:
    vm = off(machine(admin, "fence-late", on=False))
    source = source_of(vc)
    one = told(source, vm)
    with pytest.raises(Crash), crashing(1):
        run(source.fence(one, FENCE))
    reconfigure(vm, deviceChange=[plug(vm)])
    before = cards(vm)
    run(source.fence(one, FENCE))
    assert not any(one.connectable.startConnected for one in cards(vm))
    run(source.unfence(one, FENCE))
    assert {one.key: plain(one) for one in cards(vm)} == {one.key: plain(one) for one in before}


def test_a_fence_that_comes_down_from_a_vm_that_runs_plugs_it_in(vc: VCenter, ready: Any) -> None:
    """Somebody needed it and started it; then its move was rolled back."""
    before, source = picture(ready), source_of(vc)
    one = told(source, ready)
    run(source.fence(one, FENCE))
    WaitForTask(ready.PowerOnVM_Task())
    run(source.unfence(one, FENCE))
    plugged = {one.key: one.connectable.connected for one in cards(ready)}
    assert plugged == {one.key: one.connectable.startConnected for one in cards(ready)}
    assert True in plugged.values()
    WaitForTask(ready.PowerOffVM_Task())
    assert picture(ready) == before


def test_a_template_cannot_start_and_is_left_as_it_is(vc: VCenter, admin: Any) -> None:
    vm = off(machine(admin, "fence-template", on=False))
    vm.MarkAsTemplate()
    before, source = picture(vm), source_of(vc)
    one = told(source, vm)
    run(source.power(one, "off", 1, "hold"))
    run(source.fence(one, FENCE))
    run(source.unfence(one, FENCE))
    assert picture(vm) == before
    vm.MarkAsVirtualMachine(pool=vm.runtime.host.parent.resourcePool)


def test_a_note_that_somebody_spoilt_holds(vc: VCenter, admin: Any) -> None:
    vm = off(machine(admin, "fence-spoilt", on=False))
    source = source_of(vc)
    one = told(source, vm)
    for spoilt in ("{", "[]", '{"run": 7}', json.dumps({"run": "mtv-x-1", "name": "x", "power": "off", "odd": 1})):
        reconfigure(vm, extraConfig=[vim.option.OptionValue(key=KEY, value=spoilt)])
        for act in (source.fence, source.unfence):
            with pytest.raises(Held) as held:
                run(act(one, FENCE))
            assert held.value.fault.code == "source.note"
    reconfigure(vm, extraConfig=[vim.option.OptionValue(key=KEY, value="")])
    assert vm.name == "fence-spoilt"


def test_no_secret_is_in_the_note(vc: VCenter, ready: Any) -> None:
    source = source_of(vc)
    one = told(source, ready)
    run(source.fence(one, FENCE))
    text = json.dumps(picture(ready), default=str)
    assert not [word for word in vc.setup.accounts.values() if word in text]
    run(source.unfence(one, FENCE))
