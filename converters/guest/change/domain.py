"""The guest as virt-v2v-in-place is told of it: libvirt XML of our own, all disks in order."""

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from mtv.model.estate import VM, Firmware

MIB = 1 << 20


def domain(vm: VM, overlays: Sequence[Path], macs: Mapping[str, str]) -> bytes:
    """`overlays` in the VM's order; `macs` by NIC key, as the target will have them."""
    root = ElementTree.Element("domain", type="kvm")
    _text(root, "name", vm.name)
    _text(root, "memory", str(max(1, vm.memory_bytes // MIB)), unit="MiB")
    _text(root, "vcpu", str(max(1, vm.cpus)))
    system = ElementTree.SubElement(root, "os", {"firmware": "efi"} if vm.firmware is Firmware.EFI else {})
    _text(system, "type", "hvm", arch="x86_64", machine="q35")
    features = ElementTree.SubElement(root, "features")
    ElementTree.SubElement(features, "acpi")
    devices = ElementTree.SubElement(root, "devices")
    for index, overlay in enumerate(overlays):
        _disk(devices, index, overlay)
    for nic in vm.nics:
        _nic(devices, macs.get(nic.key) or nic.mac, nic.model)
    return ElementTree.tostring(root)


def _text(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, name, attributes).text = _printable(text)


def _printable(text: str) -> str:
    """XML has no way to write control characters; a VM's name may hold them."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _disk(parent: ElementTree.Element, index: int, overlay: Path) -> None:
    disk = ElementTree.SubElement(parent, "disk", type="file", device="disk")
    ElementTree.SubElement(disk, "driver", name="qemu", type="qcow2")
    ElementTree.SubElement(disk, "source", file=str(overlay))
    ElementTree.SubElement(disk, "target", dev=f"sd{_letters(index)}", bus="scsi")


def _letters(index: int) -> str:
    """a, b, ... z, aa, ab, ..., as the kernel counts."""
    found = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        found = string.ascii_lowercase[rest] + found
    return found


def _nic(parent: ElementTree.Element, mac: str, model: str) -> None:
    interface = ElementTree.SubElement(parent, "interface", type="network")
    if mac:
        ElementTree.SubElement(interface, "mac", address=mac)
    ElementTree.SubElement(interface, "source", network="default")
    ElementTree.SubElement(interface, "model", type=model or "e1000")
