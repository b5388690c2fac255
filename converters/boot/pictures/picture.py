"""What is known of a guest, before or after: the same words for what inspection read and for what an agent tells.
None means that nobody told."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Port:
    """One interface of the guest, loopback left out."""

    name: str
    mac: str | None = None
    addresses: tuple[str, ...] | None = None  # with prefix length, link-local ones left out


@dataclass(frozen=True, kw_only=True, order=True)
class Route:
    """A route with a gateway: those without one follow from the addresses."""

    destination: str  # default, or a network with prefix length
    gateway: str


@dataclass(frozen=True, kw_only=True)
class DiskSeen:
    """A disk as the guest numbers it."""

    name: str = ""
    serial: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class MountSeen:
    path: str
    type: str | None = None
    uuid: str | None = None
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class Picture:
    hostname: str | None = None
    system: str | None = None  # distribution and major version: debian 12
    ports: tuple[Port, ...] | None = None
    macs: tuple[str, ...] | None = None  # of all network cards
    routes: tuple[Route, ...] | None = None
    disks: tuple[DiskSeen, ...] | None = None
    mounts: tuple[MountSeen, ...] | None = None
