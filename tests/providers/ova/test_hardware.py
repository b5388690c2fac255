"""A VM's hardware: firmware, the order of disks, memory, NICs, deployment options."""

from pathlib import Path

import pytest

from mtv.model.estate import Firmware, Nic
from tests.providers.ova.asking import only
from tests.providers.ova.builders import (
    CPU,
    MEMORY,
    SCSI,
    Packed,
    Vmware,
    config,
    disk,
    drive,
    item,
    web,
)


@pytest.mark.parametrize(
    ("said", "firmware", "secure"),
    [
        ("", Firmware.BIOS, False),
        (config("firmware", "efi"), Firmware.EFI, False),
        (config("firmware", "efi") + config("bootOptions.efiSecureBootEnabled", "true"), Firmware.EFI, True),
        (config("firmware", "bios") + config("bootOptions.efiSecureBootEnabled", "true"), Firmware.BIOS, False),
    ],
)
def test_firmware_by_vmwares_config(tmp_path: Path, said: str, firmware: Firmware, secure: bool) -> None:
    vm = only(web(tmp_path, Vmware(hardware=CPU + MEMORY + SCSI + drive("vmdisk1") + said)).ova(tmp_path / "web.ova"))
    assert (vm.firmware, vm.secure_boot) == (firmware, secure)


def blank(count: int) -> str:
    return "".join(disk(number, capacity=1 << 20, ref=False) for number in range(1, count + 1))


def controllers() -> str:
    return (
        item(InstanceID=10, ResourceType=6, ResourceSubType="lsilogic", Address=1, ElementName="SCSI 1")
        + item(InstanceID=11, ResourceType=6, ResourceSubType="lsilogicsas", Address=0, ElementName="SCSI 0")
        + item(InstanceID=12, ResourceType=20, ResourceSubType="vmware.sata.ahci", Address=0, ElementName="SATA 0")
        + item(InstanceID=13, ResourceType=20, ResourceSubType="vmware.nvme.controller", Address=0, ElementName="NVMe")
        + item(InstanceID=14, ResourceType=5, Address=1, ElementName="IDE 1")
    )


def test_disks_come_in_the_order_in_which_firmware_numbers_them(tmp_path: Path) -> None:
    drives = (
        drive("vmdisk1", 10, 0, 21) + drive("vmdisk2", 13, 0, 22) + drive("vmdisk3", 11, 10, 23)
        + drive("vmdisk4", 11, 2, 24) + drive("vmdisk5", 12, 0, 25) + drive("vmdisk6", 14, 0, 26)
    )  # fmt: skip
    ovf = Vmware(files="", disks=blank(6), hardware=CPU + MEMORY + controllers() + drives)
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert [(d.key[-1], d.controller, d.bus, d.unit) for d in vm.disks] == [
        ("6", "ide", 1, 0),
        ("4", "lsisas", 0, 2),
        ("3", "lsisas", 0, 10),
        ("1", "lsilogic", 1, 0),
        ("5", "ahci", 0, 0),
        ("2", "nvme", 0, 0),
    ]
    assert all(d.blank and d.image == "" for d in vm.disks)


def test_the_bios_own_order_wins(tmp_path: Path) -> None:
    drives = drive("vmdisk1", 11, 0, 21) + drive("vmdisk2", 11, 1, 22)
    hardware = CPU + MEMORY + controllers() + drives + config("bios.hddOrder", "scsi0:1")
    ovf = Vmware(files="", disks=blank(2), hardware=hardware)
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert [d.key for d in vm.disks] == ["vmdisk2", "vmdisk1"]


def test_the_default_deployment_option_counts(tmp_path: Path) -> None:
    options = (
        "<DeploymentOptionSection><Info/><Configuration ovf:id='s'/><Configuration ovf:id='b' ovf:default='true'/>"
    )
    hardware = (
        CPU
        + item("ovf:configuration='s'", InstanceID=2, ResourceType=4, VirtualQuantity=1, AllocationUnits="GB")
        + item("ovf:configuration='x b'", InstanceID=2, ResourceType=4, VirtualQuantity=3, AllocationUnits="GigaBytes")
        + item("ovf:bound='min'", InstanceID=2, ResourceType=4, VirtualQuantity=1, AllocationUnits="GB")
    )
    ovf = Vmware(files="", disks="", hardware=hardware, before=options + "</DeploymentOptionSection>")
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert vm.memory_bytes == 3 << 30
    assert vm.disks == ()


@pytest.mark.parametrize(
    ("quantity", "units", "size"),
    [
        (1024, "byte * 2^20", 1 << 30),
        (1024, "MegaBytes", 1 << 30),
        (2, "GigaBytes", 2 << 30),
        (2, "GB", 2 << 30),
        (1 << 20, "KiloBytes", 1 << 30),
        (1 << 30, "byte", 1 << 30),
        (512, "byte * 1024 * 2^10", 512 << 20),
        (512, "", 512 << 20),
        (1 << 30, "", 1 << 30),
    ],
)
def test_memory_in_every_unit(tmp_path: Path, quantity: int, units: str, size: int) -> None:
    memory = item(InstanceID=2, ResourceType=4, VirtualQuantity=quantity, AllocationUnits=units)
    ovf = Vmware(files="", disks="", hardware=CPU + memory)
    assert only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova")).memory_bytes == size


@pytest.mark.parametrize(
    ("os", "word", "family"),
    [
        ('ovf:id="1" vmw:osType="windows2019srv_64Guest"', "windows2019srv_64Guest", "windows"),
        ('ovf:id="36" vmw:osType="darwin19_64Guest"', "darwin19_64Guest", "other"),
        ('ovf:id="105"', "cim:105", "windows"),
        ('ovf:id="36"', "cim:36", "linux"),
        ('ovf:id="42"', "cim:42", "other"),
        ('ovf:id="0"', "cim:0", "unknown"),
        ('ovf:id="1" vmw:osType="other4xLinux64Guest"', "other4xLinux64Guest", "linux"),
    ],
)
def test_the_guests_family(tmp_path: Path, os: str, word: str, family: str) -> None:
    section = f"<OperatingSystemSection {os}><Info/></OperatingSystemSection>"
    ovf = Vmware(files="", disks="", os=section, hardware=CPU + MEMORY)
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert (vm.os_id, vm.os_family) == (word, family)


def test_nics_without_a_mac_keep_their_order_and_keys(tmp_path: Path) -> None:
    nics = item(InstanceID=9, ResourceType=10, ResourceSubType="E1000", Connection="B", ElementName="n1")
    nics += item(InstanceID=9, ResourceType=10, ResourceSubType="PCNet32", Connection="A", AutomaticAllocation="false",
                 ElementName="n2", Address="{type=pci, slot=0x03}")  # fmt: skip
    ovf = Vmware(files="", disks="", hardware=CPU + MEMORY + nics)
    vm = only(Packed({"web.ovf": ovf.text().encode()}).ova(tmp_path / "web.ova"))
    assert vm.nics == (
        Nic(key="9/1", label="n1", network="B", model="e1000"),
        Nic(key="9/2", label="n2", network="A", model="pcnet", connected=False),
    )
