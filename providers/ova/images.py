"""What each disk's image is and how large its disk: by what the OVF says of its format, and by its first bytes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from mtv.errors import Refused
from mtv.formats import vmdk
from mtv.formats.gzip import inflated
from mtv.formats.qcow2 import MAGIC as QCOW2
from mtv.formats.qcow2 import read_header as read_qcow2
from mtv.formats.qcow2_tables import check_end
from mtv.formats.vmdk_disk import SparseDisk
from mtv.formats.window import Window, window
from mtv.providers.ova import claims
from mtv.providers.ova.ovf.envelope import DiskEntry, File
from mtv.providers.ova.package import Package
from mtv.providers.ova.reading.pieces import Piece, opened
from mtv.providers.ova.reading.stored import Checked, Image, Stored
from mtv.providers.ova.reading.streams import compressed

HEAD_BYTES = 1 << 20
CHUNKS_LIMIT = 1000  # a task's JSON names each of them
SECTOR = 512
DECLARED_QCOW = ("qcow",)
FOREIGN = {"vhd": "VHD", "137171": "VHD", "vdi": "VDI", "vhdx": "VHDX"}


def examine(package: Package, entry: DiskEntry, where: str) -> Stored:
    """Raises Refused `ova.*`, `vmdk.*`, `qcow2.*`, naming package and disk."""
    if entry.file is None:
        if entry.capacity_bytes is None:
            raise Refused("ova.disk", f"{where}: it has neither a file nor a capacity")
        size = -(-entry.capacity_bytes // SECTOR) * SECTOR
        return Stored(what=where, image="blank", size_bytes=size, stamps=package.stamps(()))
    pieces, checks = _locate(package, entry.file, where)
    what = f"{package.file}: {entry.file.href}"
    with _head(pieces, entry.file.gzip, what) as head:
        image = _kind(head, entry, where)
        pieces, checks, size = _measure(package, entry, image, head, pieces, checks)
        allocated = None if entry.file.gzip else _allocated_bytes(image, head, pieces)
    found = Stored(
        what=what,
        image=image,
        gzip=entry.file.gzip,
        size_bytes=size,
        allocated_bytes=allocated,
        pieces=pieces,
        stamps=package.stamps((*pieces, *(piece for check in checks for piece in check.pieces))),
        checks=checks,
    )
    claims.check(entry, found, where)
    return found


def _locate(package: Package, file: File, where: str) -> tuple[tuple[Piece, ...], tuple[Checked, ...]]:
    """The file's piece, or those of its chunks, with their lines of the manifest."""
    names = [file.href] if file.chunk_bytes is None else list(_chunk_names(package, file, where))
    pieces: list[Piece] = []
    checks: list[Checked] = []
    for name in names:
        piece = package.find(name)
        if piece is None:
            raise Refused(
                "ova.file-missing", f"{where}: its file '{name}' is not there", "put it beside, or export again"
            )
        pieces.append(piece)
        if digest := package.digest(name):
            checks.append(Checked(digest=digest, pieces=(piece,)))
    return tuple(pieces), tuple(checks)


def _chunk_names(package: Package, file: File, where: str) -> Iterator[str]:
    """NAME.000000000 and on, all but the last of full length, none missing."""
    total = number = 0
    while (piece := package.find(f"{file.href}.{number:09}")) is not None:
        if total % (file.chunk_bytes or 1) or piece.length > (file.chunk_bytes or 0) or number >= CHUNKS_LIMIT:
            raise Refused("ova.chunks", f"{where}: the chunks of '{file.href}' do not fit before number {number}")
        yield f"{file.href}.{number:09}"
        total, number = total + piece.length, number + 1
    if number == 0 or file.size_bytes not in (None, total):
        raise Refused(
            "ova.file-missing",
            f"{where}: its chunk '{file.href}.{number:09}' is not there: "
            f"{number} chunks have {total} bytes, {file.size_bytes} are needed",
            "put it beside, or export again",
        )


