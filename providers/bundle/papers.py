"""What lies beside the disks: vm.yaml, the receipt, README.txt. vm.yaml is written last: where it is, the VM is."""

import os
from collections.abc import Mapping
from pathlib import Path

from mtv.errors import MtvError
from mtv.providers.bundle import disks
from mtv.providers.bundle.folders import Folders
from mtv.providers.bundle.labels import Label

MANIFEST = "vm.yaml"
PAPERS = ("README.txt", "receipt.hashes", "receipt.json", MANIFEST)


def write(folders: Folders, name: str, texts: Mapping[str, bytes]) -> None:
    """Each paper appears whole or not at all; one that stands there already is replaced if it is ours."""
    if unknown := sorted(set(texts) - set(PAPERS)):
        raise MtvError("target.papers", f"{name}: a bundle holds {', '.join(PAPERS)}, not {', '.join(unknown)}")
    folder = folders.machine(name)
    if folders.labels.get(folder) is None:  # a VM without disks has no folder yet
        folders.claim(name, Label.of("", name))
    for paper in PAPERS:
        if paper in texts:
            _write(folders, folder / paper, texts[paper], name)


def _write(folders: Folders, path: Path, text: bytes, machine: str) -> None:
    if (path.is_symlink() or path.exists()) and folders.labels.get(path) is None:
        raise disks.not_ours(machine, path)
    with folders.staged(path) as new:
        with new.open("xb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        folders.labels.put(new, Label.of("", machine), final=path)
        new.rename(path)
    disks.sync_folder(path.parent)


def stand(folders: Folders, name: str) -> bool:
    return folders.labels.get(folders.machine(name) / MANIFEST) is not None


def remove(folders: Folders, name: str) -> None:
    """Ours only, vm.yaml first; the folder too once it is empty."""
    folder = folders.machine(name)
    for paper in reversed(PAPERS):
        path = folder / paper
        if folders.labels.get(path) is not None:
            path.unlink()
            folders.labels.drop(path)
    folders.drop_if_empty(folder)
