"""From a package to its VMs: what the OVF says and what the images hold, in neutral words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from xml.etree.ElementTree import Element

from mtv.errors import MtvError
from mtv.model.estate import VM, Concern, Disk, Firmware, Level
from mtv.providers.ova import claims
from mtv.providers.ova.images import examine
from mtv.providers.ova.losses import has_tpm, losses
from mtv.providers.ova.ovf import hardware, virtualbox
from mtv.providers.ova.ovf.drives import Drive, drives
from mtv.providers.ova.ovf.envelope import Envelope, read, system_id
from mtv.providers.ova.ovf.guests import NAMES, family
from mtv.providers.ova.ovf.hardware import Hardware
from mtv.providers.ova.ovf.nics import nics
from mtv.providers.ova.ovf.xml import attribute, sections, split, text
from mtv.providers.ova.package import EXPORT_AGAIN, Package, hinting
from mtv.providers.ova.reading.stored import Stored

DATASTORE = "ova"
UUID_TEXT = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
EFI_KINDS, SECURE_KINDS = ("3", "4"), ("4",)  # oVirt's BiosType


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A VM and where its disks' bytes lie, by disk key; or what is wrong with it."""

    vm: VM
    images: Mapping[str, Stored]
    error: MtvError | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    machines: tuple[Machine, ...]
    networks: tuple[str, ...]
    digest: str  # of the descriptor


@hinting()
def contents(source: str, package: Package) -> Contents:
    """What a package holds; one VM that is wrong does not stop the others of its collection. Raises MtvError for what
    is wrong with the package as a whole."""
    data = package.read_ovf()
    envelope = read(data, package.file)
    found = tuple(_machine(source, package, envelope, system) for system in envelope.systems)
    told = {nic.network for machine in found for nic in machine.vm.nics if nic.network}
    networks = tuple(dict.fromkeys((*envelope.networks, *sorted(told))))
    return Contents(machines=found, networks=networks, digest=sha256(data).hexdigest())


def _machine(source: str, package: Package, envelope: Envelope, system: Element) -> Machine:
    name = f"{package.file}#{system_id(system)}"
    try:
        with hinting():
            return _read(source, package, envelope, system, name)
    except MtvError as error:
        return broken(source, name, text(system, "Name") or system_id(system), error)


def broken(source: str, id: str, name: str, error: MtvError) -> Machine:  # noqa: A002 - the vendor's word
    """In a folder of many, what cannot be read is a VM with a critical concern."""
    fault = error.fault
    concern = Concern(id=fault.code, level=Level.CRITICAL, text=fault.text, hint=fault.hint or EXPORT_AGAIN)
    return Machine(vm=VM(source=source, id=id, name=name, path=id, concerns=(concern,)), images={}, error=error)


def _read(source: str, package: Package, envelope: Envelope, system: Element, id: str) -> Machine:  # noqa: A002
    where = f"{package.file}: VirtualSystem '{system_id(system)}'"
    machine = hardware.read(system, where, next(iter(envelope.configurations), ""))
    found = drives(machine, envelope, where)
    images = {drive.entry.id: examine(package, drive.entry, f"{where} disk '{drive.entry.id}'") for drive in found}
    used = {entry.file.id for entry in envelope.disks.values() if entry.file}
    used |= {drive.entry.file.id for drive in found if drive.entry.file}
    cpus, cores = hardware.cpus(machine, where)
    firmware, secure = _firmware(machine, system)
    os_id, os_name, os_family = _system(system)
    vm = VM(
        source=source,
        id=id,
        name=text(system, "Name") or system_id(system),
        path=package.file,
        cpus=cpus,
        cores_per_socket=cores,
        memory_bytes=hardware.memory_bytes(machine, where),
        firmware=firmware,
        secure_boot=secure,
        tpm=has_tpm(machine),
        os_id=os_id,
        os_name=os_name,
        os_family=os_family,
        uuid=_uuid(system),
        disks=tuple(_disk(drive, images[drive.entry.id]) for drive in found),
        nics=nics(machine, system),
        attributes={"hardware": machine.type} if machine.type else {},
        concerns=(
            *losses(package, envelope, system, machine, used),
            *(concern for drive in found for concern in claims.concerns(drive.entry, images[drive.entry.id])),
        ),
        revision=package.revision,
    )
    return Machine(vm=vm, images=images)


def _disk(drive: Drive, image: Stored) -> Disk:
    return Disk(
        key=drive.entry.id,
        label=drive.label,
        size_bytes=image.size_bytes,
        allocated_bytes=0 if image.image == "blank" else _allocated(drive, image),
        datastore=DATASTORE,
        controller=drive.controller,
        bus=drive.bus,
        unit=drive.unit,
        image=f"{image.image}+gzip" if image.gzip else "" if image.image == "blank" else image.image,
        blank=image.image == "blank",
    )


def _allocated(drive: Drive, image: Stored) -> int | None:
    """The image knows better than what its writer said of it."""
    return image.allocated_bytes if image.allocated_bytes is not None else drive.entry.populated_bytes


def _firmware(machine: Hardware, system: Element) -> tuple[Firmware, bool]:
    """VMware's Config, VirtualBox's Firmware element, oVirt's BiosType."""
    kind = text(system, "BiosType")
    efi = machine.configs.get("firmware", "").lower() in ("efi", "uefi") or kind in EFI_KINDS
    secure = machine.configs.get("bootoptions.efisecurebootenabled", "").lower() == "true" or kind in SECURE_KINDS
    efi = efi or virtualbox.firmware(system).upper().startswith("EFI")
    return (Firmware.EFI if efi else Firmware.BIOS), efi and secure


def _system(system: Element) -> tuple[str, str, str]:
    """The vendor's word, a name for people, the family."""
    section = next(sections(system, "OperatingSystemSection"), None)
    if section is None:
        return "", "", "unknown"
    number = attribute_number(section)
    words = text(section, "Description")
    said = attribute(section, "osType") or virtualbox.os_type(section)
    name = words or NAMES.get(number if number is not None else -1, "")
    return said or (f"cim:{number}" if number is not None else ""), name, family(said or words, number)


def attribute_number(section: Element) -> int | None:
    """The CIM id. oVirt's own `ovirt:id` stands beside it, so the plain local name will not do."""
    for key, value in section.attrib.items():
        space, name = split(key)
        if name == "id" and "ovirt" not in space and re.fullmatch(r"\d{1,6}", value.strip()):
            return int(value)
    return None


def _uuid(system: Element) -> str:
    """oVirt's VM id is its SMBIOS UUID; VirtualBox keeps its own beside."""
    for words in (virtualbox.uuid(system), system_id(system)):
        if UUID_TEXT.fullmatch(words):
            return words.lower()
    return ""
