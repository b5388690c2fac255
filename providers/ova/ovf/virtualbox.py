"""What VirtualBox keeps in a part of its own, `vbox:Machine`, because OVF has no place for it."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from mtv.providers.ova.ovf.xml import attribute, children, local, split, text

SPACE = "virtualbox.org"


def os_type(section: Element) -> str:
    """Of an OperatingSystemSection."""
    return text(section, "OSType")


def uuid(system: Element) -> str:
    return next((attribute(machine, "uuid").strip("{}") for machine in _machines(system)), "")


def firmware(system: Element) -> str:
    return next((attribute(element, "type") for element in _below(system, "Firmware")), "")


def macs(system: Element) -> list[str]:
    """Those of the enabled adapters, by slot."""
    found: dict[int, str] = {}
    for adapter in _below(system, "Adapter"):
        digits, slot = attribute(adapter, "MACAddress").lower(), attribute(adapter, "slot")
        enabled = attribute(adapter, "enabled") == "true" and slot.isascii() and slot.isdigit() and len(slot) < 4
        if enabled and len(digits) == 12 and all(letter in "0123456789abcdef" for letter in digits):
            found[int(slot)] = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return [found[slot] for slot in sorted(found)]


def _machines(system: Element) -> Iterator[Element]:
    return (child for child in children(system, "Machine") if SPACE in split(child.tag)[0])


def _below(system: Element, name: str) -> Iterator[Element]:
    """Inside it, VirtualBox writes no prefixes."""
    for machine in _machines(system):
        yield from (one for one in machine.iter() if isinstance(one.tag, str) and local(one) == name)
