"""What the documents of one VM are made from: choices made, names given, nothing left to decide."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtv.converters.manifests.names import claim_name, disk_name, document_name, hashed, interface_name
from mtv.converters.network import slots
from mtv.converters.network.macs import normal_mac, stable_mac
from mtv.model.estate import VM, Disk, Nic
from mtv.model.guest import GuestFacts
from mtv.model.plans import DiskChoice, Near, NicChoice, VmPlan, Wanted
from mtv.model.volumes import Volume

SERIAL_LONGEST = 20  # virtio-blk and SATA show no more to the guest
RESERVED_MAC = "02:00:00:00:00:00"  # KubeVirt's in-pod bridge
BINDINGS = {"nad": "bridge", "sriov": "sriov", "udn": "l2bridge"}
BUNDLE_STORAGE = {"", "raw", "qcow2"}


@dataclass(frozen=True, kw_only=True)
class DiskShape:
    source: Disk
    index: int
    name: str
    claim: str
    serial: str
    size_bytes: int
    storage_class: str  # "": the cluster's default
    access: str
    mode: str
    file: str  # in a bundle; "" where there is none


@dataclass(frozen=True, kw_only=True)
class NicShape:
    source: Nic
    name: str
    mac: str
    pod: bool
    network: str  # NS/NAME of a NetworkAttachmentDefinition; "" for the pod network
    binding: str = "bridge"  # masquerade bridge sriov l2bridge


@dataclass(frozen=True, kw_only=True)
class Shape:
    plan: VmPlan
    guest: GuestFacts | None
    name: str
    namespace: str
    disks: tuple[DiskShape, ...]
    nics: tuple[NicShape, ...]

    @property
    def vm(self) -> VM:
        return self.plan.vm

    @property
    def wanted(self) -> Wanted:
        return self.plan.wanted

    @property
    def near(self) -> Near:
        return self.plan.near

    @property
    def windows(self) -> bool:
        return self.vm.os_family == "windows" or bool(self.guest and self.guest.family == "windows")

    @property
    def compatible(self) -> bool:
        return self.plan.guest.devices == "compatible"


def shape(
    plan: VmPlan,
    guest: GuestFacts | None,
    volumes: Sequence[Volume] = (),
    namespace: str = "",
    macs: Mapping[str, str] | None = None,
) -> Shape:
    name = document_name(plan.machine)
    return Shape(
        plan=plan,
        guest=guest,
        name=name,
        namespace=namespace,
        disks=_disks(plan, name, {volume.disk: volume for volume in volumes}),
        nics=_nics(plan, macs or {}),
    )


def _disks(plan: VmPlan, name: str, volumes: Mapping[str, Volume]) -> tuple[DiskShape, ...]:
    chosen = {choice.disk: choice for choice in plan.disks}
    serials = _serials(plan.vm)
    return tuple(
        _disk(disk, index, name, chosen.get(disk.key), volumes.get(disk.key), serials[index])
        for index, disk in enumerate(plan.vm.disks)
    )


def _disk(
    disk: Disk, index: int, machine: str, choice: DiskChoice | None, volume: Volume | None, serial: str
) -> DiskShape:
    to = choice.to if choice else ""
    return DiskShape(
        source=disk,
        index=index,
        name=disk_name(index),
        claim=claim_name(machine, index),
        serial=serial,
        size_bytes=volume.size_bytes if volume else disk.size_bytes,
        storage_class="" if to in BUNDLE_STORAGE else to,
        access=(choice.access if choice else "") or ("ReadWriteMany" if disk.shared else "ReadWriteOnce"),
        mode=(choice.volume if choice else "") or ("Block" if disk.shared else "Filesystem"),
        file=volume.path.rsplit("/", 1)[-1] if volume and volume.format in ("raw", "qcow2") else "",
    )


def _serials(vm: VM) -> list[str]:
    """The disks' own serials where they fit and differ; else ones made of the disk's key, the same each time."""
    own = [usable_serial(disk.serial) for disk in vm.disks]
    made = [hashed("mtv", f"{vm.key}\0{disk.key}") for disk in vm.disks]
    return [serial if serial and own.count(serial) == 1 else made[index] for index, serial in enumerate(own)]


def usable_serial(serial: str) -> str:
    """What the guest would see of it."""
    return re.sub(r"[^A-Za-z0-9_.+-]", "", serial)[:SERIAL_LONGEST]


def _nics(plan: VmPlan, macs: Mapping[str, str]) -> tuple[NicShape, ...]:
    """In the order in which the source's kernel found them, else `eth1` would be another card; named by their place in
    the list."""
    chosen = {choice.nic: choice for choice in plan.nics}
    places = {nic.key: index for index, nic in enumerate(plan.vm.nics)}
    made = []
    for nic in slots.pci_order(plan.vm.nics):
        choice, index = chosen.get(nic.key, NicChoice(nic=nic.key, to="none")), places[nic.key]
        if choice.to != "none":
            made.append(_nic(nic, index, choice, macs.get(nic.key, ""), stable_mac(plan.vm.key, index)))
    return tuple(made)


def _nic(nic: Nic, index: int, choice: NicChoice, decided: str, stable: str) -> NicShape:
    how, _, network = choice.to.partition(":")
    return NicShape(
        source=nic,
        name=interface_name(index),
        mac=next(mac for mac in (decided, usable_mac(choice.mac), usable_mac(nic.mac), stable) if mac),
        pod=not network,
        network=network,
        binding=BINDINGS.get(how, "masquerade"),
    )


def usable_mac(mac: str) -> str:
    clean = normal_mac(mac)
    return "" if clean == RESERVED_MAC else clean
