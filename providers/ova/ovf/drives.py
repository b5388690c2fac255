"""The disks of one virtual system: which entry on which controller and unit, in the order firmware numbers them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import Refused
from mtv.providers.ova.ovf import controllers, hardware
from mtv.providers.ova.ovf.envelope import DiskEntry, Envelope, File
from mtv.providers.ova.ovf.hardware import Hardware, Item

RESOURCE = re.compile(r"(?:ovf:)?/{0,2}(disk|file)/(.+)")
HDD_ORDER = "bios.hddorder"  # VMware: "scsi0:1,scsi0:0"


@dataclass(frozen=True, kw_only=True)
class Drive:
    entry: DiskEntry
    label: str
    controller: str
    bus: int
    unit: int
    boot_order: int  # 0: not said


def drives(machine: Hardware, envelope: Envelope, where: str) -> tuple[Drive, ...]:
    """Raises Refused `ova.*` for a disk that is attached twice, or to nothing that is known."""
    buses = _buses(machine)
    found = [_drive(item, machine, envelope, buses) for item in machine.of(hardware.DISK)]
    seen: set[str] = set()
    for drive in found:
        if drive.entry.id in seen:
            raise Refused("ova.disk-twice", f"{where}: the disk '{drive.entry.id}' is attached twice")
        seen.add(drive.entry.id)
    ranks = controllers.VIRTUALBOX_RANKS if "virtualbox" in machine.type.lower() else controllers.VMWARE_RANKS
    wanted = [word.strip() for word in machine.configs.get(HDD_ORDER, "").lower().split(",")]

    def position(drive: Drive) -> tuple[int, int, int, int, int]:
        """Unsaid orders come last; the sort keeps the file's order where all is equal."""
        place = f"{_word(drive.controller)}{drive.bus}:{drive.unit}"
        asked = wanted.index(place) if place in wanted else len(wanted)
        order = drive.boot_order or (1 if drive.entry.boot else 1 << 20)
        return (asked, order, controllers.rank(drive.controller, ranks), drive.bus, drive.unit)

    return tuple(sorted(found, key=position))


def _word(controller: str) -> str:
    return {"ahci": "sata", "ide": "ide", "nvme": "nvme"}.get(controller, "scsi")


def _buses(machine: Hardware) -> Mapping[str, int]:
    """Bus numbers by the controller's InstanceID: what Address says, else the order of their kind in the file."""
    found: dict[str, int] = {}
    used: dict[str, set[int]] = {}
    for item in machine.of(controllers.IDE, controllers.SCSI, controllers.OTHER_STORAGE, controllers.USB):
        taken = used.setdefault(_kind(item), set())
        said = item.text("Address")
        number = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else len(taken)
        if number in taken:
            number = max(taken) + 1
        taken.add(number)
        found[item.id] = number
    return found


def _kind(item: Item) -> str:
    return _word(controllers.model(item.type, item.subtype) or "")


def _drive(item: Item, machine: Hardware, envelope: Envelope, buses: Mapping[str, int]) -> Drive:
    entry = _entry(item, envelope)
    unit = item.number("AddressOnParent", 0, 4096) or 0
    controller, bus = _controller(item, machine, buses, entry)
    order = item.text("BootOrder")
    return Drive(
        entry=entry,
        label=item.name,
        controller=controller,
        bus=bus,
        unit=unit,
        boot_order=int(order) if order.isascii() and order.isdigit() and len(order) < 6 else 0,
    )


def _controller(item: Item, machine: Hardware, buses: Mapping[str, int], entry: DiskEntry) -> tuple[str, int]:
    """oVirt says it on the disk and lets Parent name an image; everyone else names the controller's item."""
    if entry.interface:
        model = controllers.INTERFACES.get(controllers.plain(entry.interface))
        if model is None:
            raise _unknown(item, f"the disk-interface '{entry.interface[:40]}'")
        return model, 0
    parent = item.text("Parent")
    owner = machine.item(parent) if parent else None
    if owner is None:
        raise _unknown(item, f"the parent '{parent[:40]}', which is no item here")
    model = controllers.model(owner.type, owner.subtype)
    if model is None:
        raise _unknown(item, f"'{owner.name[:40]}' of type {owner.type} '{owner.subtype[:40]}'")
    return model, buses[owner.id]


def _unknown(item: Item, what: str) -> Refused:
    return Refused(
        "ova.controller",
        f"{item.where}: its controller is {what}, not one that is known",
        "known are IDE, lsilogic, lsilogicsas, VirtualSCSI, buslogic, VirtioSCSI, AHCI and NVMe",
    )


def _entry(item: Item, envelope: Envelope) -> DiskEntry:
    resource = item.text("HostResource")
    match = RESOURCE.fullmatch(resource)
    name = match[2] if match else resource
    if (match is None or match[1] == "disk") and name in envelope.disks:
        return envelope.disks[name]
    for entry in envelope.disks.values():  # oVirt's domains name the file: GROUP/IMAGE
        if name and entry.file and name in (entry.file.id, entry.file.href):
            return entry
    for file in envelope.files:
        if match and match[1] == "file" and file.id == name:
            return _whole_file(file)
    raise Refused("ova.disk", f"{item.where}: its HostResource '{resource[:80]}' names no disk of the DiskSection")


def _whole_file(file: File) -> DiskEntry:
    """A drive may name a file without any Disk."""
    return DiskEntry(
        id=f"file/{file.id}", file=file, capacity_bytes=None, unit_bytes=1, format="", populated_bytes=None
    )
