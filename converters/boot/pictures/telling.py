"""What the guest's agent tells, as a picture. Each question stands alone: what an agent cannot or may not answer stays
unknown, and says so in `unanswered`. Shapes are checked: the guest is a stranger."""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol, TypeVar

from mtv.converters.boot.pictures.expecting import normal_network
from mtv.converters.boot.pictures.picture import DiskSeen, MountSeen, Picture, Port, Route
from mtv.converters.boot.pictures.shapes import items, number, parsed, part, text
from mtv.errors import MtvError, Temporary
from mtv.model.estate import Json

T = TypeVar("T")
LSBLK = ("lsblk", "-J", "-b", "-o", "NAME,KNAME,TYPE,SIZE,SERIAL,UUID,FSTYPE,MOUNTPOINT")


class Asked(Protocol):
    def ask(self, command: str) -> Json: ...

    def run(self, path: str, *arguments: str) -> bytes: ...


def tell(agent: Asked) -> tuple[Picture, tuple[str, ...]]:
    """The picture, and what was not answered, with why."""
    unanswered: list[str] = []
    silent: list[str] = []

    def first(what: str, *ways: Callable[[Asked], T]) -> T | None:
        """The first way that is answered; later ones are for older agents, or for those that may not run programs."""
        problem = "the answer makes no sense"
        for way in ways if not silent else ():
            try:
                if (found := way(agent)) is not None:
                    return found
            except MtvError as error:
                problem = error.fault.text
                if isinstance(error, Temporary):  # it is gone: each further question would be waited for in vain
                    silent.append(problem)
                    break
        problem = silent[0] if silent else problem
        unanswered.append(f"{what}: {problem}")
        return None

    blocks = first("sizes and UUIDs of disks", _lsblk)
    ports = first("interfaces", _ports)
    picture = Picture(
        hostname=first("host name", _hostname),
        system=first("operating system", _system),
        ports=ports,
        macs=tuple(sorted(port.mac for port in ports if port.mac)) if ports is not None else None,
        routes=first("routes", _routes, _routes_by_ip),
        disks=_disks_of(blocks) if blocks else first("disks", _disks),
        mounts=_named(first("mounts", _mounts, lambda _: _mounts_of(blocks or ())), blocks or ()),
    )
    return picture, tuple(unanswered)


def _hostname(agent: Asked) -> str | None:
    return text(agent.ask("guest-get-host-name"), "host-name") or None


def _system(agent: Asked) -> str | None:
    told = agent.ask("guest-get-osinfo")
    name, version = text(told, "id"), text(told, "version-id")
    return f"{name} {version.split('.')[0]}".strip() if name else None


def _ports(agent: Asked) -> tuple[Port, ...] | None:
    told = agent.ask("guest-network-get-interfaces")
    return tuple(_port(one) for one in items(told) if text(one, "name") not in ("", "lo")) if told else None


def _port(told: Json) -> Port:
    addresses = (f"{text(one, 'ip-address')}/{number(one, 'prefix')}" for one in items(part(told, "ip-addresses")))
    return Port(
        name=text(told, "name"),
        mac=text(told, "hardware-address").lower() or None,
        addresses=tuple(sorted(_global(addresses))),
    )


def _global(addresses: Iterable[str]) -> Iterator[str]:
    for one in addresses:
        try:
            address = ipaddress.ip_interface(one)
        except ValueError:
            continue
        if not address.ip.is_link_local and not address.ip.is_loopback:
            yield str(address)


def _routes(agent: Asked) -> tuple[Route, ...] | None:
    """Agents from QEMU 9.1 on."""
    return _sorted(
        (f"{text(one, 'destination')}/{_prefix(one)}", text(one, "gateway") or text(one, "nexthop"))
        for one in items(agent.ask("guest-network-get-route"))
    )


def _prefix(told: Json) -> int | str:
    """Length for IPv6 (`desprefixlen`), a mask in dots for IPv4."""
    length = part(told, "desprefixlen")
    return text(told, "mask") or (length if isinstance(length, str) else number(told, "desprefixlen"))


def _routes_by_ip(agent: Asked) -> tuple[Route, ...] | None:
    """The same from `ip`, where the agent may run programs."""
    found = [one for family in ("-4", "-6") for one in items(parsed(agent.run("ip", "-j", family, "route")))]
    return _sorted((text(one, "dst"), text(one, "gateway")) for one in found)


def _sorted(found: Iterable[tuple[str, str]]) -> tuple[Route, ...]:
    routes = {
        Route(destination=normal_network(destination), gateway=gateway)
        for destination, gateway in found
        if gateway not in ("", "0.0.0.0", "::")
    }
    return tuple(sorted(routes))


def _lsblk(agent: Asked) -> tuple[Json, ...] | None:
    """Block devices as the guest's own tool lists them: sizes and UUIDs, which no agent tells."""
    told = parsed(agent.run(*LSBLK))
    return items(part(told, "blockdevices")) or None


def _disks_of(blocks: Iterable[Json]) -> tuple[DiskSeen, ...]:
    disks = (one for one in blocks if text(one, "type") == "disk" and not text(one, "name").startswith(("fd", "zram")))
    return _in_order(
        DiskSeen(name=text(one, "name"), serial=text(one, "serial") or None, size_bytes=number(one, "size") or None)
        for one in disks
    )


def _mounts_of(blocks: Iterable[Json]) -> tuple[MountSeen, ...] | None:
    """One a device only: of btrfs' subvolumes the last."""
    found = tuple(
        MountSeen(path=text(one, "mountpoint"), type=text(one, "fstype") or None, device=text(one, "kname"))
        for one in _tree(blocks)
        if text(one, "mountpoint").startswith("/")
    )
    return found or None


def _named(mounts: tuple[MountSeen, ...] | None, blocks: Iterable[Json]) -> tuple[MountSeen, ...] | None:
    """With the file systems' UUIDs, by the kernel's name of the device."""
    uuids = {text(one, "kname"): text(one, "uuid") for one in _tree(blocks)}
    if mounts is None:
        return None
    return tuple(replace(mount, uuid=uuids.get(mount.device) or None) for mount in mounts)


def _tree(blocks: Iterable[Json], depth: int = 0) -> Iterator[Json]:
    for one in blocks:
        yield one
        if depth < 10:  # partition, RAID, LUKS, LVM
            yield from _tree(items(part(one, "children")), depth + 1)


def _disks(agent: Asked) -> tuple[DiskSeen, ...] | None:
    told = [one for one in items(agent.ask("guest-get-disks")) if part(one, "partition") is False]
    addressed = [one for one in told if part(one, "address") is not None]
    return _in_order(
        DiskSeen(name=text(one, "name").rpartition("/")[2], serial=text(part(one, "address"), "serial") or None)
        for one in addressed
    )


def _mounts(agent: Asked) -> tuple[MountSeen, ...] | None:
    found = tuple(
        MountSeen(path=text(one, "mountpoint"), type=text(one, "type") or None, device=text(one, "name"))
        for one in items(agent.ask("guest-get-fsinfo"))
    )
    return found or None


def _in_order(disks: Iterable[DiskSeen]) -> tuple[DiskSeen, ...]:
    """sdb before sdaa: the kernel counts so."""
    return tuple(sorted(disks, key=lambda disk: (len(disk.name), disk.name)))