@contextmanager
def _head(pieces: tuple[Piece, ...], gzip: bool, what: str) -> Iterator[Window]:
    """The image; of a compressed one its first MiB, which holds every header."""
    with opened(pieces) as found:
        if not gzip:
            yield found.window(what, "ova")
            return
        head = b""
        for part in inflated(compressed(found), what):
            head += part
            if len(head) >= HEAD_BYTES:
                break
        yield window(head, what, "ova")


def _kind(head: Window, entry: DiskEntry, where: str) -> Image:
    """A raw disk's first bytes are its guest's: they decide only where the OVF does not."""
    start = head.read(0, min(32, head.size))
    said = entry.format.lower()
    for word, name in FOREIGN.items():
        if word in said:
            raise Refused("ova.image", f"{where}: its format is {name}", "convert it to VMDK first: qemu-img convert")
    if any(word in said for word in DECLARED_QCOW):
        if not start.startswith(QCOW2):
            raise Refused("ova.image", f"{where}: its format is qcow2, its file is not")
        return "qcow2"
    if said and "vmdk" not in said and "raw" not in said:
        raise Refused("ova.image", f"{where}: its format '{entry.format[:80]}' is not known", "use VMDK, raw or qcow2")
    if "raw" in said:
        return "raw"
    if start.startswith(vmdk.MAGIC):
        disk = _as(head, "vmdk")
        header = vmdk.parse_header(disk, disk.take(0, SECTOR, "header"))
        return "vmdk-stream" if header.compressed else "vmdk-sparse"
    if start.startswith(vmdk.DESCRIPTOR_START):
        return "vmdk-flat"
    if not said and start.startswith(QCOW2):
        return "qcow2"
    claims.check_start(entry, start, where)
    return "raw"


def _measure(
    package: Package,
    entry: DiskEntry,
    image: Image,
    head: Window,
    pieces: tuple[Piece, ...],
    checks: tuple[Checked, ...],
) -> tuple[tuple[Piece, ...], tuple[Checked, ...], int]:
    """The disk's size; a flat VMDK's bytes lie in another file than its descriptor."""
    gzip = entry.file is not None and entry.file.gzip
    if image == "qcow2":
        header = read_qcow2(_as(head, "qcow2"))
        if not gzip:
            check_end(_as(head, "qcow2"), header)
        return pieces, checks, header.size_bytes
    if image in ("vmdk-stream", "vmdk-sparse"):
        return pieces, checks, vmdk.read_header(_as(head, "vmdk")).size_bytes
    if image == "vmdk-flat":
        return _flat(package, head, checks, os.path.dirname(entry.file.href if entry.file else ""))
    size = sum(piece.length for piece in pieces) if not gzip else entry.capacity_bytes
    if not size:
        raise Refused("ova.disk", f"{head.what}: it is empty, or compressed without a capacity")
    return pieces, checks, -(-size // SECTOR) * SECTOR


def _allocated_bytes(image: Image, head: Window, pieces: tuple[Piece, ...]) -> int | None:
    """How much of the disk the image holds; None where only reading all of it would tell."""
    if image in ("vmdk-stream", "vmdk-sparse"):
        return SparseDisk(_as(head, "vmdk")).allocated_bytes()
    if image == "qcow2":
        return None
    with opened(pieces) as found:
        return sum(length for _, length in found.data())


def _flat(
    package: Package, head: Window, checks: tuple[Checked, ...], folder: str
) -> tuple[tuple[Piece, ...], tuple[Checked, ...], int]:
    extent = vmdk.read_flat(_as(head, "vmdk"))
    name = os.path.join(folder, extent.file)
    found = package.find(name)
    if found is None:
        raise Refused("ova.file-missing", f"{head.what}: its extent '{name}' is not there", "put it beside")
    if extent.offset + extent.size_bytes > found.length:
        needed = extent.offset + extent.size_bytes
        raise Refused(
            "vmdk.truncated", f"{head.what}: its extent '{name}' has {found.length} bytes, {needed} are needed"
        )
    piece = Piece(path=found.path, offset=found.offset + extent.offset, length=extent.size_bytes)
    if digest := package.digest(name):
        checks = (*checks, Checked(digest=digest, pieces=(found,)))
    return (piece,), checks, extent.size_bytes


def _as(head: Window, area: str) -> Window:
    return Window(head.read, head.size, head.what, area)
