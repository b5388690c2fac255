"""config.hardware.device: disks in the firmware's order, NICs, and the odd devices that matter when a VM moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mtv.model.details import Device
from mtv.model.estate import Disk, Nic
from mtv.providers.vsphere.objects.elements import Props, fields, flag, kind, number, reference, text, times
from mtv.providers.vsphere.wire.answer import VIM, Element

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
    devices: Sequence[Element],
    names: Names,
    sizes: Mapping[str, int],
    policy: Mapping[str, str],
    first: Sequence[str] = (),
) -> Hardware:
    """`sizes` are bytes in use by disk key, `policy` names by disk key, `first` the disks that are told to boot."""
    controllers: dict[str, tuple[str, Props]] = {}
    told: Props
    disks: list[tuple[tuple[int, int, int, int], Disk]] = []
    found: list[tuple[str, Props]] = []
    nics: list[Nic] = []
    others: list[Device] = []
    for one in devices:
        name = kind(one)
        if name in CONTROLLERS:
            told = fields(one)
            controllers[text(told, "key")] = (CONTROLLERS[name], told)
        elif name == "VirtualDisk":
            found.append((name, fields(one)))
        elif name in CARDS:
            nics.append(_nic(CARDS[name], fields(one), names))
        if name in OTHERS or name == "VirtualSriovEthernetCard":
            others.append(_other(OTHERS.get(name, "sriov"), fields(one)))
    for _, told in found:
        controller, of = controllers.get(text(told, "controllerKey"), ("scsi", {}))
        disk = _disk(told, controller, of, names, sizes, policy)
        rank = _ORDER.index(controller) + 1 if controller in _ORDER else 0
        boots = first.index(disk.key) if disk.key in first else len(first)
        disks.append(((boots, rank, disk.bus, disk.unit), disk))
    return Hardware(tuple(disk for _, disk in sorted(disks, key=lambda pair: pair[0])), tuple(nics), tuple(others))


def _disk(
    told: Props, controller: str, of: Props, names: Names, sizes: Mapping[str, int], policy: Mapping[str, str]
) -> Disk:
    backing = told.get("backing")
    behind = fields(backing)
    key = text(told, "key")
    size = number(told, "capacityInBytes")
    size = times(number(told, "capacityInKB"), 1024) if size is None else size
    unit = number(told, "unitNumber") or 0
    if controller == "ide":
        unit += 2 * (number(of, "busNumber") or 0)
    store = reference(behind.get("datastore"))
    shared_bus = text(of, "sharedBus").removesuffix("Sharing").removeprefix("no")
    sharing = text(behind, "sharing") not in ("", "sharingNone")
    thin = behind.get("thinProvisioned")
    return Disk(
        key=key,
        label=_label(told),
        size_bytes=max(size or 0, 0),
        allocated_bytes=sizes.get(key),
        datastore=names.datastores.get(store, store) if store else "",
        controller=controller,
        bus=0 if controller == "ide" else number(of, "busNumber") or 0,
        unit=unit,
        image=IMAGES.get(kind(backing), ""),
        shared=bool(shared_bus) or sharing,
        serial=text(behind, "uuid"),
        path=text(behind, "fileName"),
        parents=_parents(behind.get("parent")),
        mode=text(behind, "diskMode") or "persistent",
        thin=None if thin is None else thin.text == "true",
        raw=text(behind, "compatibilityMode").removesuffix("Mode"),
        lun=text(behind, "lunUuid"),
        bus_sharing=shared_bus,
        sharing="multi-writer" if sharing else "",
        encrypted="keyId" in behind,
        policy=policy.get(key, ""),
        tracked="changeId" in behind or None,
    )


def _parents(backing: Element | None) -> tuple[str, ...]:
    found: list[str] = []
    while backing is not None and len(found) < PARENTS_LIMIT:
        told = fields(backing)
        found.append(text(told, "fileName"))
        backing = told.get("parent")
    return tuple(found)


def _nic(model: str, told: Props, names: Names) -> Nic:
    connectable, backing = fields(told.get("connectable")), told.get("backing")
    network, sort = _network(backing, names)
    slot = fields(told.get("slotInfo"))
    return Nic(
        key=text(told, "key"),
        label=_label(told),
        network=network,
        mac=text(told, "macAddress").lower().replace("-", ":"),
        model=model,
        connected=flag(connectable, "connected") or flag(connectable, "startConnected"),
        pci_slot=number(slot, "pciSlotNumber"),
        mac_from=text(told, "addressType").lower(),
        starts_connected=flag(connectable, "startConnected"),
        kind="sriov" if model == "sriov" else sort,
    )


def _network(backing: Element | None, names: Names) -> tuple[str, str]:
    told, sort = fields(backing), kind(backing)
    if sort.endswith("DistributedVirtualPortBackingInfo"):
        key = text(fields(told.get("port")), "portgroupKey")
        return names.networks.get(key, key), "distributed"
    if sort.endswith("OpaqueNetworkBackingInfo"):
        key = text(told, "opaqueNetworkId")
        return names.networks.get(key, key), "opaque"
    of = reference(told.get("network"))
    known = names.networks.get(of, "") if of else ""
    return known or text(told, "deviceName"), "standard"


def _other(sort: str, told: Props) -> Device:
    backing = told.get("backing")
    behind = fields(backing)
    if sort == "pci" and kind(backing) == "VirtualPCIPassthroughVmiopBackingInfo":
        sort = "vgpu"
    where = next((text(behind, name) for name in ("fileName", "vgpu", "deviceName", "id", "serviceURI")
                  if text(behind, name)), "")  # fmt: skip
    return Device(
        kind=sort, key=text(told, "key"), label=_label(told), backing=where,
        connected=flag(fields(told.get("connectable")), "connected"),
    )  # fmt: skip


def _label(told: Props) -> str:
    return text(fields(told.get("deviceInfo")), "label")


def sizes(layout_disks: Element | None, layout_files: Element | None) -> Mapping[str, int]:
    """Bytes in use by disk key: its chain's files, summed."""
    if layout_disks is None or layout_files is None:
        return {}
    files: dict[str, int] = {}
    for one in layout_files:
        told = fields(one)
        files[text(told, "key")] = number(told, "size") or 0
    used: dict[str, int] = {}
    for one in layout_disks:
        keys: Sequence[str] = [key.text or "" for key in one.iterfind(f"{VIM}chain/{VIM}fileKey")]
        if keys and all(key in files for key in keys):
            used[text(fields(one), "key")] = sum(files[key] for key in keys)
    return used
