"""Disks: what KubeVirt's webhook asks of each, and of how they go with volumes and boot orders."""

import re
from collections.abc import Iterator

from mtv.converters.manifests.rules import forms
from mtv.converters.manifests.rules.machine.instance import Instance, bus
from mtv.converters.manifests.rules.rule import Book, Complaint
from mtv.converters.manifests.rules.view import View

BOOK = Book("disk", "https://kubevirt.io/user-guide/storage/disks_and_volumes/")
NAME_TWICE = BOOK.refused("name-twice", "two disks have the same name", "give each disk a name of its own")
NAME_FORM = BOOK.refused(
    "name-form", "a disk's name is a DNS label: at most 63 of a-z, 0-9 and -, a letter or digit at both ends",
    "rename the disk, and its volume",
)  # fmt: skip
TARGETS = BOOK.refused("targets", "a disk is one of disk, lun and cdrom", "leave one of them")
PCI_BUS = BOOK.refused(
    "pci-bus", "only a virtio disk has a PCI address of its own", "leave pciAddress out, or use virtio"
)
PCI_FORM = BOOK.refused("pci-form", "a PCI address looks like 0000:03:00.0", "mend it, or leave it out")
ORDER = BOOK.refused("boot-order", "a boot order is 1 or more", "count from 1, or leave it out")
ORDER_TWICE = BOOK.refused(
    "boot-order-twice", "two devices, disks or interfaces, have the same boot order", "give each another number"
)
IDE = BOOK.refused("bus-ide", "KubeVirt has no IDE bus", "use sata, which every guest that boots from IDE knows")
BUS = BOOK.refused("bus", "a disk's bus is virtio, scsi, sata or usb", "use one of them")
CDROM_VIRTIO = BOOK.refused("cdrom-virtio", "a CD-ROM drive is not on virtio", "use sata or scsi")
SATA_READONLY = BOOK.refused("sata-readonly", "a SATA hard disk cannot be read-only", "make it a cdrom, or use virtio")
IO_THREAD = BOOK.refused(
    "io-thread", "only a virtio disk has an I/O thread of its own", "leave dedicatedIOThread out, or use virtio"
)
RESERVATION_GATE = BOOK.refused(
    "reservation-gate", "SCSI reservations need the feature gate PersistentReservation before KubeVirt 1.9",
    "switch the gate on, or leave reservation out", until=(1, 9),
)  # fmt: skip
SERIAL_FORM = BOOK.refused(
    "serial-form", "a serial number is made of A-Z a-z 0-9 _ . + -", "leave other characters out"
)
SERIAL_LONG = BOOK.refused("serial-long", "a serial number has at most 256 characters", "shorten it")
CACHE = BOOK.refused("cache", "a disk's cache is none, writethrough or writeback", "use one of them, or leave it out")
IO = BOOK.refused("io", "a disk's I/O mode is native or threads", "use one of them, or leave it out")
ERROR_POLICY = BOOK.refused("error-policy", "an error policy is stop, ignore, report or enospace", "use one of them")
BLOCK_BOTH = BOOK.refused("block-both", "a block size is the volume's or a custom one", "leave one of them")
BLOCK_ORDER = BOOK.refused(
    "block-order", "the logical block size is not above the physical one", "make physical as large as logical"
)
BLOCK_SATA = BOOK.refused("block-sata", "a SATA disk's logical blocks have 512 bytes", "use 512, or another bus")
BLOCK_DISCARD = BOOK.refused(
    "block-discard", "a discard granularity is a multiple of the logical block size", "use a multiple"
)
BLOCK_SIZE = BOOK.refused("block-size", "a block size is a power of two from 512 to 2097152", "use one of these")
NO_VOLUME = BOOK.refused("volume-missing", "no volume has this disk's name", "add the volume, or remove the disk")
EMPTY_DRIVE = BOOK.refused(
    "drive-empty", "an empty CD-ROM drive needs the feature gate DeclarativeHotplugVolumes, on from KubeVirt 1.9",
    "remove the drive, or give it a volume",
)  # fmt: skip
LUN = BOOK.refused("lun-volume", "a LUN is of a claim or a DataVolume", "make it a disk")
SHARED_CACHE = BOOK.broken(
    "shared-cache", "a shared disk has no cache: libvirt gets no such guest", "set cache to none, or leave it out"
)
RESERVATION_BUS = BOOK.broken("reservation-bus", "SCSI reservations are for LUNs on scsi", "set the LUN's bus to scsi")
SERIAL_CUT = BOOK.warning(
    "serial-cut", "guests see 20 characters of a serial number on virtio and SATA", "use 20 characters or fewer"
)

_SERIAL = re.compile(r"[A-Za-z0-9_.+-]+")


def check(machine: Instance) -> Iterator[Complaint]:
    yield from _orders(machine)
    volumes = {one.text("name"): one for one in machine.volumes}
    seen: set[str] = set()
    for disk in machine.disks:
        name = disk.text("name")
        if name in seen:
            yield NAME_TWICE.at(disk.at("name"))
        seen.add(name)
        yield from _volume(disk, volumes.get(name), machine)
        yield from _one(disk)
        yield from _later(disk)


