"""What can be said of OUT before anything is changed: whose files are there, may we write, is there space."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mtv.errors import CheckFailed
from mtv.providers.bundle.disks import taken
from mtv.providers.bundle.faults import told
from mtv.providers.bundle.labels import Label, Labels
from mtv.providers.bundle.names import shown

MARGIN_BYTES = 64 << 20
"""Kept free beside what is copied: file system tables, journal, papers."""

NOBODYS = {"lost+found"}  # where OUT/VM is a file system of its own


def check_folder(labels: Labels, folder: Path, machine: str, label: Label) -> None:
    """Raises CheckFailed unless `folder` is missing, empty, or ours from the same run and VM."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CheckFailed("target.foreign-files", f"{machine}: {folder} is not a folder", "move it away")
    if not folder.exists():
        return
    theirs = labels.get(folder)
    if theirs is not None and not theirs.same_thing(label):
        raise taken(machine, folder, labels)
    with told(machine, folder):
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name not in NOBODYS)
    foreign = [name for name in names if labels.get(folder / name) is None]
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise CheckFailed(
            "target.foreign-files",
            f"{machine}: {folder} holds what mtv did not make: {', '.join(map(shown, foreign[:5]))}{more}",
            "move it away, or give the bundle another folder",
        )


def check_writable(root: Path, machine: str) -> None:
    """A file without a name is made and gone again: rights alone do not tell (root, read-only mounts)."""
    with told(machine, root), tempfile.TemporaryFile(dir=standing(root)) as file:
        file.write(b"mtv")


def check_space(root: Path, machine: str, need_bytes: int, promised_bytes: int = 0) -> None:
    """`promised_bytes`: what other VMs that were begun will still take."""
    with told(machine, root):
        free_bytes = free(root)
    missing = max(need_bytes, 0) + promised_bytes + MARGIN_BYTES - free_bytes
    others = f", beside {-(-promised_bytes >> 20)} MiB that other VMs of this run still take" if promised_bytes else ""
    if missing > 0:
        raise CheckFailed(
            "target.no-space",
            f"{machine}: {root} has {free_bytes >> 20} MiB free, and {max(need_bytes, 0) >> 20} MiB of data "
            f"and {MARGIN_BYTES >> 20} MiB beside it are needed{others}",
            f"make {-(-missing >> 20)} MiB of space, or choose another folder",
        )


def free(root: Path) -> int:
    told_by_system = os.statvfs(standing(root))
    return told_by_system.f_bavail * told_by_system.f_frsize


def allocated(paths: Iterable[Path]) -> int:
    """Bytes that those files take on disk; what is not there takes none."""
    return sum(path.lstat().st_blocks * 512 for path in paths if path.exists())


def standing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
