"""A loaded estate is whole, and its VMs can be worked with as if they had been made in the simulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.estate import FOLDERS, estate, shown
from tests.vcenter.machines import write
from tests.vcenter.server import Setup, VCenter, folder_path, vcenter
from tests.vcenter.shape import ODD_NAMES, Shape
from tests.vcenter.test_folder import cookie
from tests.vcenter.test_power import until
from tests.vcenter.test_snapshots import chain, snap

COUNT = 120


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VCenter]:
    with vcenter(tmp_path_factory.mktemp("estate"), Setup(load=estate(COUNT))) as server:
        yield server


@pytest.fixture
def service(loaded: VCenter) -> Iterator[Any]:
    with loaded.connected() as service:
        yield service


def machine(service: Any, number: int) -> Any:
    return vim.VirtualMachine(Shape(number).id, service._stub)


def test_every_vm_is_there_with_its_name(service: Any) -> None:
    view = service.content.viewManager.CreateContainerView(service.content.rootFolder, [vim.VirtualMachine], True)
    assert sorted(vm.name for vm in view.view) == sorted(Shape(number).name for number in range(COUNT))
    assert {Shape(number).name for number in range(8)} == set(ODD_NAMES)
    folders = service.content.viewManager.CreateContainerView(service.content.rootFolder, [vim.Folder], True)
    assert set(map(shown, FOLDERS)) <= {folder.name for folder in folders.view}


@pytest.mark.parametrize("number", [0, 3, 21, 22, 23, 55])
def test_a_vm_is_as_its_number_says(service: Any, number: int) -> None:
    vm, shape = machine(service, number), Shape(number)
    devices = vm.config.hardware.device
    disks = [one for one in devices if isinstance(one, vim.vm.device.VirtualDisk)]
    assert [disk.capacityInBytes for disk in disks] == [shape.disk_bytes(n) for n in range(shape.disks)]
    cards = [one for one in devices if isinstance(one, vim.vm.device.VirtualEthernetCard)]
    assert [card.macAddress for card in cards] == [shape.mac(n) for n in range(shape.cards)]
    assert any(isinstance(one, vim.vm.device.VirtualTPM) for one in devices) == shape.tpm
    raw = vim.vm.device.VirtualDisk.RawDiskMappingVer1BackingInfo
    assert isinstance(disks[-1].backing, raw) == shape.rdm
    assert (vm.config.firmware == "efi") == shape.efi
    assert (vm.runtime.powerState == "poweredOn") == shape.on
    assert vm.config.template == shape.template
    assert vm.guest.ipAddress == (shape.address(0) if shape.on else None)
    assert bool(vm.snapshot) == bool(shape.snapshots)
    assert vm in vm.runtime.host.vm
    assert vm in vm.datastore[0].vm


def test_it_can_be_powered_and_snapshotted(loaded: VCenter, service: Any) -> None:
    vm = machine(service, 10)  # it is off, and has three disks
    headers, path = cookie(service), f"[{vm.datastore[0].name}] {vm._moId}/{vm._moId}-flat.vmdk"
    write(loaded, vm._moId, 512, b"content")
    ranged = {**headers, "Range": "bytes=512-518"}
    assert loaded.get(folder_path(path), ranged) == (206, b"content")
    one = snap(vm, "one")
    assert len(chain_of_first(vm)) == 2
    WaitForTask(one.RemoveSnapshot_Task(removeChildren=False))
    WaitForTask(vm.PowerOnVM_Task())
    assert loaded.get(folder_path(path), ranged)[0] == 500
    WaitForTask(vm.PowerOffVM_Task())


def test_only_a_running_guest_tells_its_addresses(service: Any) -> None:
    vm, address = machine(service, 11), Shape(11).address(0)
    assert vm.guest.ipAddress == address
    WaitForTask(vm.PowerOffVM_Task())
    assert until(lambda: vm.guest.ipAddress is None and not vm.guest.net)
    WaitForTask(vm.PowerOnVM_Task())
    assert until(lambda: vm.guest.ipAddress == address)


def chain_of_first(vm: Any) -> list[str]:
    disk: Any = next(one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk))
    return [disk.backing.fileName, disk.backing.parent.fileName]


def test_a_snapshot_that_was_loaded_can_be_removed(service: Any) -> None:
    vm = machine(service, 13)
    assert [leaf.name for leaf in vm.snapshot.rootSnapshotList[0].childSnapshotList] == ["s1"]
    assert vm.snapshot.currentSnapshot.config.name == Shape(13).name
    snap(vm, "third")
    WaitForTask(vm.RemoveAllSnapshots_Task())
    assert vm.snapshot is None


def test_a_standalone_host(tmp_path: Path) -> None:
    """ESXi alone: another kind of service, and one datacenter that nobody made."""
    with vcenter(tmp_path, Setup(kind="esxi", model={"machines": 1})) as server, server.connected() as service:
        assert service.content.about.apiType == "HostAgent"
        (vm,) = service.content.rootFolder.childEntity[0].vmFolder.childEntity
        store, name = vm.datastore[0].name, vm.config.files.vmPathName.split("] ")[1].partition("/")[0]
        flat = folder_path(f"[{store}] {name}/disk1-flat.vmdk", "ha-datacenter")
        assert server.get(flat, cookie(service), "HEAD")[0] == 500
        WaitForTask(vm.PowerOffVM_Task())
        assert server.get(flat, cookie(service), "HEAD")[0] == 200
        assert chain(vm) == ["disk1.vmdk"]
