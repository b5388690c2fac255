"""A plan file's keys and their types. A key that this version cannot honour is refused by name, never ignored."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

Word = Annotated[StrictStr, Field(min_length=1, max_length=1000)]

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
}
"""What the value of a key looks like, where its type alone does not say it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class NetworkRow(_Part):
    from_: Word = Field(alias="from")
    to: Word


class StorageRow(_Part):
    from_: Word = Field(alias="from")
    to: Word
    access: Literal["", "ReadWriteOnce", "ReadWriteMany"] = ""
    volume: Literal["", "Block", "Filesystem"] = ""


class Names(_Part):
    case: Literal["lower", "keep"] = "lower"
    collision: Literal["fail"] = "fail"


class Key(_Part):
    vm: Word
    device: Word
    secret: Annotated[StrictStr, Field(pattern=r"^(env|file):.+")]


class Guest(_Part):
    conversion: Literal["auto", "none", "network", "full"] = "auto"
    agent: Literal["install", "none"] = "install"
    addresses: Literal["keep", "leave"] = "keep"
    devices: Literal["virtio", "compatible"] = "virtio"
    keys: list[Key] = []


class PowerOff(_Part):
    grace_s: Annotated[StrictInt, Field(ge=1, le=86_400)] = 600
    then: Literal["hold", "force"] = "hold"


class Precopy(_Part):
    every_min: Annotated[StrictInt, Field(ge=1, le=10_080)] = 60


class LimitsPart(_Part):
    per_host: Annotated[StrictInt, Field(ge=1, le=1000)] = 4
    per_datastore: Annotated[StrictInt, Field(ge=1, le=1000)] = 8
    bytes_per_second: (
        Annotated[StrictStr, Field(pattern=r"^[1-9][0-9]{0,17}[KMG]?$")]
        | Annotated[StrictInt, Field(ge=1, le=1 << 60)]
        | None
    ) = None


class Accept(_Part):
    id: Word
    reason: Word
    who: Word


class DiskOverride(_Part):
    disk: Annotated[StrictInt, Field(ge=1, le=1000)]
    to: Word


class Override(_Part):
    vm: Word
    disks: list[DiskOverride] = []
    order: StrictInt = 0


class PlanFile(_Part):
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
    power_off: PowerOff = PowerOff()
    start: Literal["as_source", "always", "never"] = "as_source"
    precopy: Precopy = Precopy()
    read: Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "auto"
    limits: LimitsPart = LimitsPart()
    worker: Literal["auto", "local"] = "auto"
    accept: list[Accept] = []
    on_failure: Literal["rollback", "stop", "keep"] = "rollback"
    probation_h: Annotated[StrictInt, Field(ge=0, le=8760)] = 72
    overrides: list[Override] = []
