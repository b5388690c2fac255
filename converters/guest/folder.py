"""GuestFiles over a folder of this machine: links are followed as the guest would, and never leave the folder."""

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from mtv.converters.guest.files import READ_LIMIT_BYTES
from mtv.errors import MtvError

LINKS_LIMIT = 40  # as Linux has it
MATCHES_LIMIT = 10_000


class FolderFiles:
    """A guest's root file system as a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def exists(self, path: str) -> bool:
        return self._place(path) is not None

    def read(self, path: str, limit_bytes: int = READ_LIMIT_BYTES) -> bytes:
        place = self._place(path)
        if place is None or not place.is_file():
            raise FileNotFoundError(path)
        with place.open("rb") as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise too_big(path, limit_bytes)
        return data

    def head(self, path: str, size_bytes: int) -> bytes:
        place = self._place(path)
        if place is None or not place.is_file():
            raise FileNotFoundError(path)
        with place.open("rb") as file:
            return file.read(size_bytes)

    def glob(self, pattern: str) -> list[str]:
        found = [""]
        for part in pattern.strip("/").split("/"):
            found = [match for base in found for match in self._matches(base, part)][:MATCHES_LIMIT]
        return sorted(found)

    def _matches(self, base: str, part: str) -> Iterator[str]:
        if not set(part) & set("*?["):
            if self.exists(f"{base}/{part}"):
                yield f"{base}/{part}"
            return
        folder = self._place(base or "/")
        if folder is None or not folder.is_dir():
            return
        for name in os.listdir(folder):
            hidden = name.startswith(".") and not part.startswith(".")  # as the shell has it
            if not hidden and fnmatch.fnmatchcase(name, part) and self.exists(f"{base}/{name}"):
                yield f"{base}/{name}"

    def _place(self, path: str) -> Path | None:
        """Where that is, links followed from the guest's own root; None where there is nothing, or a loop."""
        here, todo, links = self._root, path.split("/")[::-1], 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                here = here if here == self._root else here.parent
                continue
            step = here / part
            if step.is_symlink():
                links += 1
                if links > LINKS_LIMIT:
                    return None
                target = os.readlink(step)
                here = self._root if target.startswith("/") else here
                todo += target.split("/")[::-1]
            elif step.exists():
                here = step
            else:
                return None
        return here


def too_big(path: str, limit_bytes: int) -> MtvError:
    return MtvError("guest.file-too-big", f"{path} in the guest is larger than {limit_bytes} bytes")
