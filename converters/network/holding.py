"""Whether a NIC gets its old name at the target by itself, and what to write where it does not."""

import posixpath
from dataclasses import dataclass

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.reading import Survey
from mtv.model.guest import GuestFacts
from mtv.model.plans import GuestChoice

LINKS = "/etc/systemd/network"
RULES = "/etc/udev/rules.d/70-persistent-net.rules"
LINK_SINCE = 209  # before, udev knows no .link files
PREDICTABLE_SINCE = 197
TYPE_ETHER_SINCE = 245  # before, Type=ether matches nothing
_SWITCHES = ("80-net-setup-link.rules", "80-net-name-slot.rules")  # in /etc: the usual way to switch them off
_SUSE = ("sles", "sled", "opensuse", "suse-based")  # keep ethN by rules of their own
_NOTE = "# Written by mtv: keeps this name on the network card that had it before the move.\n"


@dataclass(frozen=True, kw_only=True)
class Card:
    """A NIC at the target and the name that it must have there."""

    key: str
    name: str
    mac: str
    driver: str  # virtio_net or e1000e
    kernel_name: str  # what the kernel calls it first: eth and its place on the bus


def driver(choice: GuestChoice) -> str:
    return "e1000e" if choice.devices == "compatible" else "virtio_net"


def is_kernel_named(facts: GuestFacts, files: GuestFiles) -> bool:
    """No udev gives predictable names there: cards stay eth0, eth1 in the order of the bus."""
    if facts.systemd < PREDICTABLE_SINCE or "net.ifnames=0" in facts.cmdline.split() or facts.distro in _SUSE:
        return True
    # glob, not exists: they are links to /dev/null, which no disk holds
    return any(files.glob(f"/etc/udev/rules.d/{name}") for name in _SWITCHES)


def is_held(card: Card, seen: Survey, by_kernel: bool) -> bool:
    """A rule, netplan's set-name or ifcfg's HWADDR names it by its MAC; else the first .link that matches decides;
    else `by_kernel`: an ethN that the kernel gives anyway."""
    by_mac = [one for one in seen.bindings if one.names_nic and one.key == "mac" and one.value == card.mac]
    if any(one.name == card.name for one in by_mac if not one.file.endswith(".link")):
        return True
    decisive = next((one for one in seen.links if one.takes(card.mac, card.driver, card.kernel_name)), None)
    if decisive is not None and decisive.name:
        return decisive.name == card.name
    return by_kernel


def shadow(card: Card, seen: Survey) -> str:
    """An older .link that udev would take before ours; "" where there is none."""
    ours = f"70-mtv-{card.name}.link"
    taking = (one.file for one in seen.links if one.takes(card.mac, card.driver, card.kernel_name))
    first = next(taking, "")
    is_ours = posixpath.basename(first)[3:] == ours[3:]
    return first if first and not is_ours and posixpath.basename(first) < ours else ""


def link_path(card: Card, shadowed: bool) -> str:
    return f"{LINKS}/{'00' if shadowed else '70'}-mtv-{card.name}.link"


def link_text(card: Card, systemd: int) -> str:
    """Bonds, VLANs and bridges take their member's MAC, so a MAC alone would match them too."""
    only = "Type=ether" if systemd >= TYPE_ETHER_SINCE else f"Driver={card.driver}"
    return f"{_NOTE}[Match]\nMACAddress={card.mac}\n{only}\n\n[Link]\nName={card.name}\n"


def rule_line(name: str, mac: str) -> str:
    # DRIVERS=="?*": only what has a driver below it, so no VLAN, bond or bridge with the same MAC.
    return f'SUBSYSTEM=="net", ACTION=="add", DRIVERS=="?*", ATTR{{address}}=="{mac}", ATTR{{type}}=="1", NAME="{name}"'


def rules_text(card: Card, before: str | None) -> str:
    start = before or ""
    if start and not start.endswith("\n"):
        start += "\n"
    return f"{start}{_NOTE}{rule_line(card.name, card.mac)}\n"


def wants_rebuild(facts: GuestFacts, card_driver: str) -> bool:
    """An initramfs that drives the card names it before the root's files are there, and that name stays."""
    if not facts.kernels:
        return True
    return any(not kernel.drivers or card_driver in kernel.drivers for kernel in facts.kernels)
