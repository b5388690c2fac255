"""The Envelope's tables: referenced files, disks, networks, deployment options, and the virtual systems below it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from mtv.errors import Refused
from mtv.providers.ova.ovf import units
from mtv.providers.ova.ovf.xml import attribute, children, local, parse, sections, text, whole

DEPTH_LIMIT = 16  # of nested VirtualSystemCollections
SYSTEMS_LIMIT = 1000
CAPACITY_LIMIT = 1 << 56
VOLUME_FORMATS = {"raw": "raw", "cow": "qcow2"}  # oVirt's; its URI for a raw image says vmdk
PLACEHOLDER = re.compile(r"\$\{([^}]{1,200})\}")


@dataclass(frozen=True, kw_only=True)
class File:
    """A referenced file; with `chunk_bytes` it lies in NAME.000000000, NAME.000000001 and so on."""

    id: str
    href: str
    size_bytes: int | None
    chunk_bytes: int | None
    gzip: bool


@dataclass(frozen=True, kw_only=True)
class DiskEntry:
    id: str
    file: File | None  # None: blank
    capacity_bytes: int | None
    unit_bytes: int  # how coarse `capacity_bytes` is
    format: str
    populated_bytes: int | None
    interface: str = ""  # oVirt: VirtIO, VirtIO_SCSI, IDE, SATA
    boot: bool = False  # oVirt
    of_ovirt: bool = False


@dataclass(frozen=True, kw_only=True)
class Envelope:
    file: str
    files: tuple[File, ...]
    disks: Mapping[str, DiskEntry]
    networks: tuple[str, ...]
    configurations: tuple[str, ...]  # deployment options, the default first
    systems: tuple[Element, ...]


def read(data: bytes, file: str) -> Envelope:
    """Raises Refused `ova.*`, naming file and element."""
    root = parse(data, file)
    files = _files(root, file)
    return Envelope(
        file=file,
        files=tuple(files.values()),
        disks=_disks(root, file, files),
        networks=tuple(
            attribute(network, "name")
            for section in sections(root, "NetworkSection")
            for network in children(section, "Network")
            if attribute(network, "name")
        ),
        configurations=_configurations(root),
        systems=tuple(_systems(root, file)),
    )


def _files(root: Element, file: str) -> dict[str, File]:
    found: dict[str, File] = {}
    hrefs: set[str] = set()
    for number, element in enumerate((e for r in children(root, "References") for e in children(r, "File")), 1):
        entry = _file(element, f"{file}: References/File {number}")
        if entry.id in found or entry.href in hrefs:
            raise Refused("ova.file-twice", f"{file}: References/File '{entry.href}' is there twice (id '{entry.id}')")
        found[entry.id] = entry
        hrefs.add(entry.href)
    return found


def _file(element: Element, where: str) -> File:
    href, name = attribute(element, "href"), attribute(element, "id")
    if not href or not name:
        raise Refused("ova.reference", f"{where}: it has no href or no id")
    compression = attribute(element, "compression")
    if compression not in ("", "identity", "gzip"):
        raise Refused("ova.compression", f"{where}: its compression '{compression[:40]}' is not gzip")
    size, chunk = attribute(element, "size"), attribute(element, "chunkSize")
    return File(
        id=name,
        href=href,
        size_bytes=whole(size, f"{where} size", 0, 1 << 60) if size else None,
        chunk_bytes=whole(chunk, f"{where} chunkSize", 1, 1 << 60) if chunk else None,
        gzip=compression == "gzip",
    )


def _disks(root: Element, file: str, files: Mapping[str, File]) -> dict[str, DiskEntry]:
    found: dict[str, DiskEntry] = {}
    users: dict[str, str] = {}
    defaults = _properties(root)
    for element in (e for s in sections(root, "DiskSection") for e in children(s, "Disk")):
        disk = _disk(element, file, files, defaults)
        if disk.id in found:
            raise Refused("ova.disk-twice", f"{file}: DiskSection/Disk '{disk.id}' is there twice")
        if disk.file and users.setdefault(disk.file.id, disk.id) != disk.id:
            other = users[disk.file.id]
            raise Refused(
                "ova.file-twice", f"{file}: the disks '{other}' and '{disk.id}' lie in one file '{disk.file.href}'"
            )
        found[disk.id] = disk
    return found


def _disk(element: Element, file: str, files: Mapping[str, File], defaults: Mapping[str, str]) -> DiskEntry:
    name = attribute(element, "diskId")
    where = f"{file}: DiskSection/Disk '{name}'"
    if not name:
        raise Refused("ova.disk", f"{file}: a DiskSection/Disk has no diskId")
    if parent := attribute(element, "parentRef"):
        raise Refused(
            "ova.parent", f"{where}: it is a difference to the disk '{parent}'", "consolidate and export it again"
        )
    reference = attribute(element, "fileRef")
    if reference and reference not in files:
        raise Refused("ova.reference", f"{where}: its fileRef '{reference}' is in no References/File")
    unit = units.bytes_of(attribute(element, "capacityAllocationUnits"), f"{where} capacityAllocationUnits")
    populated = attribute(element, "populatedSize")
    return DiskEntry(
        id=name,
        file=files[reference] if reference else None,
        capacity_bytes=_capacity(_resolved(attribute(element, "capacity"), defaults), unit, f"{where} capacity"),
        unit_bytes=unit,
        format=VOLUME_FORMATS.get(attribute(element, "volume-format").lower()) or attribute(element, "format"),
        populated_bytes=int(populated) if populated.isascii() and populated.isdigit() and len(populated) < 19 else None,
        interface=attribute(element, "disk-interface"),
        boot=attribute(element, "boot").lower() == "true",
        of_ovirt=bool(attribute(element, "volume-format")),
    )


def _capacity(words: str, unit: int, where: str) -> int | None:
    if not words:
        return None
    total = whole(words, where, 1, CAPACITY_LIMIT) * unit
    if total > CAPACITY_LIMIT:
        raise Refused("ova.number", f"{where} is {total} bytes, over 64 PiB")
    return total


def _resolved(words: str, defaults: Mapping[str, str]) -> str:
    """A capacity may be `${disk.size}`: a property of the package, its default is taken."""
    match = PLACEHOLDER.fullmatch(words)
    return defaults.get(match[1], words) if match else words


def _properties(root: Element) -> dict[str, str]:
    return {
        attribute(item, "key"): attribute(item, "value")
        for section in root.iter()
        if isinstance(section.tag, str) and local(section) == "ProductSection"
        for item in children(section, "Property")
    }


def _configurations(root: Element) -> tuple[str, ...]:
    options = [e for s in sections(root, "DeploymentOptionSection") for e in children(s, "Configuration")]
    options.sort(key=lambda option: attribute(option, "default").lower() not in ("true", "1"))
    return tuple(attribute(option, "id") for option in options)


def _systems(root: Element, file: str) -> Iterator[Element]:
    """Every VirtualSystem, however deep in collections; their ids are unique."""
    found = list(_below(root, file, 0))
    if not found:
        raise Refused("ova.no-system", f"{file}: it has no VirtualSystem")
    if len(found) > SYSTEMS_LIMIT:
        raise Refused("ova.systems", f"{file}: it has {len(found)} VirtualSystems, at most {SYSTEMS_LIMIT} are read")
    names = [system_id(system) for system in found]
    if twice := sorted(name for name in names if names.count(name) > 1):
        raise Refused("ova.system-twice", f"{file}: two VirtualSystems have the id '{twice[0]}'")
    return iter(found)


def _below(parent: Element, file: str, depth: int) -> Iterator[Element]:
    if depth > DEPTH_LIMIT:
        raise Refused("ova.systems", f"{file}: VirtualSystemCollections are nested over {DEPTH_LIMIT} deep")
    yield from sections(parent, "VirtualSystem")
    for collection in sections(parent, "VirtualSystemCollection"):
        yield from _below(collection, file, depth + 1)


def system_id(system: Element) -> str:
    return attribute(system, "id") or text(system, "Name") or "vm"
