"""What an Export of an OVA's disk tells its worker: the params, as plain data with types of their own."""

from dataclasses import dataclass, replace
from typing import Literal

from mtv import codec
from mtv.formats.manifest import Digest
from mtv.model.estate import Facts
from mtv.model.points import Export
from mtv.providers.ova.reading.pieces import Piece, Stamp

Image = Literal["raw", "vmdk-stream", "vmdk-sparse", "vmdk-flat", "qcow2", "blank"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file of the package that has a line in the manifest."""

    digest: Digest
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One disk's image. `what` names package and member for people; sizes are of the disk, not of the file."""

    what: str
    image: Image
    gzip: bool = False
    size_bytes: int
    allocated_bytes: int | None = None
    pieces: tuple[Piece, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    checks: tuple[Checked, ...] = ()

    @property
    def way(self) -> str:
        """Which opener: compressed raw and streams are read once, what else is compressed is spooled."""
        if self.image == "blank":
            return "ova.blank"
        if self.gzip:
            return "ova.gzip" if self.image in ("raw", "vmdk-stream") else "ova.spool"
        if self.image == "qcow2":
            return "ova.qcow2" if len(self.pieces) == 1 else "ova.spool"
        return "ova.vmdk" if self.image in ("vmdk-stream", "vmdk-sparse") else "ova.raw"

    def params(self) -> Facts:
        return codec.dump(self)


def elsewhere(image: Stored, here: str, there: str) -> Stored:
    """The same for a worker that sees a copy at another place: its files have other inodes and times, and these
    sizes."""

    def moved(path: str) -> str:
        return there + path.removeprefix(here)

    def pieces(found: tuple[Piece, ...]) -> tuple[Piece, ...]:
        return tuple(replace(one, path=moved(one.path)) for one in found)

    return replace(
        image,
        pieces=pieces(image.pieces),
        stamps=tuple(replace(one, path=moved(one.path), inode=0, mtime_ns=0) for one in image.stamps),
        checks=tuple(replace(one, pieces=pieces(one.pieces)) for one in image.checks),
    )


def stored(export: Export) -> Stored:
    return codec.load(Stored, dict(export.params), f"the export {export.id}")
