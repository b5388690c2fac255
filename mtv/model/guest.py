"""What inspection learned of a guest from its disks: facts only, no conclusions."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Mount:
    """One line of fstab (or its like) that names a device."""

    device: str  # as written: UUID=..., /dev/sda1, LABEL=...
    path: str
    type: str = ""
    options: str = ""


@dataclass(frozen=True, kw_only=True)
class Filesystem:
    device: str  # as the appliance names it: /dev/sda1, /dev/vg/root
    type: str
    uuid: str = ""
    label: str = ""
    mounted_at: str = ""
    size_bytes: int = 0
    free_bytes: int = 0
    free_inodes: int | None = None
    dirty: bool = False  # was not unmounted; its journal was not replayed


@dataclass(frozen=True, kw_only=True)
class Kernel:
    version: str
    initramfs: str = ""  # path; "" where none was found
    drivers: tuple[str, ...] = ()  # modules that are in the initramfs or built in
    modules: tuple[str, ...] = ()  # virtio modules installed for it
    default: bool = False


@dataclass(frozen=True, kw_only=True)
class Interface:
    """One interface as the guest's own files configure it."""

    name: str
    mac: str = ""
    kind: str = "ethernet"  # ethernet bond vlan bridge loopback other
    method: str = "unknown"  # static dhcp none unknown
    addresses: tuple[str, ...] = ()  # with prefix length: 192.0.2.10/24
    gateway: str = ""
    members: tuple[str, ...] = ()  # of a bond or bridge; the parent of a VLAN
    file: str = ""  # where it stands


@dataclass(frozen=True, kw_only=True)
class GuestNetwork:
    systems: tuple[str, ...] = ()  # ifupdown netplan networkmanager ifcfg wicked networkd cloud-init
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[str, ...] = ()  # "default via 192.0.2.1", "10.0.0.0/8 via 192.0.2.254"
    nameservers: tuple[str, ...] = ()
    bound_macs: Mapping[str, str] = field(
        default_factory=dict
    )  # interface -> MAC: a guest's file says it, or a pairing


@dataclass(frozen=True, kw_only=True)
class GuestFacts:
    """One operating system found on a VM's disks. `roots` counts how many there were."""

    roots: int
    family: str = "unknown"  # linux windows unknown
    distro: str = ""  # debian rhel centos ubuntu sles ...; windows for Windows
    product: str = ""
    major: int = 0
    minor: int = 0
    arch: str = ""
    hostname: str = ""
    root_device: str = ""
    firmware: str = ""  # bios efi, by what can boot from the disk
    fallback_loader: bool | None = None  # EFI/BOOT/BOOTX64.EFI is there; None: no EFI system partition
    mounts: tuple[Mount, ...] = ()
    filesystems: tuple[Filesystem, ...] = ()
    kernels: tuple[Kernel, ...] = ()
    network: GuestNetwork = field(default_factory=GuestNetwork)
    systemd: int = 0  # version; 0 none
    cmdline: str = ""
    device_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # file -> device names that would change
    packages: tuple[str, ...] = ()  # those that matter: open-vm-tools, qemu-guest-agent, cloud-init
    luks: tuple[str, ...] = ()  # devices
    bitlocker: tuple[str, ...] = ()
    hibernated: bool = False
    drivers: tuple[str, ...] = ()  # Windows: boot-start viostor, NetKVM in the driver store
    faults: tuple[str, ...] = ()  # what could not be read, and why
