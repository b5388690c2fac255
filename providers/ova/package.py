"""One OVF package: a packed .ova, read in place, or an .ovf with its files beside it in a folder."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import new as new_hash
from pathlib import Path
from urllib.parse import unquote

from mtv.errors import MtvError, Refused
from mtv.formats import manifest, tar
from mtv.formats.manifest import Digest
from mtv.formats.window import Window
from mtv.providers.ova.reading.pieces import Piece, Stamp, opened, stamp
from mtv.settings import settings

EXPORT_AGAIN = "export the VM again, or take the package away"


@dataclass(frozen=True, kw_only=True)
class Package:
    """`file` is its name at the provider: `web.ova`, `web/web.ovf`."""

    file: str
    folder: Path  # files lie there, unless `members` says where
    members: Mapping[str, Piece] | None
    ovf_name: str
    ovf: Piece
    digests: Mapping[str, Digest] | None  # None: it has no manifest
    signed: bool
    revision: str

    def find(self, href: str) -> Piece | None:
        """Where a referenced file lies. Raises Refused `ova.path` for one outside of the package."""
        for name in dict.fromkeys((href, unquote(href))):
            if found := self._member(name) if self.members is not None else self._beside(name):
                return found
        return None

    def _member(self, name: str) -> Piece | None:
        members = self.members or {}
        beside = os.path.dirname(self.ovf_name)
        return members.get(os.path.normpath(os.path.join(beside, name))) or members.get(name)

    def _beside(self, name: str) -> Piece | None:
        """Links may lead anywhere inside the folder, never out of it."""
        if os.path.isabs(name) or ".." in Path(name).parts or "://" in name or "\0" in name:
            raise Refused("ova.path", f"{self.file}: the file '{name[:200]}' lies outside of the package")
        path = Path(os.path.realpath(self.folder / name))
        if not path.is_relative_to(os.path.realpath(self.folder)):
            raise Refused("ova.path", f"{self.file}: the file '{name[:200]}' is a link that leads out of the package")
        try:
            found = path.stat()
        except OSError:
            return None
        return Piece(path=str(path), offset=0, length=found.st_size) if stat.S_ISREG(found.st_mode) else None

    def digest(self, name: str) -> Digest | None:
        """The manifest's line for a file. Raises Refused `manifest.missing-line` where there are others but not it."""
        if self.digests is None:
            return None
        for known in (name, unquote(name)):
            if known in self.digests:
                return self.digests[known]
        raise Refused("manifest.missing-line", f"{self.file}: its manifest has no line for '{name}'", "export it again")

    def stamps(self, pieces: tuple[Piece, ...]) -> tuple[Stamp, ...]:
        return tuple(stamp(path) for path in dict.fromkeys(piece.path for piece in (self.ovf, *pieces)))

    def read_ovf(self) -> bytes:
        """Bounded, and held against the manifest. Raises Refused `ova.xml-size`, MtvError `source.checksum`."""
        limit = settings().xml_limit_bytes
        if self.ovf.length > limit:
            raise Refused("ova.xml-size", f"{self.file}: its descriptor has {self.ovf.length} bytes, over {limit}")
        data = _read(self.ovf)
        digest = self.digest(os.path.basename(self.ovf_name))
        if digest is not None:
            found = new_hash(digest.algorithm, data, usedforsecurity=False).hexdigest()
            if found != digest.hex:
                raise MtvError(
                    "source.checksum",
                    f"{self.file}: '{self.ovf_name}' has the {digest.algorithm} digest {found}, "
                    f"its manifest says {digest.hex}",
                    "it was changed after its export: fetch it again",
                )
        return data


@contextmanager
def hinting() -> Iterator[None]:
    """Whatever is wrong with a package, and says no more: it has to be made anew."""
    try:
        yield
    except MtvError as error:
        if not error.fault.hint:
            error.fault = replace(error.fault, hint=EXPORT_AGAIN)
        raise


@hinting()
def open_package(path: Path, file: str, revision: str) -> Package:
    """Raises Refused `tar.*`, `ova.*`, `manifest.*`; Held `source.unreadable`."""
    real = Path(os.path.realpath(path))
    return (_packed if path.suffix.lower() == ".ova" else _folder)(real, file, revision)


def _packed(path: Path, file: str, revision: str) -> Package:
    with opened([Piece(path=str(path), offset=0, length=stamp(str(path)).size)]) as pieces:
        window = Window(pieces.read, pieces.size, file, "tar")
        found = tar.index(window, settings().tar_members_limit)
    members = {one.name: Piece(path=str(path), offset=one.offset, length=one.size) for one in found}
    descriptors = _named(members, ".ovf")
    if len(descriptors) != 1:
        there = ", ".join(descriptors[:3]) or "none"
        raise Refused("ova.descriptors", f"{file}: one .ovf is needed in it, {len(descriptors)} are there: {there}")
    manifests = _named(members, ".mf")
    wanted = descriptors[0][: -len(".ovf")] + ".mf"
    name = wanted if wanted in manifests else manifests[0] if len(manifests) == 1 else ""
    return Package(
        file=file,
        folder=path.parent,
        members=members,
        ovf_name=descriptors[0],
        ovf=members[descriptors[0]],
        digests=_digests(members.get(name), f"{file}/{name}"),
        signed=bool(_named(members, ".cert")),
        revision=revision,
    )


def _folder(path: Path, file: str, revision: str) -> Package:
    beside = path.with_suffix(".mf")
    there = Piece(path=str(beside), offset=0, length=stamp(str(beside)).size) if beside.is_file() else None
    return Package(
        file=file,
        folder=path.parent,
        members=None,
        ovf_name=path.name,
        ovf=Piece(path=str(path), offset=0, length=stamp(str(path)).size),
        digests=_digests(there, str(Path(file).with_suffix(".mf"))),
        signed=path.with_suffix(".cert").is_file(),
        revision=revision,
    )


def _named(members: Mapping[str, Piece], suffix: str) -> list[str]:
    return [name for name in members if name.lower().endswith(suffix)]


def _digests(piece: Piece | None, what: str) -> Mapping[str, Digest] | None:
    if piece is None:
        return None
    if piece.length > manifest.LIMIT_BYTES:
        raise Refused("manifest.size", f"{what}: it has {piece.length} bytes, at most {manifest.LIMIT_BYTES} are read")
    return manifest.parse(_read(piece), what)


def _read(piece: Piece) -> bytes:
    with opened([piece]) as pieces:
        return pieces.read(0, pieces.size)
