"""What each way needs of a VM, as a table: pure, over the model. docs/vsphere.md shows it to people.

A cold move reads a VM that is off; `running` asks what could be read of it while it is on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mtv.model.estate import VM, VOLATILE, Datastore, Disk
from mtv.model.infrastructure import Host

VDDK, FOLDER, EXPORT, SSH = "vddk", "folder", "export", "ssh"
NAMES = (VDDK, FOLDER, EXPORT, SSH)  # the best first
DISK_LIMIT_BYTES = 62 << 40  # of vSphere
STREAM_LIMIT_BYTES = 2 << 40  # a stream counts its sectors in 32 bits
NO_FILES = {"vsan": "vSAN", "vsand": "vSAN", "vvol": "vVol", "pmem": "PMem"}  # datastores whose disks are no files
ALONE = "ha-datacenter"  # what an ESXi without a vCenter calls where its VMs are


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A VM among what it stands on. `lacks` are privileges that the copy account is known to lack, by way."""

    vm: VM
    disks: tuple[Disk, ...] = ()  # those that are to be read
    datastores: Mapping[str, Datastore] = field(default_factory=dict)  # by name, of the VM's datacenter
    host: Host | None = None
    running: bool = False  # it is to be read while it is on
    library: bool = False  # VMware's is configured
    lacks: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def stores(self) -> list[Datastore]:
        """The disks' datastores, as far as they are known."""
        return [self.datastores[one] for one in dict.fromkeys(disk.datastore for disk in self.disks)
                if one in self.datastores]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """`found` says what is not as it is needed: "" where all is well. {} in the text is replaced by it."""

    name: str
    ways: tuple[str, ...]
    needs: str
    found: Callable[[Scene], str]
    text: str


def reasons(scene: Scene, way: str) -> tuple[str, ...]:
    """Why that way is not open; () where it is."""
    told = [(row, row.found(scene)) for row in ROWS if way in row.ways]
    return tuple(row.text.format(what) for row, what in told if what)


def _disks(wanted: Callable[[Disk], object]) -> Callable[[Scene], str]:
    return lambda scene: _listed([disk for disk in scene.disks if wanted(disk)])


def _listed(disks: Sequence[Disk]) -> str:
    """Their labels with spaces and braces as they are: texts are formatted once."""
    return ", ".join(disk.label or f"disk {disk.key}" for disk in disks)


def _stores(wanted: Callable[[Datastore], object]) -> Callable[[Scene], str]:
    return lambda scene: ", ".join(one.name for one in scene.stores if wanted(one))


def _host(scene: Scene) -> str:
    return "" if scene.host is None or scene.host.state in ("", "connected") else scene.host.name


def _maintenance(scene: Scene) -> str:
    return scene.host.name if scene.host and scene.host.maintenance else ""


def _no_files(scene: Scene) -> str:
    found = [f"{one.name} is {NO_FILES[one.kind.lower()]}" for one in scene.stores if one.kind.lower() in NO_FILES]
    return ", ".join(found)


def _unflat(disk: Disk) -> bool:
    return not disk.raw and disk.image not in ("vmdk-flat", "")


def _clones(scene: Scene) -> str:
    """Differences that no snapshot explains: to a linked clone's base, or leavings of snapshots."""
    return "" if scene.vm.snapshots else _listed([disk for disk in scene.disks if disk.parents])


def _data_bytes(disk: Disk) -> int:
    return disk.size_bytes if disk.allocated_bytes is None else disk.allocated_bytes


def _snapshot(scene: Scene) -> str:
    """Disks that a snapshot leaves out."""
    return _listed([disk for disk in scene.disks if scene.running and disk.mode.startswith("independent")])


def _lacks(way: str) -> Callable[[Scene], str]:
    return lambda scene: ", ".join(scene.lacks.get(way, ()))


