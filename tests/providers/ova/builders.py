"""Descriptors as VMware writes them, part by part, and packages of them with small real disks."""

import gzip
import hashlib
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from tests.formats.build import guest

SIZE = 4 << 20
VMDK = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
QCOW2 = "http://www.gnome.org/~markmc/qcow-image-format.html"
SPACES = (
    'xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" '
    'xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData" '
    'xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData" '
    'xmlns:vmw="http://www.vmware.com/schema/ovf" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


def item(attributes: str = "", extra: str = "", **words: object) -> str:
    inner = "".join(f"<rasd:{key}>{value}</rasd:{key}>" for key, value in words.items())
    return f"<Item {attributes}>{inner}{extra}</Item>\n"


def config(key: str, value: object) -> str:
    return f'<vmw:Config ovf:required="false" vmw:key="{key}" vmw:value="{value}"/>'


CPU = item(InstanceID=1, ResourceType=3, VirtualQuantity=2, ElementName="2 CPU(s)", AllocationUnits="hertz * 10^6",
           extra='<vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket>')  # fmt: skip
MEMORY = item(InstanceID=2, ResourceType=4, VirtualQuantity=1024, ElementName="1024MB", AllocationUnits="byte * 2^20")
SCSI = item(InstanceID=3, ResourceType=6, ResourceSubType="VirtualSCSI", Address=0, ElementName="SCSI controller 0")
NIC = item(
    InstanceID=9, ResourceType=10, ResourceSubType="VmxNet3", Connection="VM Network", ElementName="Network adapter 1",
    Address="00:50:56:AB:CD:EF", AutomaticAllocation="true", extra=config("slotInfo.pciSlotNumber", 192),
)  # fmt: skip


def drive(disk: str, parent: object = 3, unit: object = 0, number: int = 4) -> str:
    return item(
        InstanceID=number, ResourceType=17, HostResource=f"ovf:/disk/{disk}", Parent=parent, AddressOnParent=unit,
        ElementName=f"Hard disk {unit}",
    )  # fmt: skip


def file(name: str, number: int = 1, attributes: str = "") -> str:
    return f'<File ovf:href="{name}" ovf:id="file{number}" {attributes}/>'


def disk(
    number: int = 1, *, capacity: object = SIZE, format_: str = VMDK, attributes: str = "", ref: bool = True
) -> str:
    reference = f'ovf:fileRef="file{number}"' if ref else ""
    return (
        f'<Disk ovf:diskId="vmdisk{number}" ovf:capacity="{capacity}" ovf:format="{format_}" {reference} {attributes}/>'
    )


@dataclass
class Vmware:
    """One VM as ovftool writes it. Each field is a part of the text that a test may replace."""

    name: str = "web"
    files: str = file("web-disk1.vmdk")
    disks: str = disk()
    networks: str = '<Network ovf:name="VM Network"><Description>n</Description></Network>'
    os: str = '<OperatingSystemSection ovf:id="96" vmw:osType="debian12_64Guest"><Info/></OperatingSystemSection>'
    hardware: str = CPU + MEMORY + SCSI + drive("vmdisk1") + NIC
    before: str = ""  # in the envelope, before the system
    inside: str = ""  # in the system

    def system(self) -> str:
        return (
            f'<VirtualSystem ovf:id="{self.name}"><Info>vm</Info><Name>{self.name}</Name>{self.os}{self.inside}'
            f"<VirtualHardwareSection><Info/><System><vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType></System>\n"
            f"{self.hardware}</VirtualHardwareSection></VirtualSystem>"
        )

    def text(self) -> str:
        return envelope(self.files, self.disks, self.networks, self.before + self.system())


def envelope(files: str, disks: str, networks: str, rest: str, spaces: str = SPACES) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Envelope {spaces}>\n<References>{files}</References>\n'
        f"<DiskSection><Info/>{disks}</DiskSection>\n<NetworkSection><Info/>{networks}</NetworkSection>\n{rest}</Envelope>"
    )


def raw(folder: Path, name: str = "disk.raw", size: int = SIZE, seed: int = 1) -> Path:
    """A sparse raw file with some content."""
    path = folder / name
    content = guest(size, seed)
    with path.open("wb") as out:
        out.truncate(size)
        for at in range(0, size, 4096):
            if any(block := content[at : at + 4096]):
                out.seek(at)
                out.write(block)
    return path


def converted(source: Path, name: str, format_: str, options: str = "") -> Path:
    path = source.parent / name
    extra = ["-o", options] if options else []
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", format_, *extra, source, path], check=True)
    return path


def stream(folder: Path, name: str = "web-disk1.vmdk", seed: int = 1) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    source = raw(folder, name + ".raw", seed=seed)
    data = converted(source, name + ".tmp", "vmdk", "subformat=streamOptimized").read_bytes()
    (folder / (name + ".tmp")).unlink()
    source.unlink()
    return data


def manifest(files: Mapping[str, bytes], algorithm: str = "sha256") -> bytes:
    lines = [f"{algorithm.upper()}({name})= {hashlib.new(algorithm, data).hexdigest()}" for name, data in files.items()]
    return ("\n".join(lines) + "\n").encode()


@dataclass
class Packed:
    """Files by name, in order; the manifest covers all of them unless it is given or not wanted."""

    files: dict[str, bytes] = field(default_factory=dict)
    algorithm: str = "sha256"
    manifest: bytes | None = None

    def all(self) -> dict[str, bytes]:
        if not self.algorithm:
            return self.files
        ovf = next((name for name in self.files if name.endswith(".ovf")), "x.ovf")
        told = self.manifest if self.manifest is not None else manifest(self.files, self.algorithm)
        return {**self.files, ovf.removesuffix(".ovf") + ".mf": told}

    def ova(self, path: Path) -> Path:
        return tarred(path, self.all().items())

    def folder(self, path: Path) -> Path:
        for name, data in self.all().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path


def tarred(path: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as out:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, BytesIO(data))
    return path


def web(folder: Path, ovf: Vmware | None = None, **others: bytes) -> Packed:
    """The plain VMware package: one streamOptimized disk."""
    files = {"web.ovf": (ovf or Vmware()).text().encode(), "web-disk1.vmdk": stream(folder)}
    return Packed({**files, **others})


def zipped(data: bytes) -> bytes:
    return gzip.compress(data, 6)
