"""A source's objects in neutral words: what a VM is, whatever it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mtv.model.details import Device, GuestView, Share, Snapshot
from mtv.model.infrastructure import Part
from mtv.model.values import Facts as Facts
from mtv.model.values import Json as Json


class Firmware(StrEnum):
    BIOS = "bios"
    EFI = "efi"


class Level(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


VOLATILE = ("nonpersistent", "independent_nonpersistent", "undoable")  # modes of a disk whose writes are thrown away


@dataclass(frozen=True, kw_only=True)
class Concern:
    """One thing found wrong or lossy with one VM before it moves. `id` is stable: plans accept concerns by it."""

    id: str  # area.what, for example ova.cdrom-dropped
    level: Level
    text: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Disk:
    key: str  # the vendor's stable id, unique in its VM
    label: str = ""  # as the source shows it: "Hard disk 1"
    size_bytes: int = 0
    allocated_bytes: int | None = None
    datastore: str = ""
    controller: str = (
        "scsi"  # pvscsi lsilogic lsisas buslogic virtio-scsi virtio-blk ahci ide nvme usb; scsi = some SCSI
    )
    bus: int = 0
    unit: int = 0
    image: str = ""  # what it lies in at the source: vmdk-stream vmdk-sparse vmdk-flat raw qcow2 ...; "" unknown
    blank: bool = False  # has no content at the source: made empty at the target
    shared: bool = False
    serial: str = ""
    path: str = ""  # at the source: [gold] db01/db01.vmdk
    parents: tuple[str, ...] = ()  # what it is a difference to: its snapshots or a linked clone's base, nearest first
    mode: str = "persistent"  # persistent nonpersistent undoable append independent_persistent ...
    thin: bool | None = None
    raw: str = ""  # physical or virtual: a LUN behind it, not a file
    lun: str = ""
    bus_sharing: str = ""  # physical or virtual: its controller is shared by VMs of a cluster
    sharing: str = ""  # multi-writer
    encrypted: bool = False
    policy: str = ""
    tracked: bool | None = None  # the source notes what changes


@dataclass(frozen=True, kw_only=True)
class Nic:
    key: str
    label: str = ""
    network: str = ""  # the source network's name
    mac: str = ""  # lower case with colons; "" where the source does not say
    model: str = ""  # vmxnet3 e1000 e1000e virtio ...
    connected: bool = True
    pci_slot: int | None = None  # VMware's pciSlotNumber: 192 is ens192 in the guest
    mac_from: str = ""  # manual generated assigned
    starts_connected: bool = True
    kind: str = ""  # of its network: standard distributed opaque; sriov where it passes the switch by


@dataclass(frozen=True, kw_only=True)
class VM:
    """One VM as its source tells it; disks in the order in which the firmware numbers them."""

    source: str  # name of the provider
    id: str  # the vendor's stable id; source + id is the VM's key
    name: str
    path: str = ""
    cpus: int = 1
    cores_per_socket: int = 1
    memory_bytes: int = 0
    firmware: Firmware = Firmware.BIOS
    secure_boot: bool = False
    tpm: bool = False
    os_id: str = ""  # the vendor's word: debian12_64Guest
    os_family: str = "unknown"  # linux windows other unknown
    os_name: str = ""
    uuid: str = ""
    serial: str = ""
    power: str = "off"  # on off suspended
    host: str = ""
    cluster: str = ""
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    concerns: tuple[Concern, ...] = ()
    revision: str = ""  # changes whenever anything above may have
    instance: str = ""  # an id that stays when it moves to another server, where `uuid` may be its twin's too
    template: bool = False
    datacenter: str = ""
    pool: str = ""
    app: str = ""  # the vApp that it belongs to
    hardware: str = ""  # version of its virtual hardware: vmx-19
    notes: str = ""
    created_at: str = ""
    started_at: str = ""
    state: str = "connected"  # connected disconnected inaccessible orphaned invalid
    config_path: str = ""
    tracking: bool = False  # the source notes which blocks change
    encrypted: bool = False
    consolidate: bool = False  # it has leavings of snapshots
    fault_tolerant: bool = False
    nested: bool = False
    cpu: Share = Share()
    memory: Share = Share()
    cpu_hot_add: bool = False
    cpu_hot_remove: bool = False
    memory_hot_add: bool = False
    latency: str = ""  # low normal medium high
    cpu_affinity: tuple[int, ...] = ()
    numa_nodes: str = ""
    restart_priority: str = ""
    used_bytes: int | None = None  # at the source, snapshots and swap included
    cpu_used_mhz: int | None = None
    memory_used_bytes: int | None = None
    guest: GuestView = GuestView()
    snapshots: tuple[Snapshot, ...] = ()
    devices: tuple[Device, ...] = ()
    rules: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)  # the vendor's own switches that matter

    @property
    def key(self) -> str:
        return f"{self.source}/{self.id}"


@dataclass(frozen=True, kw_only=True)
class Datastore:
    source: str
    id: str
    name: str
    kind: str = ""
    capacity_bytes: int | None = None
    free_bytes: int | None = None
    datacenter: str = ""
    cluster: str = ""  # of datastores
    url: str = ""
    accessible: bool = True
    maintenance: str = ""
    version: str = ""
    hosts: tuple[str, ...] = ()
    provisioned_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Network:
    source: str
    id: str
    name: str
    kind: str = ""
    vlan: str = ""
    datacenter: str = ""
    switch: str = ""


Entity = VM | Datastore | Network | Part


def kind_of(sort: type[object]) -> str:
    """vm, datastore, host ...: what a Removal names, and how the store tells objects apart."""
    return sort.__name__.lower()


@dataclass(frozen=True)
class Removal:
    kind: str  # vm datastore network host cluster place switch policy rule occurrence facility gap
    id: str


@dataclass(frozen=True)
class Revision:
    """Ends an inventory: give it back as `since` to learn only what changed."""

    value: str


Change = Entity | Removal | Revision


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of `mtv check provider` or `mtv doctor`."""

    name: str
    ok: bool
    text: str
    fix: str = ""
    level: Level = Level.CRITICAL
