"""A whole estate, then only what changed; strange names; parts that fail."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import Refused
from mtv.model.estate import VM, Datastore, Level, Network, Removal
from mtv.model.infrastructure import Cluster, Host, Occurrence, Place, Policy, Switch
from mtv.providers.vsphere.objects import stores
from tests.providers.vsphere.opening import change, read, source_of, vms
from tests.vcenter.machines import Wish, make, root
from tests.vcenter.server import VCenter

STRANGE = ("a/b", "per%cent", "back\\slash", "line\nbreak", "🦊 fox", "שלום", "x" * 80, "=1+2", "<&>\"'", "%2f")


def test_everything_is_told_with_its_names(vc: VCenter, made: Any) -> None:
    found, _ = read(source_of(vc))
    kinds = {type(one) for one in found}
    assert {VM, Datastore, Network, Host, Cluster, Place, Switch, Occurrence, Policy} <= kinds
    db = vms(found)["db01"]
    assert db.id == made._moId
    assert (db.datacenter, db.path, db.power, db.os_id) == ("DC0", "/DC0/vm/db01", "off", "debian12_64Guest")
    assert db.os_family == "linux"
    assert db.cluster == "DC0_C0"
    assert db.host.startswith("DC0_C0_H")
    assert db.tracking
    assert [(one.size_bytes, one.datastore, one.controller, one.unit) for one in db.disks] == [
        (8 << 20, "LocalDS_0", "pvscsi", 0), (16 << 20, "LocalDS_1", "pvscsi", 1),
    ]  # fmt: skip
    assert [(one.model, one.network, one.kind) for one in db.nics] == [("vmxnet3", db.nics[0].network, db.nics[0].kind)]
    assert db.nics[0].network in {one.name for one in found if isinstance(one, Network)}
    assert all(one.source == "vc" for one in found if isinstance(one, VM | Host))
    left = [one for one in vc.state()["sessions"] if one["agent"] == "mtv"]
    assert not left, "logged out, and with it views and filters are gone"


def test_pyvmomi_sees_the_same(vc: VCenter, admin: Any, made: Any) -> None:
    """An independent client, property by property."""
    mine = {one.id: one for one in vms(read(source_of(vc))[0]).values()}
    view = admin.content.viewManager.CreateContainerView(admin.content.rootFolder, [vim.VirtualMachine], True)
    theirs = {one._moId: one for one in view.view}
    assert set(mine) == set(theirs)
    for id_, one in theirs.items():
        found, config = mine[id_], one.config
        disks = [device for device in config.hardware.device if isinstance(device, vim.vm.device.VirtualDisk)]
        cards = [device for device in config.hardware.device if isinstance(device, vim.vm.device.VirtualEthernetCard)]
        assert (found.name, found.uuid, found.instance) == (one.name, config.uuid, config.instanceUuid)
        assert (found.cpus, found.memory_bytes >> 20) == (config.hardware.numCPU, config.hardware.memoryMB)
        assert {disk.key: disk.path for disk in found.disks} == {str(disk.key): file(disk) for disk in disks}
        assert {nic.key: nic.mac for nic in found.nics} == {str(card.key): card.macAddress for card in cards}
        assert found.host == one.runtime.host.name
        assert found.pool == (one.resourcePool.name if one.resourcePool else "")  # a template has none


def file(disk: Any) -> str:
    return str(disk.backing.fileName)


@pytest.mark.parametrize("name", STRANGE)
def test_strange_names_are_right(vc: VCenter, admin: Any, made: Any, name: str) -> None:
    WaitForTask(made.Rename_Task(name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")))
    source = source_of(vc)
    found, _ = read(source, close=False)
    told = next(one for one in found if isinstance(one, VM) and one.id == made._moId)
    WaitForTask(made.Rename_Task("db01"))
    assert told.name == name
    assert told.path.count("/") == 3, "a slash in a name is no step of a path"


def test_two_folders_may_hold_the_same_name(vc: VCenter, admin: Any, made: Any) -> None:
    folder = root(admin).vmFolder.CreateFolder("finance")
    WaitForTask(folder.MoveIntoFolder_Task([made]))
    twin = make(admin, Wish("db02"))
    try:
        WaitForTask(twin.Rename_Task("db01"))
        found, _ = read(source_of(vc))
        paths = {one.path for one in found if isinstance(one, VM) and one.name == "db01"}
        assert paths == {"/DC0/vm/finance/db01", "/DC0/vm/db01"}
    finally:
        WaitForTask(root(admin).vmFolder.MoveIntoFolder_Task([made]))
        WaitForTask(twin.Destroy_Task())
        WaitForTask(folder.Destroy_Task())


@pytest.mark.parametrize("same_process", [True, False])
def test_only_what_changed_is_told_again(vc: VCenter, admin: Any, made: Any, same_process: bool) -> None:
    source = source_of(vc)
    found, since = read(source, close=not same_process)
    others = {type(one) for one in read(source if same_process else source_of(vc), since, close=not same_process)[0]}
    assert VM not in others
    change(made, numCPUs=4)
    again, later = read(source if same_process else source_of(vc), since, close=not same_process)
    assert [(one.name, one.cpus) for one in again if isinstance(one, VM)] == [("db01", 4)]
    assert later != since
    third, _ = read(source if same_process else source_of(vc), later)
    assert not vms(third)


def test_a_power_state_a_tag_of_a_field_and_a_removal_are_changes(vc: VCenter, admin: Any) -> None:
    one = make(admin, Wish("web"))
    source = source_of(vc)
    _, since = read(source, close=False)
    WaitForTask(one.PowerOnVM_Task())
    found, since = read(source, since, close=False)
    assert vms(found)["web"].power == "on"
    field = admin.content.customFieldsManager.AddCustomFieldDef("owner", vim.VirtualMachine)
    admin.content.customFieldsManager.SetField(one, field.key, "ann")
    found, _ = read(source_of(vc), since)  # the simulator does not tell collectors of fields; a vCenter does
    assert vms(found)["web"].attributes == {"owner": "ann"}
    admin.content.customFieldsManager.RemoveCustomFieldDef(field.key)
    WaitForTask(one.PowerOffVM_Task())
    WaitForTask(one.Destroy_Task())
    found, _ = read(source, since)
    assert Removal("vm", one._moId) in found


def test_a_renamed_datastore_changes_what_lies_on_it(vc: VCenter, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator renames no datastore."""
    with monkeypatch.context() as patch:
        real = stores.datastore
        patch.setattr(stores, "datastore", lambda *told: replace(real(*told), name=f"old {told[0].ref}"))
        _, since = read(source_of(vc))
    found, _ = read(source_of(vc), since)
    assert vms(found)["db01"].disks[1].datastore == "LocalDS_1"


