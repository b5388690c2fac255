"""A guest's network as its own files tell it, whatever manages it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtv.converters.guest.files import GuestFiles
from mtv.converters.network.readers import (
    cloudinit,
    ifcfg,
    ifupdown,
    leases,
    netplan,
    networkd,
    networkmanager,
    udev,
    wicked,
)
from mtv.converters.network.readers.parts import Binding, Reader, Reading
from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import Flaw, load
from mtv.model.guest import GuestNetwork, Interface

# cloud-init last: what it made stands in another's files already, and its own word adds only what is missing there.
READERS: tuple[Reader, ...] = (
    ifupdown.read,
    netplan.read,
    networkmanager.read,
    ifcfg.read,
    wicked.read,
    networkd.read,
    cloudinit.read,
    udev.read,
    leases.read,
)


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All that the readers found, with the lines it stands in."""

    network: GuestNetwork
    bindings: tuple[Binding, ...]
    flaws: tuple[Flaw, ...]
    links: tuple[udev.Link, ...]
    cloud: cloudinit.Cloud


def read(files: GuestFiles) -> GuestNetwork:
    """What a guest's files say of its network. Never raises for what stands in them."""
    return survey(files).network


def survey(files: GuestFiles) -> Survey:
    readings = [reader(files) for reader in READERS]
    bindings = tuple(binding for one in readings for binding in one.bindings)
    return Survey(
        network=_network(readings, bindings, files),
        bindings=bindings,
        flaws=tuple(dict.fromkeys(flaw for one in readings for flaw in one.flaws)),
        links=tuple(udev.links(files)),
        cloud=cloudinit.state(files),
    )


def _network(readings: list[Reading], bindings: tuple[Binding, ...], files: GuestFiles) -> GuestNetwork:
    servers = list(dict.fromkeys(server for one in readings for server in one.nameservers))
    return GuestNetwork(
        systems=tuple(one.system for one in readings if one.interfaces),
        interfaces=_interfaces(readings),
        routes=tuple(dict.fromkeys(route for one in readings for route in one.routes)),
        nameservers=tuple(servers or _resolvers(files)),
        bound_macs=_bound(bindings),
    )


def _interfaces(readings: Iterable[Reading]) -> tuple[Interface, ...]:
    """As each system has them; of cloud-init only what no other system has."""
    found: list[Interface] = []
    for reading in readings:
        known = {one.name for one in found if one.name} | {one.mac for one in found if one.mac}
        told = reading.system == "cloud-init"
        found += [one for one in reading.interfaces if not told or (one.name or one.mac) not in known]
    return tuple(found)


def _bound(bindings: Iterable[Binding]) -> Mapping[str, str]:
    """Interface to MAC: what names a NIC counts most, then what configures it, then what remembers it."""
    ranked = sorted(
        (one for one in bindings if one.name and one.key in ("mac", "lease") and addresses.is_name(one.name)),
        key=lambda one: (one.key == "lease", not one.names_nic),
    )
    return {one.name: one.value for one in reversed(ranked)}


def _resolvers(files: GuestFiles) -> tuple[str, ...]:
    text = load(files, "/etc/resolv.conf", [])
    words = [line.split()[1] for line in (text.lines if text else []) if line.startswith("nameserver ") and line[11:]]
    return tuple(one for one in addresses.servers(words) if not one.startswith("127."))
