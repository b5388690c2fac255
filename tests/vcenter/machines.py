"""VMs and accounts in the simulator, made through the API as anybody would make them."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.vcenter.server import VCenter

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Wish:
    """What a VM shall be like."""

    name: str
    disks: Sequence[int] = (8 * MIB,)  # capacities in bytes
    datastores: Sequence[str] = ("LocalDS_0",)  # of each disk, in turn
    tracked: bool = False
    guest_id: str = "debian12_64Guest"
    firmware: str = "bios"
    memory_mib: int = 512
    cpus: int = 1
    mac: str = ""  # the server gives one
    pci_slot: int | None = None  # of its network card


def root(service: Any) -> Any:
    return service.content.rootFolder.childEntity[0]


def make(service: Any, wish: Wish) -> Any:
    """Create it; off, with its files in its own folder of the first datastore."""
    datacenter = root(service)
    cluster = datacenter.hostFolder.childEntity[0]
    host = cluster.host[0]
    network = next(one for one in host.network if isinstance(one, vim.Network))
    spec = vim.vm.ConfigSpec(
        name=wish.name, guestId=wish.guest_id, firmware=wish.firmware, numCPUs=wish.cpus, memoryMB=wish.memory_mib,
        changeTrackingEnabled=wish.tracked, files=vim.vm.FileInfo(vmPathName=f"[{wish.datastores[0]}] {wish.name}"),
        deviceChange=[*disks(wish), card(network, wish)],
    )  # fmt: skip
    for store in {*wish.datastores[: len(wish.disks)]} - {wish.datastores[0]}:
        service.content.fileManager.MakeDirectory(f"[{store}] {wish.name}", datacenter, createParentDirectories=True)
    task = datacenter.vmFolder.CreateVM_Task(config=spec, pool=cluster.resourcePool, host=host)
    WaitForTask(task)
    return task.info.result


def disks(wish: Wish) -> list[Any]:
    add = vim.vm.device.VirtualDeviceSpec.Operation.add
    controller = vim.vm.device.ParaVirtualSCSIController(key=1000, busNumber=0, sharedBus="noSharing")
    changes = [vim.vm.device.VirtualDeviceSpec(operation=add, device=controller)]
    for number, capacity in enumerate(wish.disks):
        store = wish.datastores[number % len(wish.datastores)]
        backing = vim.vm.device.VirtualDisk.FlatVer2BackingInfo(
            fileName=f"[{store}] {wish.name}/{wish.name}{f'_{number}' if number else ''}.vmdk",
            diskMode="persistent",
            thinProvisioned=True,
        )
        disk = vim.vm.device.VirtualDisk(
            key=-101 - number, controllerKey=1000, unitNumber=number, backing=backing,
            capacityInKB=capacity // KIB, capacityInBytes=capacity,
        )  # fmt: skip
        changes.append(vim.vm.device.VirtualDeviceSpec(operation=add, fileOperation="create", device=disk))
    return changes


def card(network: Any, wish: Wish) -> Any:
    backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=network.name, network=network)
    connectable = vim.vm.device.VirtualDevice.ConnectInfo(startConnected=True, connected=True, allowGuestControl=True)
    nic = vim.vm.device.VirtualVmxnet3(
        key=-201, backing=backing, connectable=connectable, addressType="manual" if wish.mac else "assigned",
        macAddress=wish.mac or None,
        slotInfo=wish.pci_slot and vim.vm.device.VirtualDevice.PciBusSlotInfo(pciSlotNumber=wish.pci_slot),
    )  # fmt: skip
    return vim.vm.device.VirtualDeviceSpec(operation=vim.vm.device.VirtualDeviceSpec.Operation.add, device=nic)


def fill(vcenter: VCenter, name: str, *contents: Path) -> None:
    """Lay raw files into the VM's disks, as large as they are. Holes stay holes."""
    for disk, content in zip(vcenter.disks(name), contents, strict=True):
        assert content.stat().st_size <= disk.capacity, "the disk is too small"
        shutil.copyfile(content, disk.path)
        with disk.path.open("r+b") as file:
            file.truncate(disk.capacity)


def write(vcenter: VCenter, name: str, offset: int, data: bytes, disk: int = 0) -> None:
    """As if the guest wrote it."""
    with vcenter.disks(name)[disk].path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def allow(service: Any, user: str, rights: Sequence[str], on: Any = None, *, propagate: bool = True) -> int:
    """A role of these rights for a user, on the root folder if nowhere else; its id."""
    authority = service.content.authorizationManager
    name = f"role of {user} {len(authority.roleList)}"
    role = authority.AddAuthorizationRole(name=name, privIds=list(rights))
    permission = vim.AuthorizationManager.Permission(principal=user, group=False, roleId=role, propagate=propagate)
    entity = on or service.content.rootFolder
    kept = [one for one in authority.RetrieveEntityPermissions(entity=entity, inherited=False) if one.principal != user]
    authority.SetEntityPermissions(entity=entity, permission=[*kept, permission])
    return int(role)


def disallow(service: Any, user: str, on: Any) -> None:
    """What a test allowed, or forbade, on that one object; a server is shared by all tests of a run."""
    service.content.authorizationManager.RemoveEntityPermission(entity=on, user=user, isGroup=False)
