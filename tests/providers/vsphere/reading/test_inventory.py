"""What fails, goes or changes while everything is read."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import MtvError
from mtv.model.estate import VM, Network, Removal
from mtv.model.infrastructure import Gap, Host
from mtv.providers.vsphere.objects import vm as reader
from mtv.providers.vsphere.objects.told import Props
from mtv.providers.vsphere.objects.vm import Around
from mtv.providers.vsphere.reading import collector, survey, watch
from mtv.providers.vsphere.reading.pages import Page, Pages
from mtv.providers.vsphere.reading.survey import Survey
from mtv.providers.vsphere.reading.tree import View
from mtv.providers.vsphere.wire.soap import Ref, SoapFault
from tests.providers.vsphere.opening import change, read, source_of, vms
from tests.vcenter.machines import Wish, make
from tests.vcenter.server import VCenter


@pytest.mark.parametrize("name", [name for name, _ in survey.PARTS])
def test_a_part_that_fails_is_named_and_the_rest_goes_on(
    vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(*_: object) -> None:
        raise SoapFault("NotSupported", "not today", {})

    monkeypatch.setattr(survey, "PARTS", [(one, fail if one == name else does) for one, does in survey.PARTS])
    found, _ = read(source_of(vc))
    gaps = {one.name: one for one in found if isinstance(one, Gap)}
    assert "not today" in gaps[name].text
    assert gaps[name].hint
    assert "db01" in vms(found)


def test_a_session_that_is_lost_between_parts_leaves_no_gap(
    vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view of what is read goes with it."""

    def lost(view: View, made: Survey) -> None:
        vc.expire()

    usual, _ = read(source_of(vc))
    parts = list(survey.PARTS)
    monkeypatch.setattr(survey, "PARTS", [*parts[:3], ("luck", lost), *parts[3:]])
    source = source_of(vc)
    found, _ = read(source)
    assert source.session.logins == 2
    assert [one for one in found if isinstance(one, Gap)] == [one for one in usual if isinstance(one, Gap)]
    assert [one for one in found if isinstance(one, Host)] == [one for one in usual if isinstance(one, Host)]