def _orders(machine: Instance) -> Iterator[Complaint]:
    seen: set[int] = set()
    for device in (*machine.disks, *machine.nics):
        place = device.at("bootOrder")
        if place:
            order = device.number("bootOrder")
            if order < 1:
                yield ORDER.at(place)
            elif order in seen:
                yield ORDER_TWICE.at(place)
            seen.add(order)


def _volume(disk: View, volume: View | None, machine: Instance) -> Iterator[Complaint]:
    if volume is None:
        if not disk.has("cdrom"):
            yield NO_VOLUME.at(disk.at("name"))
        elif not machine.gate("DeclarativeHotplugVolumes"):
            yield EMPTY_DRIVE.at(disk.at("name"))
    elif disk.has("lun") and not (volume.has("persistentVolumeClaim") or volume.has("dataVolume")):
        yield LUN.at(disk.at("lun"))
    if disk.truth("lun", "reservation") and not machine.gate("PersistentReservation"):
        yield RESERVATION_GATE.at(disk.at("lun", "reservation"))


def _one(disk: View) -> Iterator[Complaint]:
    if sum(disk.has(kind) for kind in ("disk", "lun", "cdrom")) > 1:
        yield TARGETS.at(disk)
    if not forms.is_label(disk.text("name")):
        yield NAME_FORM.at(disk.at("name"))
    yield from _address(disk)
    yield from _bus(disk)
    yield from _words(disk)
    yield from _blocks(disk)


def _address(disk: View) -> Iterator[Complaint]:
    address = disk.at("disk", "pciAddress")
    if address.value:
        if disk.text("disk", "bus") != "virtio":
            yield PCI_BUS.at(address)
        if not forms.is_pci_address(disk.text("disk", "pciAddress")):
            yield PCI_FORM.at(address)


def _bus(disk: View) -> Iterator[Complaint]:
    name, kind = bus(disk), next((kind for kind in ("disk", "lun", "cdrom") if disk.has(kind)), "")
    if not name:
        return
    place = disk.at(kind, "bus")
    if name == "ide":
        yield IDE.at(place)
    elif name not in ("virtio", "scsi", "sata", "usb"):
        yield BUS.at(place)
    elif name == "virtio" and kind == "cdrom":
        yield CDROM_VIRTIO.at(place)
    elif name == "sata" and disk.truth("disk", "readonly"):
        yield SATA_READONLY.at(disk.at("disk", "readonly"))
    if disk.truth("dedicatedIOThread") and name != "virtio":
        yield IO_THREAD.at(disk.at("dedicatedIOThread"))


def _words(disk: View) -> Iterator[Complaint]:
    serial = disk.text("serial")
    if serial and not _SERIAL.fullmatch(serial):
        yield SERIAL_FORM.at(disk.at("serial"))
    if len(serial) > 256:
        yield SERIAL_LONG.at(disk.at("serial"), f"{len(serial)}")
    if disk.text("cache") not in ("", "none", "writethrough", "writeback"):
        yield CACHE.at(disk.at("cache"))
    if disk.text("io") not in ("", "native", "threads"):
        yield IO.at(disk.at("io"))
    if disk.has("errorPolicy") and disk.text("errorPolicy") not in ("stop", "ignore", "report", "enospace"):
        yield ERROR_POLICY.at(disk.at("errorPolicy"))


def _blocks(disk: View) -> Iterator[Complaint]:
    custom = disk.at("blockSize", "custom")
    if not custom:
        return
    logical, physical = custom.number("logical"), custom.number("physical")
    if disk.is_on("blockSize", "matchVolume"):
        yield BLOCK_BOTH.at(disk.at("blockSize"))
    elif logical > physical:
        yield BLOCK_ORDER.at(custom.at("logical"), f"{logical} and {physical}")
    elif bus(disk) == "sata" and logical != 512:
        yield BLOCK_SATA.at(custom.at("logical"))
    elif custom.has("discardGranularity") and logical and custom.number("discardGranularity") % logical:
        yield BLOCK_DISCARD.at(custom.at("discardGranularity"))
    else:
        for key, size in (("logical", logical), ("physical", physical)):
            if not 512 <= size <= 2097152 or size & (size - 1):
                yield BLOCK_SIZE.at(custom.at(key))


def _later(disk: View) -> Iterator[Complaint]:
    if disk.truth("shareable") and disk.text("cache") in ("writethrough", "writeback"):
        yield SHARED_CACHE.at(disk.at("cache"))
    if disk.truth("lun", "reservation") and bus(disk) != "scsi":
        yield RESERVATION_BUS.at(disk.at("lun", "bus"))
    if 20 < len(disk.text("serial")) <= 256 and bus(disk) in ("", "virtio", "sata"):
        yield SERIAL_CUT.at(disk.at("serial"))
