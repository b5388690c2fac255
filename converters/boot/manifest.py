"""A bundle's vm.yaml back into hardware. The bundle may be a stranger's: it is checked, and no file out of its folder
is opened."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from mtv import codec
from mtv.converters.boot.hardware import Bus, Card, Drive, Hardware
from mtv.converters.manifests.checking import check
from mtv.converters.manifests.parts.firmware import usable_uuid
from mtv.converters.manifests.quantities import size_bytes
from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.formats.qcow2 import read_header
from mtv.formats.window import window
from mtv.model.estate import Json
from mtv.model.guest import GuestFacts

MANIFEST = "vm.yaml"
UNREAD = ("Service", "Route")  # what others reach it by is of no use here
RECEIPT = "receipt.json"
RECEIPT_LIMIT_BYTES = 64 << 20
HEADER_BYTES = 2 << 20  # a qcow2's first cluster, which holds its header extensions, is no longer
_DISK = re.compile(r"disk\d{1,4}\.(raw|qcow2)")
_BUSES: Mapping[str, Bus] = {"virtio": "virtio", "sata": "sata", "scsi": "scsi"}
Tree = Any  # a document that `check` found sound


def read(bundle: Path) -> Hardware:
    """Raises Refused `boot.*` for what is no bundle, or none that can be started here."""
    machine, claims = _documents(bundle)
    instance = machine["spec"]["template"].get("spec", {})
    domain = instance.get("domain", {})
    loader = domain.get("firmware", {}).get("bootloader", {})
    efi = loader.get("efi")
    cpu = domain.get("cpu", {})
    uuid = domain.get("firmware", {}).get("uuid", "")
    if uuid and not usable_uuid(uuid):
        raise Refused("boot.manifest", f"{bundle}: '{uuid[:60]}' is no UUID: KubeVirt would take it and start nothing")
    had = machine["metadata"].get("annotations", {})  # what an instancetype says here is only known in a cluster
    return Hardware(
        name=machine["metadata"]["name"],
        efi=efi is not None,
        secure_boot=bool(efi is not None and efi.get("secureBoot", True)),
        sockets=_count(cpu.get("sockets") or _number(had.get("mtv/cpus", ""))),
        cores=_count(cpu.get("cores")),
        threads=_count(cpu.get("threads")),
        memory_bytes=size_bytes(domain.get("memory", {}).get("guest") or had.get("mtv/memory", "1Gi")),
        uuid=uuid,
        serial=domain.get("firmware", {}).get("serial", ""),
        drives=_drives(bundle, domain.get("devices", {}), instance, claims),
        cards=_cards(domain.get("devices", {}).get("interfaces", [])),
        usb_tablet=any(one.get("bus") == "usb" for one in domain.get("devices", {}).get("inputs", [])),
        hyperv="hyperv" in domain.get("features", {}),
    )


def known_guest(bundle: Path) -> GuestFacts | None:
    """What inspection read before the move, as the bundle's receipt remembers it; None where it does not. Nothing is
    proved by it here: `mtv verify` looks at signatures."""
    try:
        with (bundle / RECEIPT).open("rb") as file:
            receipt = json.loads(file.read(RECEIPT_LIMIT_BYTES))
        return codec.load(GuestFacts, receipt["facts"]["guest"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError, Refused):
        return None


def _documents(bundle: Path) -> tuple[Tree, Mapping[str, str]]:
    """The VirtualMachine, and the file of each claim."""
    path = bundle / MANIFEST
    try:
        with path.open("rb") as file:
            text = file.read(kubeyaml.LIMIT_BYTES + 1)
    except OSError as error:
        raise Refused(
            "boot.no-bundle", f"{bundle} is no bundle: {MANIFEST}: {error.strerror}", "give the folder of one VM"
        ) from error
    documents = kubeyaml.load(text, str(path))
    machines = [one for one in documents if one.get("kind") == "VirtualMachine"]
    if len(machines) != 1:
        raise Refused("boot.manifest", f"{path} holds {len(machines)} VirtualMachines, and one is needed")
    for document in documents:
        for finding in () if document.get("kind") in UNREAD else check(document):
            raise Refused("boot.manifest", f"{path}: {finding.name}: {finding.text}")
    return machines[0], dict(_claims(documents))


def _claims(documents: Sequence[Mapping[str, Json]]) -> list[tuple[str, str]]:
    """Of their own, or made by the VM."""
    claims: list[Tree] = [one for one in documents if one.get("kind") == "PersistentVolumeClaim"]
    machines: list[Tree] = [one for one in documents if one.get("kind") == "VirtualMachine"]
    made = [template for one in machines for template in one["spec"].get("dataVolumeTemplates", [])]
    claims += [template for template in made if isinstance(template.get("metadata"), dict)]
    return [_named(one["metadata"]) for one in claims]


def _named(metadata: Tree) -> tuple[str, str]:
    """The schema leaves a template's metadata open: they may be anything."""
    name, noted = metadata.get("name", ""), metadata.get("annotations")
    file = noted.get("mtv/disk", "") if isinstance(noted, dict) else ""
    return str(name), file if isinstance(file, str) else ""


def _count(value: int | None) -> int:
    return max(value or 1, 1)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,4}", text, re.ASCII) else None


def _drives(bundle: Path, devices: Tree, instance: Tree, claims: Mapping[str, str]) -> tuple[Drive, ...]:
    volumes = {one["name"]: _claim(one) for one in instance.get("volumes", [])}
    return tuple(
        _drive(bundle, disk, claims.get(volumes.get(disk["name"], ""), "")) for disk in devices.get("disks", [])
    )


def _claim(volume: Tree) -> str:
    found: str = volume.get("persistentVolumeClaim", {}).get("claimName") or volume.get("dataVolume", {}).get(
        "name", ""
    )
    return found


def _drive(bundle: Path, disk: Tree, file: str) -> Drive:
    bus = disk.get("disk", {}).get("bus", "virtio")
    if bus not in _BUSES or "disk" not in disk:
        raise Refused("boot.manifest", f"{bundle}: disk '{disk['name']}' is on no bus that is started here")
    if not _DISK.fullmatch(file):
        raise Refused("boot.manifest", f"{bundle}: the claim of disk '{disk['name']}' names no disk of a bundle")
    path = bundle / file
    if path.is_symlink() or not path.is_file():
        raise Refused("boot.no-disk", f"{path} is not there, or no plain file", "is the bundle whole? `mtv verify`")
    form = cast(Literal["raw", "qcow2"], path.suffix[1:])
    return Drive(
        path=path.absolute(),
        format=form,
        bus=_BUSES[bus],
        serial=disk.get("serial", ""),
        size_bytes=disk_size_bytes(path, form),
        boot_order=disk.get("bootOrder"),
    )


def disk_size_bytes(path: Path, form: str) -> int:
    """As the guest sees it. A qcow2 that would make QEMU read other files of this machine is refused."""
    if form == "raw":
        return path.stat().st_size
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    return read_header(window(header, str(path), "qcow2")).size_bytes


def _cards(interfaces: Sequence[Tree]) -> tuple[Card, ...]:
    return tuple(
        Card(
            mac=one.get("macAddress", "").lower().replace("-", ":"),
            model=one.get("model", "virtio"),
            up=one.get("state", "up") == "up",
        )
        for one in interfaces
    )