def test_a_gap_that_is_mended_is_removed(vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MtvError("vsphere.tags", "no tags today")

    with monkeypatch.context() as patch:
        patch.setattr(survey, "PARTS", [(one, fail if one == "events" else does) for one, does in survey.PARTS])
        _, since = read(source_of(vc))
    found, _ = read(source_of(vc), since)
    assert Removal("gap", "events") in found


@pytest.mark.parametrize("part", ["datastores", "networks", "pools", "attributes"])
def test_what_a_gap_hid_of_vms_is_read_by_the_next_refresh(
    vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail(*_: object) -> None:
        raise MtvError("vsphere.tags", "not today")

    with monkeypatch.context() as patch:
        patch.setattr(survey, "PARTS", [(one, fail if one == part else does) for one, does in survey.PARTS])
        hidden, since = read(source_of(vc))
    found, later = read(source_of(vc), since)
    db = vms(found)["db01"]
    assert (db.disks[0].datastore, db.pool) == ("LocalDS_0", "Resources")
    assert db.nics[0].network in {one.name for one in found if isinstance(one, Network)} or part != "networks"
    assert len(vms(found)) == len(vms(hidden))
    assert not vms(read(source_of(vc), later)[0])


def test_an_attribute_that_is_renamed_changes_vms(vc: VCenter, admin: Any, made: Any) -> None:
    manager = admin.content.customFieldsManager
    field = manager.AddCustomFieldDef(name="owner of it", moType=vim.VirtualMachine)
    made.setCustomValue(key="owner of it", value="alice")
    try:
        found, since = read(source_of(vc))
        assert vms(found)["db01"].attributes["owner of it"] == "alice"
        manager.RenameCustomFieldDef(key=field.key, name="owner")
        assert vms(read(source_of(vc), since)[0])["db01"].attributes["owner"] == "alice"
    finally:
        manager.RemoveCustomFieldDef(key=field.key)


@pytest.mark.parametrize(("path", "value", "then"), [
    ("runtime.connectionState", "inaccessible", "connected"), ("runtime.consolidationNeeded", True, False),
])  # fmt: skip
def test_a_vm_that_falls_ill_is_read_again(vc: VCenter, made: Any, path: str, value: Any, then: Any) -> None:
    """Nobody reconfigured it: its host or its storage did that to it."""
    before, since = read(source_of(vc))
    vc.put(made, path, value)
    try:
        found, _ = read(source_of(vc), since)
    finally:
        vc.put(made, path, then)
    (one,) = vms(found).values()
    assert (one.state, one.consolidate) == (value, False) if path.endswith("State") else ("connected", True)
    assert one.concerns != vms(before)["db01"].concerns


def test_a_vm_that_cannot_be_understood_is_a_gap_and_read_again(
    vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = reader.read

    def odd(ref: Ref, props: Props, around: Around, revision: str) -> VM:
        if ref == made._moId:
            raise ValueError("what is this?")
        return real(ref, props, around, revision)

    with monkeypatch.context() as patch:
        patch.setattr(reader, "read", odd)
        found, since = read(source_of(vc))
    assert [one.id for one in found if isinstance(one, Gap) and one.id.startswith("vm/")] == [f"vm/{made._moId}"]
    assert "db01" not in vms(found)
    found, _ = read(source_of(vc), since)
    assert set(vms(found)) == {"db01"}
    assert Removal("gap", f"vm/{made._moId}") in found


def test_a_vm_that_goes_while_we_read_is_left_out(vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, now = collector.listed, watch.Watch.now
    monkeypatch.setattr(collector, "listed", lambda *told: [*listed(*told), "vm-9999"])
    monkeypatch.setattr(watch.Watch, "now", lambda self: {**now(self), "vm-8888": {}})
    first, since = read(source_of(vc))
    assert "db01" in vms(first)
    then, _ = read(source_of(vc), since)
    assert not [one for one in first + then if isinstance(one, Gap) and one.id.startswith("vm/")]


def renamed(vm: Any) -> None:
    WaitForTask(vm.Rename_Task("quick"))


def reconfigured(vm: Any) -> None:
    change(vm, numCPUs=3)


def switched_on(vm: Any) -> None:
    WaitForTask(vm.PowerOnVM_Task())


def migrated(vm: Any) -> None:
    """As DRS does: to the cluster's next host."""
    hosts = [host for host in vm.runtime.host.parent.host if host._moId != vm.runtime.host._moId]
    WaitForTask(vm.RelocateVM_Task(vim.vm.RelocateSpec(host=hosts[0])))


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("happens", [renamed, reconfigured, switched_on, migrated])
def test_what_changes_while_we_read_is_told_now_or_next(
    vc: VCenter, admin: Any, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Any], None], is_first: bool
) -> None:
    """Before the VM's own page: a first reading tells what is then, an update has scanned what was before."""
    one = make(admin, Wish("moving"))
    host, real = one.runtime.host, Pages.page
    coming, turn = [happens], threading.Lock()

    def page(self: Pages, ids: Sequence[str], tries: int = 3) -> Page:
        with turn:  # pages are read two at a time
            if coming:
                coming.pop()(one)
        return real(self, ids, tries)

    try:
        since = None if is_first else read(source_of(vc))[1]
        change(one, annotation="to be read")
        monkeypatch.setattr(Pages, "page", page)
        told, since = read(source_of(vc), since)
        again, later = read(source_of(vc), since)
        assert [found.id for found in again if isinstance(found, VM)] == ([] if is_first else [one._moId])
        (truth,) = [found for found in read(source_of(vc))[0] if isinstance(found, VM) and found.id == one._moId]
        assert truth in (told if is_first else again)
        assert not vms(read(source_of(vc), later)[0])
    finally:
        if one.runtime.powerState == "poweredOn":
            WaitForTask(one.PowerOffVM_Task())
        WaitForTask(one.RelocateVM_Task(vim.vm.RelocateSpec(host=host)))  # else the simulator goes on listing it
        WaitForTask(one.Destroy_Task())


def test_a_server_that_is_gone_at_the_end_is_no_error(vc: VCenter, made: Any) -> None:
    source = source_of(vc)
    read(source, close=False)
    vc.spoil("/sdk", "status", status=503, times=50)
    asyncio.run(source.close())
    vc.mend()
