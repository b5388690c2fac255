"""What of a virtual system does not move with it: its concerns, each with a stable id."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from mtv.model.estate import Concern, Level
from mtv.providers.ova.ovf import hardware
from mtv.providers.ova.ovf.envelope import Envelope, File
from mtv.providers.ova.ovf.hardware import Hardware
from mtv.providers.ova.ovf.xml import attribute, children, sections
from mtv.providers.ova.package import Package

KINDS = (
    ((".iso",), "ova.iso-dropped", Level.WARNING, "the CD image"),
    ((".flp", ".vfd"), "ova.floppy-dropped", Level.WARNING, "the floppy image"),
    ((".nvram",), "ova.nvram-dropped", Level.WARNING, "the firmware's variables (boot entries, Secure Boot keys)"),
)
NAMED_LIMIT = 20  # files
TPM, PASSTHROUGH = "tpm", ("vmware.pci.passthrough", "vmware.scsi.passthrough")


def losses(
    package: Package, envelope: Envelope, system: Element, machine: Hardware, used: set[str]
) -> Iterator[Concern]:
    """`used` are the ids of the files that are disks of any system here."""
    yield from _package(package)
    yield from _files([file for file in envelope.files if file.id not in used])
    yield from _choices(envelope, system)
    if has_tpm(machine):
        yield _concern("ova.tpm-empty", Level.WARNING, "the TPM's content is not in an OVF: the VM gets an empty one",
                       "have the recovery keys at hand (BitLocker, LUKS by TPM)")  # fmt: skip
    for item in machine.items:
        if item.subtype.lower().startswith(PASSTHROUGH):
            yield _concern("ova.device-dropped", Level.WARNING, f"the passed-through device '{item.name}' stays behind")
    if any(True for _ in machine.of(hardware.FLOPPY)):
        yield _concern("ova.floppy-drive-dropped", Level.INFO, "the floppy drive stays behind")


def has_tpm(machine: Hardware) -> bool:
    return any(TPM in item.subtype.lower() for item in machine.of("1"))


def _package(package: Package) -> Iterator[Concern]:
    if package.digests is None:
        yield _concern("ova.no-manifest", Level.INFO, "the package has no manifest: nothing tells whether it is whole",
                       "write one: ovftool --shaAlgorithm=SHA256")  # fmt: skip
    if package.signed:
        yield _concern("ova.signed", Level.INFO, "the package has a certificate; its signature is not checked")


def _files(unused: Sequence[File]) -> Iterator[Concern]:
    """A descriptor may name tens of thousands, and have a thousand systems."""
    for file in unused[:NAMED_LIMIT]:
        yield _file(file)
    if (more := len(unused) - NAMED_LIMIT) > 0:
        yield _concern("ova.file-unused", Level.INFO, f"{more} more files are no disks and stay behind")


def _file(file: File) -> Concern:
    for suffixes, code, level, what in KINDS:
        if file.href.lower().endswith(suffixes):
            return _concern(code, level, f"{what} '{file.href}' stays behind")
    return _concern("ova.file-unused", Level.INFO, f"the file '{file.href}' is no disk and stays behind")


def _choices(envelope: Envelope, system: Element) -> Iterator[Concern]:
    if len(envelope.configurations) > 1:
        others = ", ".join(envelope.configurations[1:4])
        text = f"of its deployment options '{envelope.configurations[0]}' is taken, not {others}"
        yield _concern("ova.configuration", Level.WARNING, text, "take another by making it the OVF's default")
    properties = [
        attribute(item, "key")
        for section in sections(system, "ProductSection")
        for item in children(section, "Property")
    ]
    if properties:
        text = f"{len(properties)} vApp properties ({', '.join(properties[:3])}) are not given to the guest"
        yield _concern("ova.properties", Level.WARNING, text, "set in the guest what it expects of them")


def _concern(code: str, level: Level, text: str, hint: str = "") -> Concern:
    return Concern(id=code, level=level, text=text, hint=hint)