def test_a_lost_session_begins_the_scan_again(vc: VCenter, made: Any) -> None:
    source = source_of(vc)
    _, since = read(source, read(source, close=False)[1], close=False)  # the second one begins the scan
    vc.expire()
    change_of_others = read(source, since)[0]
    assert not vms(change_of_others)
    assert source.session.logins == 2


def test_another_versions_revision_means_everything(vc: VCenter, made: Any) -> None:
    for since in ("", "r17", '{"v":2}', "[]"):
        assert "db01" in vms(read(source_of(vc), since)[0])


def test_one_vm_now(vc: VCenter, made: Any) -> None:
    source = source_of(vc)
    found, _ = read(source, close=False)
    assert asyncio.run(source.vm(made._moId)) == vms(found)["db01"]
    with pytest.raises(Refused, match="no-such-vm"):
        asyncio.run(source.vm("no-such-vm"))
    asyncio.run(source.close())


def test_snapshots_and_their_disks(vc: VCenter, made: Any) -> None:
    WaitForTask(made.CreateSnapshot_Task("before", "why not", False, False))
    WaitForTask(made.CreateSnapshot_Task("later", "", False, False))
    try:
        db = vms(read(source_of(vc))[0])["db01"]
        assert [(one.name, one.current) for one in db.snapshots] == [("before", False), ("later", True)]
        assert db.snapshots[1].parent == db.snapshots[0].id
        assert [len(one.parents) for one in db.disks] == [2, 2]
        assert [one.level for one in db.concerns if one.id == "vsphere.snapshots"] == [Level.INFO]
    finally:
        WaitForTask(made.RemoveAllSnapshots_Task())


def test_of_a_vms_own_settings_those_that_matter_are_told(vc: VCenter, made: Any) -> None:
    wanted = {"disk.EnableUUID": "TRUE", "numa.nodeAffinity": "0"}
    told = [vim.option.OptionValue(key=key, value=value) for key, value in {**wanted, "other": "x"}.items()]
    change(made, extraConfig=told)
    db = vms(read(source_of(vc))[0])["db01"]
    assert (db.settings, db.numa_nodes) == (wanted, "0")


def test_no_account_is_refused(vc: VCenter) -> None:
    from mtv.providers.vsphere import VSphere

    with pytest.raises(Refused, match="no account"):
        VSphere("vc", vc.url, {})
