"""What a guest is expected to be: what inspection read from its disks, and what the manifest gives it."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mtv.converters.boot.hardware import Hardware
from mtv.converters.boot.pictures.picture import DiskSeen, MountSeen, Picture, Port, Route
from mtv.model.guest import GuestFacts, GuestNetwork, Interface, Mount

NOT_OF_DISKS = {"swap", "proc", "sysfs", "tmpfs", "devpts", "nfs", "nfs4", "cifs", "none", "auto", "iso9660", "udf"}


def of_hardware(hardware: Hardware) -> Picture:
    """What the manifest alone promises."""
    return Picture(
        macs=tuple(sorted(card.mac for card in hardware.cards)),
        disks=tuple(DiskSeen(serial=drive.serial or None, size_bytes=drive.size_bytes) for drive in hardware.drives),
    )


def of_facts(facts: GuestFacts, hardware: Hardware) -> Picture:
    promised = of_hardware(hardware)
    return Picture(
        hostname=facts.hostname or None,
        system=f"{facts.distro} {facts.major}" if facts.distro and facts.major else None,
        ports=tuple(_ports(facts.network)) or None,
        macs=promised.macs,
        routes=tuple(sorted(set(_routes(facts.network)))) or None,
        disks=promised.disks,
        mounts=tuple(_mounts(facts.mounts)) or None,
    )


def of_source(told: Picture) -> Picture:
    """What the source told when it was booted, as it is expected of the target: without the serials and names that its
    controller gave the disks, with their order and sizes."""
    disks = told.disks and tuple(DiskSeen(size_bytes=disk.size_bytes) for disk in told.disks)
    mounts = told.mounts and tuple(replace(mount, device="") for mount in told.mounts)
    return replace(told, disks=disks, mounts=mounts)


def _ports(network: GuestNetwork) -> Iterator[Port]:
    for found in network.interfaces:
        if found.kind != "loopback" and found.name != "lo":
            # What it was paired with counts more than its own file, which a new MAC may have been written into.
            mac = network.bound_macs.get(found.name) or found.mac
            yield Port(name=found.name, mac=mac.lower() or None, addresses=_addresses(found))


def _addresses(found: Interface) -> tuple[str, ...] | None:
    """Those that are written down; what DHCP will give nobody knows."""
    return tuple(sorted(map(normal_address, found.addresses))) if found.addresses else None


def _routes(network: GuestNetwork) -> Iterator[Route]:
    for found in network.interfaces:
        if found.gateway:
            yield Route(destination="default", gateway=normal_address(found.gateway))
    for text in network.routes:
        destination, _, rest = text.partition(" via ")
        if rest:
            yield Route(destination=normal_network(destination), gateway=normal_address(rest.split()[0]))


def _mounts(mounts: Sequence[Mount]) -> Iterator[MountSeen]:
    for mount in mounts:
        options = mount.options.split(",")
        if mount.path.startswith("/") and mount.type not in NOT_OF_DISKS and not {"noauto", "bind"} & set(options):
            uuid = mount.device.removeprefix("UUID=").strip('"') if mount.device.startswith("UUID=") else None
            yield MountSeen(path=mount.path, type=mount.type or None, uuid=uuid, device=mount.device)


def normal_address(text: str) -> str:
    """As the ipaddress module writes it; what is no address stays as it is."""
    try:
        return str(ipaddress.ip_interface(text) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        return text


def normal_network(text: str) -> str:
    text = text.strip()
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return text
    return "default" if network.prefixlen == 0 or text in ("0.0.0.0", "::") else str(network)
