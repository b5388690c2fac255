"""Signed proof, disk by disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtv.model.estate import Json


@dataclass(frozen=True, kw_only=True)
class DiskTable:
    """Hashes of one disk, one per BLOCK_BYTES of data; what has no hash reads as zeroes."""

    disk: str
    file: str  # its file at the target, relative to the receipt
    size_bytes: int
    data_bytes: int
    root: str  # hash over the whole table, holes included
    roots: tuple[str, ...] = ()  # one per ROOT_SPAN_BYTES
    identity: Mapping[str, Json] = field(default_factory=dict)  # of the source's state: `way`, `identity`; of a copy


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """`copied` equals the source; `handed_over` is what the guest was given, after conversion. `level` tells how far
    the proof goes: transit, read-back, source re-read n of N, source checksum."""

    run: str
    vm: str
    name: str
    at: str
    level: str
    read_back: str  # O_DIRECT, or fdatasync + POSIX_FADV_DONTNEED
    algorithm: str
    copied: tuple[DiskTable, ...]
    handed_over: tuple[DiskTable, ...]
    facts: Mapping[str, Json] = field(default_factory=dict)
    key: str = ""  # fingerprint of the signing key
    signature: str = ""
