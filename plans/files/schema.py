"""A plan file's keys and their types. A key that this version cannot honour is refused by name, never ignored."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr

from mtv.plans.files.machine import MachinePart
from mtv.plans.files.part import Part, Word

LATER: dict[tuple[str, ...], str] = {
    ("windows",): "migration windows",
    ("waves",): "waves",
    ("hooks",): "hooks",
    ("checks",): "checks after start",
    ("audit",): "the audit of unchanged blocks",
    ("file",): "VM lists from CSV or xlsx",
    ("limits", "per_node"): "limits for a cluster's nodes",
}
"""Keys of the plan language whose features this version does not have: refused unless empty."""

FORMS: dict[str, str] = {
    "name": "lower-case letters, digits, '-' and '.', at most 63, the first and last no sign",
    "bytes_per_second": "a number of bytes from 1, for example 400M",
    "read": "auto, or a way of the source's: `mtv describe vm` names them",
    "secret": "env:VAR or file:PATH",
    "instancetype": "a name of the cluster's, or own:NAME of the namespace's",
    "preference": "a name of the cluster's, own:NAME of the namespace's, or auto",
    "add_labels": "a mapping of labels to values as Kubernetes has them, 63 characters at most",
    "nodes": "a mapping of labels of nodes to values",
    "make.name": "the name of a bridge or network: lower-case letters, digits and '-', at most 15",
    "make.port": "the name of a port of the nodes: bond1",
    "make.subnets": "a list of subnets: [10.20.0.0/24]",
    "make.mtu": "a number from 576 to 65536",
    "devices.to": "none, gpu:NAME or host:NAME, as nodes offer it: gpu:nvidia.com/TU104GL",
    "rules.to": "none, or a label of nodes: KEY=VALUE",
    "priorities.to": "the name of a PriorityClass",
    "priorities.value": "a number from -1000000000 to 1000000000: the class is made with it",
    "services.name": "lower-case letters, digits and '-', at most 15",
    "tolerations.key": "the key of a taint",
    "tolerations.value": "the value of a taint",
    "timezone": "a time zone, for example Europe/Vienna",
    "route": "a host name",
    "port": "a number from 1 to 65535",
}
"""What the value of a key looks like, where its type alone does not say it."""


class Make(Part):
    kind: Literal["bridge", "localnet", "cudn", "udn"]
    name: Annotated[StrictStr, Field(pattern=r"^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$")]
    port: Annotated[StrictStr, Field(pattern=r"^([A-Za-z0-9][-A-Za-z0-9_.]{0,14})?$")] = ""
    subnets: list[Annotated[StrictStr, Field(pattern=r"^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$")]] = []
    mtu: Annotated[StrictInt, Field(ge=576, le=65_536)] | None = None


class NetworkRow(Part):
    from_: Word = Field(alias="from")
    to: Word
    make: Make | None = None


class StorageRow(Part):
    from_: Word = Field(alias="from")
    to: Word
    access: Literal["", "ReadWriteOnce", "ReadWriteMany"] = ""
    volume: Literal["", "Block", "Filesystem"] = ""


class Names(Part):
    case: Literal["lower", "keep"] = "lower"
    collision: Literal["fail"] = "fail"


class Key(Part):
    vm: Word
    device: Word
    secret: Annotated[StrictStr, Field(pattern=r"^(env|file):.+")]


class Guest(Part):
    conversion: Literal["auto", "none", "network", "full"] = "auto"
    agent: Literal["install", "none"] = "install"
    addresses: Literal["keep", "leave"] = "keep"
    devices: Literal["virtio", "compatible"] = "virtio"
    keys: list[Key] = []


class PowerOff(Part):
    grace_s: Annotated[StrictInt, Field(ge=1, le=86_400)] = 600
    then: Literal["hold", "force"] = "hold"


class Precopy(Part):
    every_min: Annotated[StrictInt, Field(ge=1, le=10_080)] = 60


class LimitsPart(Part):
    per_host: Annotated[StrictInt, Field(ge=1, le=1000)] = 4
    per_datastore: Annotated[StrictInt, Field(ge=1, le=1000)] = 8
    bytes_per_second: (
        Annotated[StrictStr, Field(pattern=r"^[1-9][0-9]{0,17}[KMG]?$")]
        | Annotated[StrictInt, Field(ge=1, le=1 << 60)]
        | None
    ) = None


class Accept(Part):
    id: Word
    reason: Word
    who: Word


class DiskOverride(Part):
    disk: Annotated[StrictInt, Field(ge=1, le=1000)]
    to: Word


class Override(Part):
    vm: Word
    disks: list[DiskOverride] = []
    machine: MachinePart = MachinePart()
    order: StrictInt = 0


class PlanFile(Part):
    """The file, key by key, in the order in which people write it."""

    apiVersion: Literal["mtv/v1"]
    name: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$")]
    source: Word
    target: Word
    namespace: StrictStr = ""
    select: StrictStr = ""
    vms: list[Word] = []
    journey: Literal["cold", "warm"] = "cold"
    networks: list[NetworkRow] = []
    storage: list[StorageRow] = []
    names: Names = Names()
    guest: Guest = Guest()
    machine: MachinePart = MachinePart()
    power_off: PowerOff = PowerOff()
    start: Literal["as_source", "always", "never"] = "as_source"
    precopy: Precopy = Precopy()
    read: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "auto"
    limits: LimitsPart = LimitsPart()
    worker: Literal["auto", "local", "job"] = "auto"
    accept: list[Accept] = []
    on_failure: Literal["rollback", "stop", "keep"] = "rollback"
    probation_h: Annotated[StrictInt, Field(ge=0, le=8760)] = 72
    overrides: list[Override] = []
