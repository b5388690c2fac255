"""config.hardware.device: disks in the firmware's order, NICs, and the odd devices that matter when a VM moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mtv.model.details import Device
from mtv.model.estate import Disk, Nic
from mtv.providers.vsphere.objects.elements import times
from mtv.providers.vsphere.objects.told import Told, each, flag, number

CONTROLLERS = {
    "ParaVirtualSCSIController": "pvscsi", "VirtualLsiLogicController": "lsilogic",
    "VirtualLsiLogicSASController": "lsisas", "VirtualBusLogicController": "buslogic",
    "VirtualSCSIController": "scsi", "VirtualIDEController": "ide", "VirtualAHCIController": "ahci",
    "VirtualSATAController": "ahci", "VirtualNVMEController": "nvme",
}  # fmt: skip
_ORDER = ("ide", "ahci", "nvme")  # what no bus number tells apart from SCSI comes behind it
CARDS = {
    "VirtualVmxnet3": "vmxnet3", "VirtualVmxnet3Vrdma": "vmxnet3", "VirtualVmxnet2": "vmxnet2",
    "VirtualVmxnet": "vmxnet", "VirtualE1000": "e1000", "VirtualE1000e": "e1000e", "VirtualPCNet32": "pcnet32",
    "VirtualSriovEthernetCard": "sriov",
}  # fmt: skip
OTHERS = {
    "VirtualCdrom": "cdrom", "VirtualFloppy": "floppy", "VirtualUSB": "usb", "VirtualUSBController": "usb-controller",
    "VirtualUSBXHCIController": "usb-controller", "VirtualSerialPort": "serial", "VirtualParallelPort": "parallel",
    "VirtualPCIPassthrough": "pci", "VirtualTPM": "tpm", "VirtualHdAudioCard": "sound",
    "VirtualSoundBlaster16": "sound", "VirtualEnsoniq1371": "sound", "VirtualSCSIPassthrough": "scsi-device",
}  # fmt: skip
IMAGES = {
    "VirtualDiskFlatVer2BackingInfo": "vmdk-flat", "VirtualDiskFlatVer1BackingInfo": "vmdk-flat",
    "VirtualDiskSparseVer2BackingInfo": "vmdk-sparse", "VirtualDiskSparseVer1BackingInfo": "vmdk-sparse",
    "VirtualDiskSeSparseBackingInfo": "vmdk-sesparse", "VirtualDiskRawDiskMappingVer1BackingInfo": "rdm",
    "VirtualDiskRawDiskVer2BackingInfo": "rdm", "VirtualDiskPartitionedRawDiskVer2BackingInfo": "rdm",
    "VirtualDiskLocalPMemBackingInfo": "pmem",
}  # fmt: skip
PARENTS_LIMIT = 64  # vSphere allows 32 snapshots in a chain


@dataclass(frozen=True, kw_only=True)
class Names:
    """What references are called. A reference that nobody knows gives its id: it is better than nothing."""

    datastores: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, str] = field(default_factory=dict)  # by id, by portgroup key, by opaque id
    policies: Mapping[str, str] = field(default_factory=dict)  # by VM/disk key


@dataclass(frozen=True)
class Hardware:
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]
    devices: tuple[Device, ...]


def read(
    devices: Sequence[Told],
    names: Names,
    sizes: Mapping[str, int],
    policy: Mapping[str, str],
    first: Sequence[str] = (),
) -> Hardware:
    """`sizes` are bytes in use by disk key, `policy` names by disk key, `first` the disks that are told to boot."""
    controllers: dict[str, tuple[str, Told]] = {}
    disks: list[tuple[tuple[int, int, int, int], Disk]] = []
    found: list[Told] = []
    nics: list[Nic] = []
    others: list[Device] = []
    for told in devices:
        name = told.get("@", "")
        if name in CONTROLLERS:
            controllers[told.get("key", "")] = (CONTROLLERS[name], told)
        elif name == "VirtualDisk":
            found.append(told)
        elif name in CARDS:
            nics.append(_nic(CARDS[name], told, names))
        if name in OTHERS or name == "VirtualSriovEthernetCard":
            others.append(_other(OTHERS.get(name, "sriov"), told))
    for told in found:
        controller, of = controllers.get(told.get("controllerKey", ""), ("scsi", {}))
        disk = _disk(told, controller, of, names, sizes, policy)
        rank = _ORDER.index(controller) + 1 if controller in _ORDER else 0
        boots = first.index(disk.key) if disk.key in first else len(first)
        disks.append(((boots, rank, disk.bus, disk.unit), disk))
    return Hardware(tuple(disk for _, disk in sorted(disks, key=lambda pair: pair[0])), tuple(nics), tuple(others))


def _disk(
    told: Told, controller: str, of: Told, names: Names, sizes: Mapping[str, int], policy: Mapping[str, str]
) -> Disk:
    key = told.get("key", "")
    size = number(told, "capacityInBytes")
    size = times(number(told, "capacityInKB"), 1024) if size is None else size
    bus, unit = number(of, "busNumber") or 0, number(told, "unitNumber") or 0
    if controller == "ide":
        bus, unit = 0, unit + 2 * bus
    store, thin = told.get("backing/datastore", ""), told.get("backing/thinProvisioned")
    shared_bus = of.get("sharedBus", "").removesuffix("Sharing").removeprefix("no")
    sharing = told.get("backing/sharing", "") not in ("", "sharingNone")
    return Disk(
        key=key,
        label=told.get("deviceInfo/label", ""),
        size_bytes=max(size or 0, 0),
        allocated_bytes=sizes.get(key),
        datastore=names.datastores.get(store, store),
        controller=controller,
        bus=bus,
        unit=unit,
        image=IMAGES.get(told.get("backing@", ""), ""),
        shared=bool(shared_bus) or sharing,
        serial=told.get("backing/uuid", ""),
        path=told.get("backing/fileName", ""),
        parents=_parents(told),
        mode=told.get("backing/diskMode") or "persistent",
        thin=None if thin is None else thin == "true",
        raw=told.get("backing/compatibilityMode", "").removesuffix("Mode"),
        lun=told.get("backing/lunUuid", ""),
        bus_sharing=shared_bus,
        sharing="multi-writer" if sharing else "",
        encrypted="backing/keyId" in told,
        policy=policy.get(key, ""),
        tracked="backing/changeId" in told or None,
    )


def _parents(told: Told) -> tuple[str, ...]:
    found: list[str] = []
    at = "backing/parent"
    while at in told and len(found) < PARENTS_LIMIT:
        found.append(told.get(f"{at}/fileName", ""))
        at = f"{at}/parent"
    return tuple(found)


def _nic(model: str, told: Told, names: Names) -> Nic:
    network, sort = _network(told, names)
    starts = flag(told, "connectable/startConnected")
    return Nic(
        key=told.get("key", ""),
        label=told.get("deviceInfo/label", ""),
        network=network,
        mac=told.get("macAddress", "").lower().replace("-", ":"),
        model=model,
        connected=starts or flag(told, "connectable/connected"),
        pci_slot=number(told, "slotInfo/pciSlotNumber"),
        mac_from=told.get("addressType", "").lower(),
        starts_connected=starts,
        kind="sriov" if model == "sriov" else sort,
    )


def _network(told: Told, names: Names) -> tuple[str, str]:
    sort = told.get("backing@", "")
    if sort.endswith("DistributedVirtualPortBackingInfo"):
        key = told.get("backing/port/portgroupKey", "")
        return names.networks.get(key, key), "distributed"
    if sort.endswith("OpaqueNetworkBackingInfo"):
        key = told.get("backing/opaqueNetworkId", "")
        return names.networks.get(key, key), "opaque"
    known = names.networks.get(told.get("backing/network", ""), "")
    return known or told.get("backing/deviceName", ""), "standard"


def _other(sort: str, told: Told) -> Device:
    if sort == "pci" and told.get("backing@") == "VirtualPCIPassthroughVmiopBackingInfo":
        sort = "vgpu"
    where = next((there for name in ("fileName", "vgpu", "deviceName", "id", "serviceURI")
                  if (there := told.get(f"backing/{name}"))), "")  # fmt: skip
    return Device(
        kind=sort, key=told.get("key", ""), label=told.get("deviceInfo/label", ""), backing=where,
        connected=flag(told, "connectable/connected"),
    )  # fmt: skip


def sizes(layout_disks: Sequence[Told], layout_files: Sequence[Told]) -> Mapping[str, int]:
    """Bytes in use by disk key: its chain's files, summed."""
    files = {told.get("key", ""): number(told, "size") or 0 for told in layout_files}
    used: dict[str, int] = {}
    for told in layout_disks:
        keys = [told.get(path, "") for chain in each(told, "chain") for path in each(told, f"{chain}/fileKey")]
        if keys and all(key in files for key in keys):
            used[told.get("key", "")] = sum(files[key] for key in keys)
    return used
