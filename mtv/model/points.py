"""A readable state of a VM's disks, and how a worker is told to open one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mtv.model.estate import Json


@dataclass(frozen=True, order=True)
class Extent:
    offset: int
    length: int
    zero: bool = False  # reads as zeroes: made a hole, not copied


@dataclass(frozen=True, kw_only=True)
class Point:
    """A state of a VM's disks that can be read: powered off, a snapshot, a backup. `id` is a name of ours, found
    again after a crash; `identity` differs whenever the bytes may."""

    id: str
    vm: str  # VM.id
    identity: str
    since: str = ""  # id of the point whose changes it can tell, "" for none
    tokens: Mapping[str, str] = field(default_factory=dict)  # disk key -> the vendor's change id


@dataclass(frozen=True, kw_only=True)
class Mount:
    """Files of this machine that lie on a claim too: workers elsewhere see them at another place."""

    claim: str  # NAMESPACE/NAME
    inside: str  # of the claim: what is seen `at` that place
    at: str


@dataclass(frozen=True, kw_only=True)
class Export:
    """Data that tells a worker how to open one disk of a point; holds no handle and no secret.

    `way` names the opener that the disk's provider registered (`ova.vmdk`, `memory`); `params` are its own.
    `identity` is the source's part of a journal's epoch: any difference means resync by hash.
    """

    id: str
    kind: Literal["random", "stream"]
    way: str
    size_bytes: int
    identity: str
    params: Mapping[str, Json] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()  # names of files in the task's secrets folder
    paths: tuple[str, ...] = ()  # files of this machine that the worker reads: bound read-only into a tools root
    mounts: tuple[Mount, ...] = ()  # where workers elsewhere find these files
    remote: bool = False  # it is read over a network, which a tools root is given for it
