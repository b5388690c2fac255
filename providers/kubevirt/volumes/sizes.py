"""How large a claim must be. One that is larger than CDI's own rule says makes KubeVirt grow the guest's disk at each
start, one that is smaller cannot take it."""

from collections.abc import Iterable
from fractions import Fraction

MIB = 1 << 20
GIB = 1 << 30
RECORD_BYTES = 128  # of a journal, for each MiB: a hash and its place, twice before it is written anew
OVERLAY_BYTES = 4 * GIB  # what a conversion writes: drivers, packages, a new initramfs
BESIDE_BYTES = 256 * MIB  # logs, and the file system's own


def aligned(size_bytes: int) -> int:
    return max(-(-size_bytes // MIB) * MIB, MIB)


def asked(size_bytes: int, mode: str, overhead: Fraction, smallest_bytes: int = 0) -> int:
    """What to request for a disk of that size: the device itself, or a file in a file system that takes room of its
    own. KubeVirt takes (1 - overhead) of the request for the disk: that is less than it has, and nothing is grown."""
    whole = aligned(size_bytes)
    if mode != "Block":
        whole = -(-whole * (1 + overhead).numerator // (1 + overhead).denominator)
    return max(whole, smallest_bytes)


def grown(request_bytes: int, capacity_bytes: int, overhead: Fraction) -> int:
    """What KubeVirt makes of a disk in a Filesystem claim at each start."""
    usable = (1 - overhead) * min(request_bytes, capacity_bytes)
    return int(usable // MIB) * MIB


def fits(capacity_bytes: int, size_bytes: int, mode: str, overhead: Fraction) -> bool:
    """Whether a claim that was not sized by us takes that disk."""
    return capacity_bytes >= asked(size_bytes, mode, overhead)


def scratch(sizes_bytes: Iterable[int]) -> int:
    """Of a claim for journal and overlays: an overlay is never larger than its disk."""
    whole = sum(map(aligned, sizes_bytes))
    return aligned(-(-whole // MIB) * RECORD_BYTES + min(whole, OVERLAY_BYTES) + BESIDE_BYTES)


def told(size_bytes: int) -> str:
    """For people."""
    if size_bytes >= GIB:
        return f"{size_bytes / GIB:.1f} GiB"
    return f"{-(-size_bytes // MIB)} MiB"
