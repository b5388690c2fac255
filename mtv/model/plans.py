"""A plan as it is run: every default applied, every name looked up, nothing left to guess."""

from dataclasses import dataclass, field
from typing import Literal

from mtv.model.estate import VM

OnFailure = Literal["rollback", "stop", "keep"]


@dataclass(frozen=True, kw_only=True)
class GuestKey:
    """A LUKS key: the secret's name, never its value."""

    device: str
    secret: str


@dataclass(frozen=True, kw_only=True)
class GuestChoice:
    conversion: Literal["auto", "none", "network", "full"] = "auto"
    agent: Literal["install", "none"] = "install"
    addresses: Literal["keep", "leave"] = "keep"
    devices: Literal["virtio", "compatible"] = "virtio"
    keys: tuple[GuestKey, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DiskChoice:
    disk: str  # Disk.key
    to: str  # StorageClass; raw | qcow2 for a bundle
    access: str = ""
    volume: str = ""


@dataclass(frozen=True, kw_only=True)
class NicChoice:
    nic: str  # Nic.key
    to: str  # pod | nad:NS/NAME | none
    mac: str = ""  # as the target shall have it


@dataclass(frozen=True, kw_only=True)
class VmPlan:
    """One VM's part of a plan."""

    vm: VM
    machine: str  # its name at the target
    disks: tuple[DiskChoice, ...]
    nics: tuple[NicChoice, ...]
    guest: GuestChoice = field(default_factory=GuestChoice)
    journey: Literal["cold", "warm"] = "cold"
    grace_s: float = 600.0
    then: Literal["hold", "force"] = "hold"
    start: Literal["as_source", "always", "never"] = "as_source"
    precopy_every_s: float = 3600.0
    on_failure: OnFailure = "rollback"
    probation_s: float = 72 * 3600.0
    accept: tuple[str, ...] = ()
    order: int = 0


@dataclass(frozen=True, kw_only=True)
class Limits:
    per_host: int = 4
    per_datastore: int = 8
    per_run: int = 8
    bytes_per_second: int | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    name: str
    source: str  # name of a provider, or a URL: ova:PATH, memory:PATH
    target: str
    namespace: str = ""
    vms: tuple[VmPlan, ...]
    limits: Limits = field(default_factory=Limits)
    on_failure: OnFailure = "rollback"
    read: str = "auto"  # the way in which the source's disks are read
    text: str = ""  # the file as it was given
