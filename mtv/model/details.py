"""What else a source tells of a VM: its snapshots, what its guest says, its share of the host, its odd devices."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    id: str
    name: str
    description: str = ""
    at: str = ""
    parent: str = ""  # id of the snapshot that it follows
    state: str = ""  # power of the VM when it was made: on off suspended
    quiesced: bool = False
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class FileSystem:
    path: str
    size_bytes: int = 0
    free_bytes: int = 0
    kind: str = ""
    disks: tuple[str, ...] = ()  # keys of the disks that it lies on, where the source knows


@dataclass(frozen=True, kw_only=True)
class GuestNic:
    nic: str = ""  # key of the VM's NIC; "" for one that only the guest knows
    mac: str = ""
    network: str = ""
    addresses: tuple[str, ...] = ()  # with their prefix: 10.0.0.5/24
    dhcp: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Route:
    to: str  # 10.0.0.0/8
    via: str = ""
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class GuestView:
    """What the agent in the guest told its source; empty where none runs."""

    hostname: str = ""
    address: str = ""
    os_id: str = ""
    os_name: str = ""
    state: str = ""  # running notRunning ...
    tools: str = ""  # running stopped missing
    tools_status: str = ""  # current old unsupported unmanaged
    tools_version: str = ""
    nics: tuple[GuestNic, ...] = ()
    routes: tuple[Route, ...] = ()
    dns: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Share:
    """Of a host's CPU (MHz) or memory (bytes). None: no limit, or not told."""

    reservation: int = 0
    limit: int | None = None
    shares: int | None = None
    level: str = ""  # low normal high custom


@dataclass(frozen=True, kw_only=True)
class Device:
    """Anything but disks and NICs that matters when a VM moves."""

    kind: str  # cdrom floppy usb usb-controller serial parallel pci vgpu sriov tpm sound other
    key: str = ""
    label: str = ""
    backing: str = ""  # file, host device or profile
    connected: bool = False