ALL, FILES = NAMES, (FOLDER, SSH)
ROWS: Sequence[Row] = (
    Row("library", (VDDK,), "VMware's library on this machine",
        lambda scene: "" if scene.library else "none", "VMware's library is not configured: MTV_VDDK=DIR"),
    Row("alone", (SSH,), "an ESXi alone",
        lambda scene: "" if scene.vm.datacenter == ALONE else "vCenter", "behind a {}, hosts are not logged in to"),
    Row("state", ALL, "the VM is not lost to its server",
        lambda scene: "" if scene.vm.state == "connected" else scene.vm.state, "the VM is {}"),
    Row("off", (FOLDER, EXPORT, SSH), "the VM is off while it is read",
        lambda scene: "on" if scene.running else "", "the VM is {}, and has to be off"),
    Row("host", (VDDK, EXPORT), "the VM's host answers its vCenter", _host, "host {} is not connected"),
    Row("maintenance", (VDDK, EXPORT), "the VM's host is not in maintenance",
        _maintenance, "host {} is in maintenance"),
    Row("datastore", ALL, "each datastore is accessible",
        _stores(lambda one: not one.accessible), "datastore {} is not accessible"),
    Row("datastore-maintenance", ALL, "no datastore is in maintenance",
        _stores(lambda one: one.maintenance == "inMaintenance"), "datastore {} is in maintenance"),
    Row("place", ALL, "each disk lies in a known place",
        _disks(lambda disk: not disk.path and not disk.raw), "{} lies in no place that we can see"),
    Row("size", ALL, "each disk has a size", _disks(lambda disk: disk.size_bytes <= 0), "{} has no size"),
    Row("too-large", ALL, "no disk is larger than 62 TiB",
        _disks(lambda disk: disk.size_bytes > DISK_LIMIT_BYTES), "{} is larger than 62 TiB"),
    Row("stream-size", (EXPORT,), "no disk holds more than 2 TiB of data",
        _disks(lambda disk: _data_bytes(disk) > STREAM_LIMIT_BYTES),
        "{} holds more than 2 TiB, more than a stream can tell"),
    Row("shared", ALL, "no disk is shared (bus sharing, multi-writer)",
        _disks(lambda disk: disk.shared or disk.bus_sharing or disk.sharing),
        "{} can be written by other VMs meanwhile"),
    Row("raw", ALL, "no LUN is given to the VM (physical RDM)",
        _disks(lambda disk: disk.raw and disk.raw != "virtual"), "{} is a LUN, not a file (physical RDM)"),
    Row("raw-virtual", (FOLDER, EXPORT, SSH), "no LUN is mapped (virtual RDM)",
        _disks(lambda disk: disk.raw == "virtual"), "{} is a mapped LUN, not a file (virtual RDM)"),
    Row("encrypted", FILES, "no disk is encrypted",
        _disks(lambda disk: disk.encrypted), "{} is encrypted: its file is of no use without the key"),
    Row("encrypted-vm", (EXPORT,), "neither the VM nor a disk is encrypted",
        lambda scene: "the VM" if scene.vm.encrypted else _disks(lambda disk: disk.encrypted)(scene),
        "{} is encrypted: a vCenter does not export it"),
    Row("fault-tolerance", (EXPORT,), "fault tolerance is off",
        lambda scene: "on" if scene.vm.fault_tolerant else "", "fault tolerance is {}"),
    Row("files", FILES, "each datastore has disks as files (VMFS, NFS)", _no_files,
        "{}, where disks are no flat files"),
    Row("flat", FILES, "each disk is a flat file", _disks(_unflat), "{} is no flat file"),
    Row("snapshots", FILES, "the VM has no snapshot",
        lambda scene: str(len(scene.vm.snapshots) or ""), "the VM has {} snapshot(s): its disks are chains of files"),
    Row("clone", FILES, "no disk is a difference to another (linked clone, leavings of snapshots)",
        _clones, "{} is a difference to another disk"),
    Row("volatile", FILES, "no disk forgets what is written (nonpersistent)",
        _disks(lambda disk: disk.mode in VOLATILE), "{} may have leavings of a volatile session beside its file"),
    Row("independent", (VDDK,), "no disk is independent, where a running VM is read",
        _snapshot, "{} is independent: no snapshot holds it while the VM runs"),
    Row("rights", (VDDK,), "the copy account has the rights of role vddk",
        _lacks(VDDK), "the copy account lacks {}"),
    Row("rights", (FOLDER,), "the copy account has the rights of role folder",
        _lacks(FOLDER), "the copy account lacks {}"),
    Row("rights", (EXPORT,), "the copy account has the rights of role export",
        _lacks(EXPORT), "the copy account lacks {}"),
)  # fmt: skip
