"""Where an address leads: one .ova, one .ovf, or a folder that holds many of both."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mtv.errors import Held, Refused
from mtv.providers.ova.package import Package, open_package
from mtv.providers.ova.reading.pieces import stamp

DEPTH_LIMIT = 4  # folders below the address
PACKAGES_LIMIT = 100_000
SUFFIXES = (".ova", ".ovf")


@dataclass(frozen=True)
class Shelf:
    address: Path

    def many(self, files: list[str]) -> bool:
        """One package's error is then a concern, not the end."""
        return self.address.is_dir() and len(files) != 1

    def files(self) -> list[str]:
        """Packages' names, sorted; a single file is known by its name alone. Raises Held, Refused `ova.address`."""
        if self.address.is_file():
            if self.address.suffix.lower() not in SUFFIXES:
                raise Refused(
                    "ova.address", f"{self.address} is neither .ova nor .ovf", "name one, or a folder of them"
                )
            return [self.address.name]
        if not self.address.is_dir():
            raise Held("source.unreadable", f"{self.address}: no such file or folder", "put it back, or name another")
        found = sorted(self._below(self.address, 0))
        if len(found) > PACKAGES_LIMIT:
            raise Refused("ova.address", f"{self.address} holds over {PACKAGES_LIMIT} packages", "name one below it")
        return found

    def file_of(self, id: str) -> str:  # noqa: A002 - the vendor's word
        """The package's part of a VM's id; either part may itself have a "#"."""
        ends = [at for at, letter in enumerate(id) if letter == "#" and id[:at].lower().endswith(SUFFIXES)]
        files = [id[:at] for at in ends]
        return next((file for file in files if file == self.address.name or (self.address / file).is_file()), id)

    def open(self, file: str, revision: str = "") -> Package:
        """Raises Refused `ova.gone` for a name that is not one of `files`, Held for one that is no file."""
        path = self._path(file)
        if not os.path.lexists(path):
            raise Refused("ova.gone", f"there is no package '{file}' in {self.address}", "run `mtv refresh`")
        if not path.is_file():  # a pipe would be waited for
            why = "is no file" if path.exists() else "is a link that leads nowhere"
            raise Held("source.unreadable", f"{file}: it {why}", "remove it, or put the package there")
        return open_package(path, file, revision or self.revisions([file])[file])

    def revisions(self, files: list[str]) -> dict[str, str]:
        """Each changes whenever its package, or of an unpacked one any file beside it, may have."""
        beside: dict[Path, str] = {}  # asked once a folder, however many packages lie in it
        found: dict[str, str] = {}
        for file in files:
            path = Path(os.path.realpath(self._path(file)))
            words = _words(path)
            if path.suffix.lower() != ".ova":
                if path.parent not in beside:
                    beside[path.parent] = _folder_words(path.parent)
                words += beside[path.parent]
            found[file] = sha256(words.encode()).hexdigest()[:16]
        return found

    def _path(self, file: str) -> Path:
        if self.address.is_file():
            if file == self.address.name:
                return self.address
        elif ".." not in Path(file).parts and not os.path.isabs(file):
            return self.address / file
        raise Refused("ova.gone", f"there is no package '{file}' in {self.address}", "run `mtv refresh`")

    def _below(self, folder: Path, depth: int) -> Iterator[str]:
        """Links to folders are not followed: they may loop."""
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            if depth == 0:
                raise Held("source.unreadable", f"{folder}: {(error.strerror or '').lower()}", "mend it") from error
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth < DEPTH_LIMIT:
                    yield from self._below(Path(entry.path), depth + 1)
            elif entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith("."):
                yield os.path.relpath(entry.path, self.address)


def _words(path: Path) -> str:
    try:
        one = stamp(str(path))
    except Held:  # whoever opens it says why
        return f"{path}\n"
    return f"{one.path} {one.inode} {one.size} {one.mtime_ns}\n"


def _folder_words(folder: Path) -> str:
    return "".join(_words(entry) for entry in sorted(folder.iterdir()) if entry.is_file())
