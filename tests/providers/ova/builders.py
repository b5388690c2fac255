"""OVF texts as VMware, VirtualBox and oVirt write them, and packages of them with small real disks."""

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


VIRTUALBOX = """<?xml version="1.0"?>
<Envelope ovf:version="2.0" xml:lang="en-US" xmlns="http://schemas.dmtf.org/ovf/envelope/2"
 xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
 xmlns:epasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_EthernetPortAllocationSettingData.xsd"
 xmlns:sasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_StorageAllocationSettingData.xsd"
 xmlns:vbox="http://www.virtualbox.org/ovf/machine">
 <References><File ovf:id="file1" ovf:href="box-disk001.vmdk"/>
  <File ovf:id="file2" ovf:href="box-disk002.vmdk"/></References>
 <DiskSection><Info>disks</Info>
  <Disk ovf:capacity="{size}" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="{format}" vbox:uuid="x"/>
  <Disk ovf:capacity="{size}" ovf:diskId="vmdisk2" ovf:fileRef="file2" ovf:format="{format}" vbox:uuid="y"/>
 </DiskSection>
 <NetworkSection><Info>nets</Info><Network ovf:name="NAT"><Description>x</Description></Network></NetworkSection>
 <VirtualSystem ovf:id="box"><Info>A virtual machine</Info>
  <OperatingSystemSection ovf:id="80"><Info>os</Info><Description>RedHat_64</Description>
   <vbox:OSType ovf:required="false">RedHat_64</vbox:OSType></OperatingSystemSection>
  <VirtualHardwareSection><Info>hw</Info>
   <System><vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType></System>
   <Item><rasd:Caption>1 virtual CPU</rasd:Caption><rasd:InstanceID>1</rasd:InstanceID>
    <rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:Caption>512 MB</rasd:Caption>
    <rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType>
    <rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
   <Item><rasd:Address>0</rasd:Address><rasd:Caption>ideController0</rasd:Caption><rasd:InstanceID>3</rasd:InstanceID>
    <rasd:ResourceSubType>PIIX4</rasd:ResourceSubType><rasd:ResourceType>5</rasd:ResourceType></Item>
   <Item><rasd:Address>0</rasd:Address><rasd:Caption>sataController0</rasd:Caption><rasd:InstanceID>5</rasd:InstanceID>
    <rasd:ResourceSubType>AHCI</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
   <StorageItem><sasd:AddressOnParent>1</sasd:AddressOnParent><sasd:Caption>disk2</sasd:Caption>
    <sasd:HostResource>/disk/vmdisk2</sasd:HostResource><sasd:InstanceID>7</sasd:InstanceID><sasd:Parent>5</sasd:Parent>
    <sasd:ResourceType>17</sasd:ResourceType></StorageItem>
   <StorageItem><sasd:AddressOnParent>0</sasd:AddressOnParent><sasd:Caption>disk1</sasd:Caption>
    <sasd:HostResource>/disk/vmdisk1</sasd:HostResource><sasd:InstanceID>6</sasd:InstanceID><sasd:Parent>5</sasd:Parent>
    <sasd:ResourceType>17</sasd:ResourceType></StorageItem>
   <EthernetPortItem><epasd:AutomaticAllocation>true</epasd:AutomaticAllocation><epasd:Caption>NAT</epasd:Caption>
    <epasd:Connection>NAT</epasd:Connection><epasd:InstanceID>8</epasd:InstanceID>
    <epasd:ResourceSubType>E1000</epasd:ResourceSubType><epasd:ResourceType>10</epasd:ResourceType></EthernetPortItem>
  </VirtualHardwareSection>
  <vbox:Machine ovf:required="false" version="1.19-linux" uuid="{{0e2b7c1a-6f57-4b2a-9a53-0b2f3f1d9c11}}" name="box">
   <Hardware><Firmware type="EFI"/><Network>
    <Adapter slot="1" enabled="false" MACAddress="080027FFFFFF" type="82540EM"/>
    <Adapter slot="0" enabled="true" MACAddress="080027A1B2C3" type="82540EM"/></Network></Hardware>
  </vbox:Machine>
 </VirtualSystem>
</Envelope>"""

