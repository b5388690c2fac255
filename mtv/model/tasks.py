"""Worker protocol 1: what one worker is given, and what it says. docs/worker.md is the reader's version."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mtv.model.estate import Facts, Json
from mtv.model.faults import Fault
from mtv.model.points import Export, Extent
from mtv.model.volumes import Volume

PROTOCOL = 1
TASK_LIMIT_BYTES = 900 * 1024
LINE_LIMIT_BYTES = 16 * 1024
ROOT_SPAN_BYTES = 256 << 20  # one root hash, one journal flush at the latest
BLOCK_BYTES = 1 << 20  # one hash
GUEST_KEY_FILE = "guest-key-{}"  # a task's secret: the key of the choice's LUKS device of that number

Op = Literal["inspect", "transfer", "verify", "convert", "journal", "hash", "reach"]


@dataclass(frozen=True, kw_only=True)
class TaskDisk:
    id: str  # Disk.key
    size_bytes: int
    export: Export | None = None  # None: nothing to read (verify, convert)
    volume: Volume | None = None  # None: nothing to write (inspect)
    extents: tuple[Extent, ...] | None = None  # a delta's; None means the whole disk


@dataclass(frozen=True, kw_only=True)
class Task:
    """One operation of one step for one VM. `guest` is the op's own part (what to convert, to what)."""

    run: str
    vm: str  # VM key
    name: str  # the VM's name, for people
    step: str
    attempt: int
    epoch: int
    op: Op
    disks: tuple[TaskDisk, ...]
    pass_: int = 0
    guest: Facts = field(default_factory=dict)
    rate_bytes_per_s: int | None = None
    scratch: str = ""  # a folder that outlives the worker: journal and overlays
    protocol: int = PROTOCOL


def worker_name(run: str, vm: str, step: str, attempt: int) -> str:
    """A worker's name, known before it starts and after a crash: no two attempts of a VM share one."""
    digest = hashlib.sha256(f"{run}\0{vm}".encode()).hexdigest()[:10]
    return f"mtv-{digest}-{step}-{attempt}"


@dataclass(frozen=True, kw_only=True)
class Event:
    """One line of a worker's stdout. `type`: hello progress root facts sealed finding log end."""

    seq: int
    at: str
    type: str
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DiskProgress:
    """True bytes: `total_bytes` is what is allocated and to be read, not the disk's size; as much of it as is known
    by now, until it is `counted`."""

    disk: str
    done_bytes: int
    total_bytes: int
    phase: str = "copy"
    counted: bool = True


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a worker ended: its `end` event, or what was seen of its process where there was none."""

    outcome: Literal["done", "temporary", "permanent", "hold", "cancelled"]
    facts: Facts = field(default_factory=dict)
    fault: Fault | None = None
    bytes: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
