"""The target's side of a disk, and of a VM."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class VolumeSpec:
    """One disk to be made at the target. Its name there is deterministic: a crash finds the same volume again."""

    run: str
    vm: str  # VM key
    machine: str  # the VM's name at the target
    disk: str  # Disk.key
    index: int  # position in the VM
    size_bytes: int
    to: str = ""  # StorageClass, or raw | qcow2 for a bundle
    access: str = ""
    mode: str = ""
    name: str = ""  # as the VM's documents have it; "" the target's own way to name one


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A volume that exists and carries our label. `identity` is the target's part of a journal's epoch (claim UID,
    or inode and a nonce that we wrote): any difference means resync by hash."""

    id: str
    disk: str
    index: int
    size_bytes: int
    format: str  # raw qcow2 block
    path: str  # where a worker finds it
    identity: str
    zeroed: bool = False  # created in this attempt: may be believed to read as zeroes


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A VM as the target has it."""

    name: str
    state: str  # halted running absent unknown
    path: str = ""
    started_at: str = ""
    warnings: tuple[str, ...] = ()  # what the target said while it was made


@dataclass(frozen=True, kw_only=True)
class Image:
    """A finished disk as a file of this machine. `mark` tells its state from any other that it may have had."""

    path: Path
    mark: str
