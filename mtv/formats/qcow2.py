"""A qcow2's header: what it says of itself, and whether reading it would open other files of this machine."""

import struct
from dataclasses import dataclass

from mtv.formats.window import Window

MAGIC = b"QFI\xfb"
HEADER = struct.Struct(">4sIQIIQIIQQIIQ")  # up to snapshots_offset: 72 bytes
DIRTY, CORRUPT, EXTERNAL_DATA, COMPRESSION, EXTENDED_L2 = 1, 2, 4, 8, 16
READABLE = DIRTY | COMPRESSION | EXTENDED_L2  # of the incompatible features, those that a read-only qemu understands
DATA_FILE_EXTENSION = 0x44415441


@dataclass(frozen=True)
class Qcow2:
    version: int
    size_bytes: int
    cluster_bits: int
    l1_offset: int
    l1_entries: int
    extended: bool  # each entry of its second tables has a bitmap behind it

    @property
    def cluster_bytes(self) -> int:
        return 1 << self.cluster_bits


def read_header(image: Window) -> Qcow2:
    """Raises Refused `qcow2.*` for what would read the host's files, or what qemu cannot read truly."""
    raw = image.take(0, HEADER.size, "header")
    magic, version, backing, _, cluster_bits, size, encryption, l1_entries, l1_offset, *_ = HEADER.unpack(raw)
    if magic != MAGIC or version not in (2, 3):
        raise image.refuse("header", f"it is no qcow2 image of version 2 or 3 (magic {magic!r}, version {version})")
    if backing:
        raise image.refuse("backing", "it names a backing file of another machine", "flatten it: qemu-img convert")
    if encryption:
        raise image.refuse("encrypted", f"it is encrypted (method {encryption})", "decrypt it: qemu-img convert")
    if not 9 <= cluster_bits <= 21 or not 0 < size < 1 << 63:
        raise image.refuse("header", f"its clusters of 2^{cluster_bits} bytes or its size of {size} bytes are absurd")
    length, extended = (72, False) if version == 2 else _version_3(image)
    _check_extensions(image, length, 1 << cluster_bits)
    return Qcow2(version, size, cluster_bits, l1_offset, l1_entries, extended)


def _version_3(image: Window) -> tuple[int, bool]:
    """Feature bits; gives the header's length, and whether its tables are the extended ones."""
    raw = image.take(72, 32, "version 3 header")
    incompatible, _, _, _, length = struct.unpack(">QQQII", raw)
    if incompatible & EXTERNAL_DATA:
        raise image.refuse("data-file", "its data lies in another file", "make one file of it: qemu-img convert")
    if incompatible & CORRUPT:
        raise image.refuse("corrupt", "it is marked corrupt", "repair it: qemu-img check -r all")
    if unknown := incompatible & ~READABLE:
        raise image.refuse("features", f"it needs unknown features {unknown:#x}", "convert it: qemu-img convert")
    if length < 104 or length > 4096:
        raise image.refuse("header", f"its header claims {length} bytes")
    return int(length), bool(incompatible & EXTENDED_L2)


def _check_extensions(image: Window, offset: int, end: int) -> None:
    """They lie in the first cluster. The data file's name is refused even where its feature bit was cleared."""
    while offset + 8 <= min(end, image.size):
        kind, length = struct.unpack(">II", image.take(offset, 8, "header extension"))
        if kind == 0:
            return
        if kind == DATA_FILE_EXTENSION:
            raise image.refuse("data-file", "it names an external data file", "make one file of it: qemu-img convert")
        if length > end:
            raise image.refuse("header", f"a header extension {kind:#x} claims {length} bytes")
        offset += 8 + -(-length // 8) * 8
