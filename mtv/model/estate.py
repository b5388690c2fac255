"""A source's objects in neutral words: what a VM is, whatever it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Facts = Mapping[str, Json]


class Firmware(StrEnum):
    BIOS = "bios"
    EFI = "efi"


class Level(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


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


@dataclass(frozen=True, kw_only=True)
class Nic:
    key: str
    label: str = ""
    network: str = ""  # the source network's name
    mac: str = ""  # lower case with colons; "" where the source does not say
    model: str = ""  # vmxnet3 e1000 e1000e virtio ...
    connected: bool = True
    pci_slot: int | None = None  # VMware's pciSlotNumber: 192 is ens192 in the guest


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


@dataclass(frozen=True, kw_only=True)
class Network:
    source: str
    id: str
    name: str
    kind: str = ""
    vlan: str = ""


Entity = VM | Datastore | Network


@dataclass(frozen=True)
class Removal:
    kind: str  # vm datastore network
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
