"""The folders of a bundle: OUT/VM, and OUT/.mtv with what a run needs while it lasts."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtv.errors import CheckFailed, MtvError
from mtv.providers.bundle import room
from mtv.providers.bundle.labels import Label, Labels
from mtv.providers.bundle.names import folder_name

OWN = ".mtv"
_IN_USE = {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EBUSY}


class Folders:
    def __init__(self, root: Path, labels: Labels) -> None:
        self.root = root
        self.labels = labels

    def machine(self, name: str) -> Path:
        return self.root / folder_name(name)

    def inside(self, path: str) -> Path:
        """A volume's path, which is a file of a machine's folder. Anything else is refused: it came out of a store."""
        found = Path(path)
        odd = {found.name, found.parent.name} & {"", ".", "..", OWN}
        if odd or found.parent.parent != self.root:
            raise MtvError("target.outside", f"{path} does not lie in a machine's folder of {self.root}")
        return found

    def claim(self, name: str, label: Label) -> Path:
        """OUT/VM, there and with that label. Raises CheckFailed if it is somebody's."""
        folder = self.machine(name)
        room.check_folder(self.labels, folder, name, label)
        if self.labels.get(folder) is None:
            if folder.exists():  # empty: somebody made it for us
                self.labels.put(folder, label)
            else:
                self._make(folder, label)
        return folder

    def _make(self, folder: Path, label: Label) -> None:
        with self.staged(folder) as new:
            new.mkdir(mode=0o755)
            self.labels.put(new, label, final=folder)
            new.rename(folder)

    def drop_if_empty(self, folder: Path) -> None:
        """Remove OUT/VM once nothing is in it, if it is ours."""
        if self.labels.get(folder) is None:
            return
        try:
            folder.rmdir()
        except OSError as error:
            if error.errno not in _IN_USE:
                raise
            return
        self.labels.drop(folder)

    @contextmanager
    def staged(self, path: Path) -> Iterator[Path]:
        """Where `path` is made before it is renamed to its place; nothing of it is left when the context ends."""
        own = self._own(path.name)
        new = self._staging(path.parent if path.parent != self.root else path) / path.name
        new.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(new)
        try:
            yield new
        finally:
            _clear(new)
            _prune(new.parent, new.parent.parent, own)

    def _staging(self, folder: Path) -> Path:
        return self.root / OWN / "new" / folder.name

    def scratch(self, run: str, machine: str) -> Path:
        return self.root / OWN / "runs" / folder_name(run) / folder_name(machine)

    def make_scratch(self, run: str, machine: str) -> Path:
        self._own(machine)
        folder = self.scratch(run, machine)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def tidy(self, run: str, machine: str) -> None:
        """The scratch, what a killed maker left half made, and OUT/VM if nothing came to be in it."""
        own = self._own(machine)
        scratch, staging = self.scratch(run, machine), self._staging(self.machine(machine))
        for folder in (scratch, staging):
            _clear(folder)
        self.drop_if_empty(self.machine(machine))
        self.labels.sweep(self.machine(machine))
        _prune(scratch.parent, scratch.parent.parent, staging.parent, own)

    def _own(self, machine: str) -> Path:
        own = self.root / OWN
        if own.is_symlink():
            raise CheckFailed("target.foreign-files", f"{machine}: {own} is a link", "move it away")
        return own


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _prune(*folders: Path) -> None:
    """Each if it is empty: others' work may be in it."""
    for folder in folders:
        with suppress(OSError):
            os.rmdir(folder)
