"""The network cards of one virtual system, in the file's order."""

from collections.abc import Mapping
from dataclasses import replace
from xml.etree.ElementTree import Element

from mtv.model.estate import Nic
from mtv.providers.ova.ovf import hardware, virtualbox
from mtv.providers.ova.ovf.hardware import Hardware, Item
from mtv.providers.ova.ovf.xml import configs

OVIRT_MODELS: Mapping[str, str] = {
    "0": "virtio",
    "1": "rtl8139",
    "2": "e1000",
    "3": "virtio",
    "5": "passthrough",
    "6": "e1000e",
}
MODELS: Mapping[str, str] = {
    "pcnet32": "pcnet",
    "flexible": "pcnet",
    "virtualbox": "virtio",
    "virtio": "virtio",
    "virtionet": "virtio",
    "vmxnet3": "vmxnet3",
    "vmxnet2": "vmxnet2",
    "vmxnet": "vmxnet2",
    "e1000": "e1000",
    "e1000e": "e1000e",
    "sriov": "passthrough",
}


def nics(machine: Hardware, system: Element) -> tuple[Nic, ...]:
    told = virtualbox.macs(system)
    items = list(machine.of(hardware.NIC))
    beside = told if len(told) == len(items) else [""] * len(items)
    made = [_nic(item, mac) for item, mac in zip(items, beside, strict=True)]
    keys = [nic.key for nic in made]
    return tuple(
        replace(nic, key=f"{nic.key}/{at}") if keys.count(nic.key) > 1 else nic for at, nic in enumerate(made, 1)
    )


def _nic(item: Item, beside: str) -> Nic:
    slot = configs(item.element).get("slotinfo.pcislotnumber", "")
    said = (item.text("Linked") or item.text("AutomaticAllocation")).lower()
    return Nic(
        key=item.id,
        label=item.name,
        network=item.text("Connection"),
        mac=hardware.mac(item) or beside,
        model=_model(item.subtype),
        connected=said != "false",
        pci_slot=int(slot) if slot.isascii() and slot.isdigit() and len(slot) < 8 else None,
    )


def _model(subtype: str) -> str:
    word = subtype.split()[0].lower().replace("-", "") if subtype.split() else ""
    return OVIRT_MODELS.get(word) or MODELS.get(word, word)
