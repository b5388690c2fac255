"""The libvirt XML that virt-v2v reads."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mtv.converters.guest.change.domain import domain
from mtv.model.estate import VM, Firmware, Nic
from tests.converters.guest.parts import vm_of

NICS = (Nic(key="n0", mac="00:50:56:00:00:01", model="vmxnet3"), Nic(key="n1"))


def parsed(vm: VM, count: int, macs: dict[str, str] | None = None) -> ElementTree.Element:
    overlays = [Path(f"/scratch/work-{n}.qcow2") for n in range(count)]
    return ElementTree.fromstring(domain(vm, overlays, macs or {}))


def test_disks_stand_in_their_order() -> None:
    root = parsed(vm_of([1 << 20] * 30), 30)
    files = [source.attrib["file"] for source in root.findall("devices/disk/source")]
    assert files[:2] == ["/scratch/work-0.qcow2", "/scratch/work-1.qcow2"]
    names = [target.attrib["dev"] for target in root.findall("devices/disk/target")]
    assert names[:3] == ["sda", "sdb", "sdc"]
    assert names[25:28] == ["sdz", "sdaa", "sdab"]
    assert {driver.attrib["type"] for driver in root.findall("devices/disk/driver")} == {"qcow2"}


def test_cards_have_the_macs_of_the_target() -> None:
    root = parsed(vm_of([1 << 20], NICS), 1, {"n1": "02:00:00:00:00:09"})
    assert [mac.attrib["address"] for mac in root.findall("devices/interface/mac")] == [
        "00:50:56:00:00:01",
        "02:00:00:00:00:09",
    ]
    assert [model.attrib["type"] for model in root.findall("devices/interface/model")] == ["vmxnet3", "e1000"]


@pytest.mark.parametrize(("firmware", "told"), [(Firmware.BIOS, None), (Firmware.EFI, "efi")])
def test_firmware(firmware: Firmware, told: str | None) -> None:
    root = parsed(replace(vm_of([1 << 20]), firmware=firmware), 1)
    assert root.find("os").get("firmware") == told  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["a<b>&\"c'", "line\nbreak", "nul\0", "]]>", "ü漢"])
def test_any_name_makes_sound_xml(name: str) -> None:
    told = parsed(replace(vm_of([1 << 20]), name=name), 1).findtext("name")
    assert told == name.replace("\n", "?").replace("\0", "?")


def test_a_vm_that_tells_little_has_sane_figures() -> None:
    root = parsed(replace(vm_of([1 << 20]), memory_bytes=0, cpus=0), 1)
    assert (root.findtext("memory"), root.findtext("vcpu")) == ("1", "1")