OVIRT = """<?xml version="1.0" encoding="UTF-8"?>
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ovirt="http://www.ovirt.org/ovf" ovf:version="4.4.0.0">
<References><File ovf:href="img2" ovf:id="img2" ovf:size="1"/>
 <File ovf:href="img1" ovf:id="img1" ovf:size="1"/></References>
<NetworkSection><Info>List of networks</Info><Network ovf:name="ovirtmgmt"/></NetworkSection>
<DiskSection><Info>List of Virtual Disks</Info>
<Disk ovf:diskId="d2" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="1" ovf:parentRef=""
 ovf:fileRef="img2" ovf:format="http://www.vmware.com/specifications/vmdk.html#sparse" ovf:volume-format="RAW"
 ovf:disk-interface="VirtIO" ovf:boot="false"/>
<Disk ovf:diskId="d1" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="1" ovf:parentRef=""
 ovf:fileRef="img1" ovf:format="http://www.gnome.org/~markmc/qcow-image-format.html" ovf:volume-format="COW"
 ovf:disk-interface="VirtIO_SCSI" ovf:boot="true"/>
</DiskSection>
<VirtualSystem ovf:id="5d1f7a0e-8a42-44ae-bc14-5f2c3c0a7d01"><Name>rhv vm</Name><BiosType>4</BiosType>
<OperatingSystemSection ovf:id="80" ovirt:id="30" ovf:required="false"><Info>Guest Operating System</Info>
 <Description>rhel_8x64</Description></OperatingSystemSection>
<VirtualHardwareSection><Info>4 CPU, 2048 Memory</Info>
<System><vssd:VirtualSystemType>ENGINE 4.4.0.0</vssd:VirtualSystemType></System>
<Item><rasd:Caption>4 virtual cpu</rasd:Caption><rasd:InstanceId>1</rasd:InstanceId>
 <rasd:ResourceType>3</rasd:ResourceType>
 <rasd:num_of_sockets>2</rasd:num_of_sockets><rasd:cpu_per_socket>2</rasd:cpu_per_socket>
 <rasd:threads_per_cpu>1</rasd:threads_per_cpu><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
<Item><rasd:Caption>2048 MB of memory</rasd:Caption><rasd:InstanceId>2</rasd:InstanceId>
 <rasd:ResourceType>4</rasd:ResourceType><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits>
 <rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
<Item><rasd:Caption>data</rasd:Caption><rasd:InstanceId>img2</rasd:InstanceId>
 <rasd:ResourceType>17</rasd:ResourceType>
 <rasd:HostResource>ovf:/disk/d2</rasd:HostResource><rasd:Parent>00000000-0000-0000-0000-000000000000</rasd:Parent>
 <Type>disk</Type><Device>disk</Device><rasd:Address>{{type=pci, slot=0x07}}</rasd:Address>
 <BootOrder>0</BootOrder></Item>
<Item><rasd:Caption>root</rasd:Caption><rasd:InstanceId>img1</rasd:InstanceId><rasd:ResourceType>17</rasd:ResourceType>
 <rasd:HostResource>ovf:/disk/d1</rasd:HostResource><rasd:Parent>00000000-0000-0000-0000-000000000000</rasd:Parent>
 <Type>disk</Type><Device>disk</Device><BootOrder>1</BootOrder></Item>
<Item><rasd:Caption>Ethernet adapter on ovirtmgmt</rasd:Caption><rasd:InstanceId>n1</rasd:InstanceId>
 <rasd:ResourceType>10</rasd:ResourceType><rasd:OtherResourceType>ovirtmgmt</rasd:OtherResourceType>
 <rasd:ResourceSubType>3</rasd:ResourceSubType><rasd:Connection>ovirtmgmt</rasd:Connection><rasd:Linked>true</rasd:Linked>
 <rasd:Name>nic1</rasd:Name><rasd:ElementName>nic1</rasd:ElementName><rasd:MACAddress>56:6F:AA:00:00:01</rasd:MACAddress>
 <Type>interface</Type><Device>bridge</Device><rasd:Address>{{type=pci, slot=0x03}}</rasd:Address></Item>
<Item><rasd:Caption>Graphical Controller</rasd:Caption><rasd:InstanceId>v</rasd:InstanceId>
 <rasd:ResourceType>20</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
</VirtualHardwareSection></VirtualSystem></ovf:Envelope>"""


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
