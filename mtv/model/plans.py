"""A plan as it is run: every default applied, every name looked up, nothing left to guess."""

from collections.abc import Mapping
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
    to: str  # pod | udn | nad:NS/NAME | sriov:NS/NAME | none
    mac: str = ""  # as the target shall have it


@dataclass(frozen=True, kw_only=True)
class Toleration:
    """Of a node's taint; without a value: of whatever value it has."""

    key: str
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""


@dataclass(frozen=True, kw_only=True)
class Door:
    """A port of the VM that others reach by name; `route` is the host name under which it is seen from outside."""

    port: int
    name: str = ""
    protocol: Literal["TCP", "UDP"] = "TCP"
    route: str = ""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a plan asks of the VM at the target besides its disks and cards; the defaults ask nothing."""

    instancetype: str = ""  # NAME of the cluster's, own:NAME of the namespace's
    preference: str = ""  # the same, or auto
    labels: Literal["all", "tags", "none"] = "all"  # all: attributes too
    add_labels: Mapping[str, str] = field(default_factory=dict)
    run: Literal["auto", "Always", "RerunOnFailure", "Manual"] = "auto"
    cpu: Literal["auto", "shared", "dedicated"] = "auto"
    hugepages: Literal["", "2Mi", "1Gi"] = ""
    tpm: Literal["as_source", "none"] = "as_source"
    timezone: str = ""  # of a guest whose hardware clock keeps local time
    heartbeat: Literal["none", "agent", "watchdog"] = "none"
    nodes: Mapping[str, str] = field(default_factory=dict)  # labels that a node must have
    tolerations: tuple[Toleration, ...] = ()
    priority: str = ""  # a PriorityClass
    priority_value: int | None = None  # with which it is to be made; None: it is there
    rules: Mapping[str, str] = field(default_factory=dict)  # by the source's rule about hosts: KEY=VALUE of nodes
    devices: Mapping[str, str] = field(default_factory=dict)  # by Device.key: gpu:NAME | host:NAME | none
    claims: Literal["plain", "datavolumes"] = "plain"
    services: tuple[Door, ...] = ()
    snapshot: Literal["none", "first_boot"] = "none"  # of the VM, once its guest was asked


@dataclass(frozen=True, kw_only=True)
class Bond:
    """A rule of the source's cluster that holds for a VM."""

    name: str
    kind: str  # together apart hosts hosts-not after; "" unknown
    cluster: str = ""
    mandatory: bool = False
    vms: int = 0  # so many does it name


@dataclass(frozen=True, kw_only=True)
class Near:
    """What stands around a VM at its source and shapes it at the target. None: nobody tells."""

    core_mhz: int | None = None  # of its host
    restarts: bool | None = None  # its cluster restarts the VMs of a host that failed
    balances: str | None = None  # as Cluster.balances
    evc: str = ""
    bonds: tuple[Bond, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WorkerChoice:
    """How workers run that a target starts itself, as Pods do; from the environment: settings.worker_choice()."""

    image: str = ""
    command: tuple[str, ...] = ("mtv",)  # of that image
    pull: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    pull_secrets: tuple[str, ...] = ()
    scratch_class: str = ""  # of the claim for journal and overlays; "" CDI's for scratch space, else the first disk's
    cpu: str = ""  # what each asks for; "" by what it does
    memory: str = ""  # what each asks for and is limited to; "" by what it does
    nodes: Mapping[str, str] = field(default_factory=dict)  # labels that a node must have
    kvm: Literal["auto", "none"] = "auto"
    transfer_network: str = ""  # NS/NAME of a network attachment
    vddk_image: str = ""
    ca_bundle: str = ""  # a ConfigMap with ca-bundle.crt
    proxy: Mapping[str, str] = field(default_factory=dict)  # environment variables
    lease_s: int = 30  # for so long a worker that reaches nobody goes on writing


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
    wanted: Wanted = field(default_factory=Wanted)
    near: Near = field(default_factory=Near)


@dataclass(frozen=True, kw_only=True)
class Making:
    """A source's network that is to be made at the target."""

    of: str  # the source network's name
    to: str  # as in NicChoice
    kind: Literal["bridge", "localnet", "cudn", "udn"]
    name: str  # of the bridge on the nodes, of the physical network, of the namespace's own network
    port: str = ""  # of the nodes, which the bridge is to have; "" it has one
    subnets: tuple[str, ...] = ()
    vlan: str = ""  # as Network.vlan
    mtu: int | None = None


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
    networks: tuple[Making, ...] = ()
    limits: Limits = field(default_factory=Limits)
    on_failure: OnFailure = "rollback"
    read: str = "auto"  # the way in which the source's disks are read
    text: str = ""  # the file as it was given
