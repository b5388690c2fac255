"""Tabs with a row for a part of a VM: a disk, a card, a snapshot."""

from mtv.formats.rvtools.cells import (
    ADAPTER,
    CONTROLLER,
    DATE,
    FLAG,
    LIST,
    POWER,
    RAW_MODE,
    ROOM,
    SHARED_BUS,
    SHARING,
    SIZE,
    TEXT,
    WHOLE,
)  # fmt: skip
from mtv.formats.rvtools.common import folder, head, ids, note, tail
from mtv.formats.rvtools.tab import Column, Line, Tab, unknown
from mtv.model.details import Device, FileSystem, Snapshot
from mtv.model.estate import Disk, Nic


def placed(disk: Disk) -> str:
    """A disk's file with its datastore, as vSphere writes it; of other sources too."""
    if disk.path.startswith("[") or not disk.datastore:
        return disk.path
    return f"[{disk.datastore}] {disk.path}".rstrip()


def _controller(disk: Disk) -> str | None:
    if disk.controller in ("pvscsi", "lsilogic", "lsisas", "buslogic", "scsi"):
        return f"SCSI controller {disk.bus}"
    if disk.controller == "ide":
        return f"IDE {disk.unit // 2}"
    kind = {"ahci": "SATA", "nvme": "NVME"}.get(disk.controller)
    return f"{kind} controller {disk.bus}" if kind else None


def _unit(line: Line[Disk]) -> int:
    """On an IDE channel there are two; the label says which channel."""
    return line.part.unit % 2 if line.part.controller == "ide" else line.part.unit


D = Column[Disk]
VDISK = Tab("vDisk", (
    *head(),
    D("Disk", TEXT, "label", was=("Disk Label", "Festplatte")),
    D("Disk Key", TEXT, "key"),
    D("Disk UUID", TEXT, "serial"),
    D("Disk Path", TEXT, "path", lambda line: placed(line.part)),
    D("Capacity MiB", SIZE, "size_bytes", was=("Capacity", "Kapazität MiB", "Capacité MiB", "Capacidad MiB")),
    D("Raw", FLAG, "is_raw", lambda line: bool(line.part.raw)),
    D("Disk Mode", TEXT, "mode"),
    D("Sharing mode", SHARING, "sharing", lambda line: line.part.sharing or "sharingNone"),
    D("Thin", FLAG, "thin", was=("Thin provisioned",)),
    *unknown("Eagerly Scrub", "Split", "Write Through", "Level", "Shares", "Reservation", "Limit"),
    D("Controller", CONTROLLER, "controller"),
    D("Label", TEXT, "controller_label", lambda line: _controller(line.part)),
    *unknown("SCSI Unit #"),
    D("Unit #", WHOLE, "unit", _unit, was=("Unit number",)),
    D("Shared Bus", SHARED_BUS, "bus_sharing", lambda line: line.part.bus_sharing or "noSharing"),
    D("Path", TEXT, "old_path", lambda line: placed(line.part)),
    D("Raw LUN ID", TEXT, "lun"),
    D("Raw Comp. Mode", RAW_MODE, "raw", was=("Raw Compatibility Mode",)),
    *unknown("Internal Sort Column"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip

F = Column[FileSystem]
VPARTITION = Tab("vPartition", (
    *head(),
    F("Disk Key", LIST, "disks"),
    F("Disk", TEXT, "path"),
    F("Capacity MiB", SIZE, "size_bytes"),
    F("Consumed MiB", SIZE, "used_bytes", lambda line: max(line.part.size_bytes - line.part.free_bytes, 0)),
    F("Free MiB", ROOM, "free_bytes"),
    F("Free %", WHOLE, told=lambda line: line.part.free_bytes * 100 // line.part.size_bytes
      if line.part.size_bytes else None),
    *unknown("Internal Sort Column"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip


def _addresses(line: Line[Nic], six: bool) -> list[str]:
    found = [address.partition("/")[0] for one in line.vm.guest.nics if one.nic == line.part.key and one.nic
             for address in one.addresses]  # fmt: skip
    return [one for one in found if (":" in one) == six]


N = Column[Nic]
VNETWORK = Tab("vNetwork", (
    *head(),
    N("NIC label", TEXT, "label", was=("NIC", "Label")),
    N("Adapter", ADAPTER, "model"),
    N("Network", TEXT, "network", was=("Netzwerk", "Réseau", "Red")),
    N("Switch", TEXT, "switch", lambda line: line.around.switches.get(line.part.network)),
    N("Connected", FLAG, "connected"),
    N("Starts Connected", FLAG, "starts_connected"),
    N("Mac Address", TEXT, "mac"),
    N("Type", TEXT, "mac_from", was=("Mac Type",)),
    N("IPv4 Address", LIST, "addresses", lambda line: _addresses(line, False), was=("IP Address",)),
    N("IPv6 Address", LIST, "addresses6", lambda line: _addresses(line, True)),
    *unknown("Direct Path IO", "Internal Sort Column"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip

C = Column[Device]
VCD = Tab("vCD", (
    *head(),
    C("Device Node", TEXT, "label"),
    C("Connected", FLAG, "connected"),
    *unknown("Starts Connected"),
    C("Device Type", TEXT, "backing"),
    note(), *tail(folder()), *unknown("VMRef"), *ids(),
))  # fmt: skip

VUSB = Tab("vUSB", (
    *head(),
    C("Device Node", TEXT, "label"),
    C("Device Type", TEXT, "backing"),
    C("Connected", FLAG, "connected"),
    *unknown("Family", "Speed", "EHCI enabled", "Auto connect", "Bus number", "Unit number"),
    note(), *tail(folder()), *unknown("VMRef"), *ids(),
))  # fmt: skip

S = Column[Snapshot]
VSNAPSHOT = Tab("vSnapshot", (
    *head()[:2],
    S("Name", TEXT, "name", was=("Snapshot", "Snapshot Name")),
    S("Description", TEXT, "description"),
    S("Date / time", DATE, "at", was=("Created",)),
    *unknown("Filename", "Size MiB (vmsn)", "Size MiB (total)"),
    S("Quiesced", FLAG, "quiesced"),
    S("State", POWER, "state"),
    note(), *tail(folder()), *ids(),
))  # fmt: skip
