"""A guest as the OVA that VMware exports: OVF, manifest and streamOptimized disks in a ustar archive."""

import hashlib
import tarfile
import tempfile
from pathlib import Path

from tests.guests import cache
from tests.guests.guests import Guest
from tests.guests.stream_vmdk import write_stream_vmdk

HERE = Path(__file__).parent


def guest_ova(guest: Guest) -> Path:
    """The guest's OVA, made once (2 s for the real one)."""
    made_by: list[Path | str] = [HERE / "ova.py", HERE / "stream_vmdk.py"]
    parts = [*made_by, guest.name, *(disk.parent.name for disk in guest.disks)]
    home = cache.kept(f"ova-{guest.disks[0].parent.name.rpartition('-')[0]}", parts, lambda out: _into(guest, out))
    return home / f"{guest.name}.ova"


def make_ova(guest: Guest, out: Path) -> None:
    """Members in VMware's order: OVF, manifest, disks."""
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        folder = Path(scratch)
        disks = []
        for number, raw in enumerate(guest.disks, 1):
            disks.append(folder / f"{guest.name}-disk{number}.vmdk")
            write_stream_vmdk(raw, disks[-1])
        ovf = folder / f"{guest.name}.ovf"
        ovf.write_text(envelope(guest, [disk.stat().st_size for disk in disks]))
        manifest = folder / f"{guest.name}.mf"
        manifest.write_text("".join(f"SHA256({file.name})= {_sha256(file)}\n" for file in (ovf, *disks)))
        with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as archive:
            for file in (ovf, manifest, *disks):
                archive.add(file, file.name)


def _into(guest: Guest, out: Path) -> None:
    make_ova(guest, out / f"{guest.name}.ova")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def envelope(guest: Guest, file_sizes: list[int]) -> str:
    """What vSphere 7 writes for a VM with one PVSCSI controller and one vmxnet3 NIC whose MAC is its own."""
    files = "\n".join(
        f'    <File ovf:href="{guest.name}-disk{n}.vmdk" ovf:id="file{n}" ovf:size="{size}"/>'
        for n, size in enumerate(file_sizes, 1)
    )
    disks = "\n".join(
        f'    <Disk ovf:capacity="{raw.stat().st_size}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk{n}"'
        f' ovf:fileRef="file{n}" ovf:format="{STREAM}" ovf:populatedSize="{raw.stat().st_blocks * 512}"/>'
        for n, raw in enumerate(guest.disks, 1)
    )
    items = "".join(DISK.format(n=n, unit=n - 1, id=9 + n) for n in range(1, len(guest.disks) + 1))
    return ENVELOPE.format(files=files, disks=disks, items=items, guest=guest)


STREAM = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"

DISK = """\
      <Item>
        <rasd:AddressOnParent>{unit}</rasd:AddressOnParent>
        <rasd:ElementName>Hard disk {n}</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/vmdisk{n}</rasd:HostResource>
        <rasd:InstanceID>{id}</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
"""

ENVELOPE = """\
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vmw="http://www.vmware.com/schema/ovf"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <References>
{files}
  </References>
  <DiskSection>
    <Info>Virtual disk information</Info>
{disks}
  </DiskSection>
  <NetworkSection>
    <Info>The list of logical networks</Info>
    <Network ovf:name="VLAN-120">
      <Description>The VLAN-120 network</Description>
    </Network>
  </NetworkSection>
  <VirtualSystem ovf:id="{guest.name}">
    <Info>A virtual machine</Info>
    <Name>{guest.name}</Name>
    <OperatingSystemSection ovf:id="{guest.os_number}" vmw:osType="{guest.os_id}">
      <Info>The kind of installed guest operating system</Info>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{guest.name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits>
        <rasd:Description>Number of Virtual CPUs</rasd:Description>
        <rasd:ElementName>2 virtual CPU(s)</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>2</rasd:VirtualQuantity>
        <vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:Description>Memory Size</rasd:Description>
        <rasd:ElementName>1024MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>1024</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:Description>SCSI Controller</rasd:Description>
        <rasd:ElementName>SCSI controller 0</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
        <vmw:Config ovf:required="false" vmw:key="slotInfo.pciSlotNumber" vmw:value="160"/>
      </Item>
      <Item>
        <rasd:Address>{guest.mac}</rasd:Address>
        <rasd:AddressOnParent>7</rasd:AddressOnParent>
        <rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>VLAN-120</rasd:Connection>
        <rasd:Description>VmxNet3 ethernet adapter on &quot;VLAN-120&quot;</rasd:Description>
        <rasd:ElementName>Network adapter 1</rasd:ElementName>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
        <vmw:Config ovf:required="false" vmw:key="slotInfo.pciSlotNumber" vmw:value="{guest.pci_slot}"/>
        <vmw:Config ovf:required="false" vmw:key="wakeOnLanEnabled" vmw:value="true"/>
      </Item>
{items}      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="bios"/>
      <vmw:Config ovf:required="false" vmw:key="cpuHotAddEnabled" vmw:value="false"/>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""
