"""Whole descriptors as VirtualBox (OVF 2) and oVirt write them."""

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
