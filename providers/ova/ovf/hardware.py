"""A VirtualHardwareSection's items, of the default deployment option, and what VMware's Config says beside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from mtv.errors import Refused
from mtv.providers.ova.ovf import units
from mtv.providers.ova.ovf.xml import attribute, children, configs, local, sections, text, whole

CPU, MEMORY, NIC, FLOPPY, CD, DVD, DISK = "3", "4", "10", "14", "15", "16", "17"
MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")
MEMORY_LIMIT_BYTES = 1 << 50
CPUS_LIMIT = 4096


@dataclass(frozen=True, kw_only=True)
class Item:
    id: str
    type: str
    subtype: str
    name: str
    element: Element
    where: str  # file and element, for errors

    def text(self, *names: str) -> str:
        return text(self.element, *names)

    def number(self, name: str, low: int, high: int) -> int | None:
        words = self.text(name)
        return whole(words, f"{self.where} {name}", low, high) if words else None


@dataclass(frozen=True, kw_only=True)
class Hardware:
    items: tuple[Item, ...]
    configs: dict[str, str]
    type: str  # vmx-19, virtualbox-2.2

    def of(self, *types: str) -> Iterator[Item]:
        return (item for item in self.items if item.type in types)

    def item(self, name: str) -> Item | None:
        """By InstanceID. Some writers repeat one: an error only where somebody refers to it."""
        found = [item for item in self.items if item.id == name]
        if len(found) > 1:
            raise Refused("ova.item-twice", f"{found[1].where}: the InstanceID '{name}' is there twice")
        return found[0] if found else None


def read(system: Element, where: str, configuration: str) -> Hardware:
    """Of several hardware sections the first is taken. Raises Refused `ova.hardware` where there is none."""
    section = next(sections(system, "VirtualHardwareSection"), None)
    if section is None:
        raise Refused("ova.hardware", f"{where}: it has no VirtualHardwareSection")
    kind = next((text(element, "VirtualSystemType") for element in children(section, "System")), "")
    return Hardware(items=tuple(_items(section, where, configuration)), configs=configs(section), type=kind)


def _items(section: Element, where: str, configuration: str) -> Iterator[Item]:
    """An item of the chosen deployment option replaces the general one of the same InstanceID."""
    general: list[Item] = []
    chosen: list[Item] = []
    for number, element in enumerate(children(section, "Item", "StorageItem", "EthernetPortItem"), 1):
        options = attribute(element, "configuration").split()
        if attribute(element, "bound") in ("min", "max") or (options and configuration not in options):
            continue
        (chosen if options else general).append(_item(element, number, where))
    replaced = {item.id for item in chosen}
    yield from (item for item in general if item.id not in replaced)
    yield from chosen


def _item(element: Element, number: int, where: str) -> Item:
    name = text(element, "ElementName", "Caption", "Name")
    place = f"{where} {local(element)} '{name[:80] or number}'"
    kind = text(element, "ResourceType")
    if not kind.isascii() or not kind.isdigit():
        raise Refused("ova.hardware", f"{place}: its ResourceType is '{kind[:40]}'")
    return Item(
        id=text(element, "InstanceID", "InstanceId") or f"#{number}",
        type=kind,
        subtype=text(element, "ResourceSubType"),
        name=name,
        element=element,
        where=place,
    )


def cpus(hardware: Hardware, where: str) -> tuple[int, int]:
    """CPUs and cores per socket."""
    item = next(hardware.of(CPU), None)
    if item is None:
        raise Refused("ova.hardware", f"{where}: its hardware has no CPU")
    count = item.number("VirtualQuantity", 1, CPUS_LIMIT) or 1
    cores = item.number("CoresPerSocket", 1, CPUS_LIMIT) or item.number("cpu_per_socket", 1, CPUS_LIMIT) or 1
    return count, cores if count % cores == 0 else 1


def memory_bytes(hardware: Hardware, where: str) -> int:
    item = next(hardware.of(MEMORY), None)
    if item is None:
        raise Refused("ova.hardware", f"{where}: its hardware has no memory")
    amount = whole(item.text("VirtualQuantity"), f"{item.where} VirtualQuantity", 1, 1 << 50)
    # the standard's default is byte, but no VM has under 1 MiB and old writers mean MiB
    said = item.text("AllocationUnits") or ("byte" if amount >= 1 << 20 else "byte * 2^20")
    total = units.quantity(amount, said, f"{item.where} AllocationUnits")
    if not 1 << 20 <= total <= MEMORY_LIMIT_BYTES:
        raise Refused("ova.number", f"{item.where}: {total} bytes of memory are absurd")
    return total


def mac(item: Item) -> str:
    """Lower case with colons; oVirt writes a PCI address where VMware writes the MAC."""
    for words in (item.text("MACAddress"), item.text("Address")):
        if MAC.fullmatch(words):
            digits = re.sub(r"[:-]", "", words).lower()
            return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return ""
