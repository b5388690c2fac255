"""What VMs stand on, in neutral words: hosts, clusters, pools, folders, switches, policies, rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtv.model.values import Facts


@dataclass(frozen=True, kw_only=True)
class Host:
    source: str
    id: str
    name: str
    cluster: str = ""
    datacenter: str = ""
    address: str = ""  # of its management interface
    version: str = ""
    build: str = ""
    vendor: str = ""
    model: str = ""
    cpu_model: str = ""
    sockets: int | None = None
    cores: int | None = None
    threads: int | None = None
    memory_bytes: int | None = None
    cpu_mhz: int | None = None
    cpu_used_mhz: int | None = None
    memory_used_bytes: int | None = None
    state: str = ""  # connected disconnected unresponsive
    maintenance: bool = False
    evc: str = ""
    booted_at: str = ""
    fingerprint: str = ""
    nics: tuple[str, ...] = ()  # physical: vmnic0 00:50:56:.. 10000
    adapters: tuple[str, ...] = ()  # of the host itself: vmk0 10.0.0.1
    switches: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    source: str
    id: str
    name: str
    datacenter: str = ""
    balances: str = ""  # manual partiallyAutomated fullyAutomated; "" off
    restarts: bool = False  # VMs of a host that failed
    admission: bool = False
    evc: str = ""
    power_saving: bool = False
    hosts: tuple[str, ...] = ()
    cpu_mhz: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """A datacenter, folder, resource pool or vApp. `path` begins below the root."""

    source: str
    id: str
    name: str
    kind: str  # datacenter folder pool vapp namespace
    path: str = ""
    parent: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Switch:
    source: str
    id: str
    name: str
    kind: str = ""  # standard distributed opaque
    host: str = ""
    datacenter: str = ""
    mtu: int | None = None
    uplinks: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Policy:
    source: str
    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which VMs a cluster keeps together, apart, or on some hosts."""

    source: str
    id: str
    name: str
    cluster: str = ""
    kind: str = ""  # together apart hosts
    enabled: bool = True
    mandatory: bool = False
    vms: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """Something that happened at the source since: who changed what."""

    source: str
    id: str
    name: str  # of the VM or object
    kind: str = ""
    at: str = ""
    who: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A part of the inventory that could not be read. It stops nothing else."""

    source: str
    id: str  # the part: tags policies events licences vm/vm-17 ...
    name: str
    text: str = ""
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Facility:
    """Anything else that a target has for VMs, or that says how it treats them. `facts` depend on the kind, and are
    documented with it."""

    source: str
    id: str
    name: str
    kind: str  # claim storage-class node quota instancetype configuration version ...
    namespace: str = ""
    facts: Facts = field(default_factory=dict)


Part = Host | Cluster | Place | Switch | Policy | Rule | Occurrence | Facility | Gap
