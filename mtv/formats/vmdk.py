"""A VMDK's header and descriptor: sparse extents (streamOptimized, monolithicSparse) and flat descriptors.

The layout is VMware's "Virtual Disk Format 5.0": everything is counted in sectors of 512 bytes, little-endian.
"""

import re
import struct
from dataclasses import dataclass

from mtv.formats.window import Window

SECTOR = 512
MAGIC = b"KDMV"
DESCRIPTOR_START = b"# Disk DescriptorFile"
HEADER = struct.Struct("<4sIIQQQQIQQQB4sH")
AT_END = (1 << 64) - 1  # the directory's place is told by the footer
ZEROED_GRAINS, COMPRESSED, MARKERS = 1 << 2, 1 << 16, 1 << 17
DEFLATE = 1
GRAIN_LIMIT_SECTORS = 1 << 15  # 16 MiB, what one read may expand to; real ones are 64 KiB
TABLES_LIMIT = 4 << 20  # 128 TiB of 64 KiB grains; the directory is held in memory
DESCRIPTOR_LIMIT_BYTES = 1 << 20
EXTENT = re.compile(r'(?:RW|RDONLY|NOACCESS)\s+(\d{1,18})\s+([A-Z0-9]+)(?:\s+"([^"]*)"(?:\s+(\d{1,18}))?)?.*')
SETTING = re.compile(r'([A-Za-z.]+)\s*=\s*"?(.*?)"?')


@dataclass(frozen=True, kw_only=True)
class Header:
    """Of one sparse extent."""

    flags: int
    capacity: int  # sectors
    grain: int  # sectors
    descriptor: int  # sector; 0 none
    descriptor_sectors: int
    entries: int  # of one grain table
    directory: int  # sector, or AT_END
    overhead: int  # sectors before the first grain

    @property
    def size_bytes(self) -> int:
        return self.capacity * SECTOR

    @property
    def grain_bytes(self) -> int:
        return self.grain * SECTOR

    @property
    def compressed(self) -> bool:
        return bool(self.flags & COMPRESSED)

    @property
    def tables(self) -> int:
        return -(-self.capacity // (self.grain * self.entries))


@dataclass(frozen=True, kw_only=True)
class FlatExtent:
    """`file` is beside the descriptor; its bytes from `offset` are the disk."""

    size_bytes: int
    file: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    create_type: str
    extents: tuple[tuple[int, str, str, int], ...]  # sectors, type, file, sector in the file


def read_header(disk: Window) -> Header:
    """The header at the start, its embedded descriptor checked. Raises Refused `vmdk.*`."""
    header = parse_header(disk, disk.take(0, SECTOR, "header"))
    if header.descriptor:
        length = header.descriptor_sectors * SECTOR
        if length > DESCRIPTOR_LIMIT_BYTES:
            raise disk.refuse("header", f"its descriptor claims {length} bytes")
        text = disk.take(header.descriptor * SECTOR, length, "descriptor")
        if len(parse_descriptor(disk, text).extents) > 1:
            raise disk.refuse("split", "it is one of several files of a disk", "export it as one file")
    return header


def parse_header(disk: Window, raw: bytes) -> Header:
    magic, version, flags, capacity, grain, place, sectors, entries, _, directory, overhead, _, _, algorithm = (
        HEADER.unpack_from(raw)
    )
    if magic != MAGIC or version not in (1, 2, 3):
        raise disk.refuse("header", f"it is no sparse VMDK of version 1 to 3 (magic {magic!r}, version {version})")
    if grain < 8 or grain & (grain - 1) or grain > GRAIN_LIMIT_SECTORS:
        raise disk.refuse(
            "header", f"its grains have {grain} sectors; a power of two, 8 to {GRAIN_LIMIT_SECTORS}, may be"
        )
    if not 1 <= entries <= 512:
        raise disk.refuse("header", f"its grain tables have {entries} entries, 1 to 512 may be")
    header = Header(
        flags=flags,
        capacity=capacity,
        grain=grain,
        descriptor=place,
        descriptor_sectors=sectors,
        entries=entries,
        directory=directory,
        overhead=overhead,
    )
    if not 0 < header.tables <= TABLES_LIMIT:
        raise disk.refuse("header", f"its capacity is {capacity} sectors")
    if header.compressed and (algorithm != DEFLATE or not flags & MARKERS):
        raise disk.refuse("header", f"its compression {algorithm} with flags {flags:#x} is not streamOptimized's")
    return header


def parse_descriptor(disk: Window, raw: bytes) -> Descriptor:
    """Raises Refused for a disk that needs another one (parent, raw device)."""
    settings: dict[str, str] = {}
    extents: list[tuple[int, str, str, int]] = []
    for line in raw.split(b"\0", 1)[0].decode("latin-1").splitlines():
        stripped = line.strip()
        if match := EXTENT.fullmatch(stripped):
            extents.append((int(match[1]), match[2], match[3] or "", int(match[4] or 0)))
        elif match := SETTING.fullmatch(stripped):
            settings[match[1].lower()] = match[2]
    parent = settings.get("parentcid", "ffffffff").lower()
    if parent != "ffffffff" or settings.get("parentfilenamehint"):
        raise disk.refuse(
            "parent", f"it is a snapshot over a parent disk ({parent})", "consolidate and export it again"
        )
    return Descriptor(create_type=settings.get("createtype", ""), extents=tuple(extents))


def read_flat(disk: Window) -> FlatExtent:
    """A descriptor file of one flat extent."""
    if disk.size > DESCRIPTOR_LIMIT_BYTES:
        raise disk.refuse("descriptor", f"a descriptor of {disk.size} bytes is absurd")
    found = parse_descriptor(disk, disk.take(0, disk.size, "descriptor"))
    if len(found.extents) != 1 or found.extents[0][1] not in ("FLAT", "VMFS"):
        what = found.create_type or "without a type"
        raise disk.refuse("split", f"it is {what}, of {len(found.extents)} extents", "export it as streamOptimized")
    sectors, _, file, at = found.extents[0]
    if not file or "/" in file or "\\" in file or file in (".", "..") or sectors == 0:
        raise disk.refuse("extent", f"its extent of {sectors} sectors lies in the file {file[:80]!r}")
    return FlatExtent(size_bytes=sectors * SECTOR, file=file, offset=at * SECTOR)
