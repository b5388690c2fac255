"""Disk files of a bundle: made complete under another name, labelled, then renamed, so that a crash leaves either
nothing or a disk that is found again."""

import os
import struct
from pathlib import Path

from mtv.errors import CheckFailed
from mtv.model.volumes import Volume, VolumeSpec
from mtv.process import run
from mtv.providers.bundle.labels import Label, Labels, digest

FORMATS = ("raw", "qcow2")
MODE = 0o600  # a guest's disk holds its password hashes


def disk_format(spec: VolumeSpec) -> str:
    """raw or qcow2, whatever the plan's storage map says."""
    if spec.to and spec.to not in FORMATS:
        raise CheckFailed(
            "target.format",
            f"{spec.machine}: disk {spec.index} shall become '{spec.to}', and a bundle holds raw or qcow2",
            "write `storage: [{from: '*', to: raw}]`",
        )
    return spec.to or FORMATS[0]


def disk_name(spec: VolumeSpec) -> str:
    return f"disk{spec.index}.{disk_format(spec)}"


def find(labels: Labels, path: Path, spec: VolumeSpec) -> Volume | None:
    """The disk of that spec, made by an earlier call. Its identity tells if it lost its size since."""
    label = labels.get(path)
    if label is None or not label.same_thing(Label.of(spec.run, spec.vm, spec.disk)):
        return None
    return _volume(path, spec, label, zeroed=False)


def mend(labels: Labels, path: Path, spec: VolumeSpec) -> Volume | None:
    """The same, made whole under a new nonce if it lost its size: what it holds is not believed any more. None where
    there is nothing to mend, or nothing worth it."""
    if labels.get(path) is None:
        return None
    found = find(labels, path, spec)
    if found is None:
        raise taken(spec.machine, path, labels)
    if size_bytes(path, disk_format(spec)) == spec.size_bytes:
        return found
    if disk_format(spec) == "qcow2":
        return None
    labels.put(path, Label.of(spec.run, spec.vm, spec.disk))
    os.truncate(path, spec.size_bytes)
    return find(labels, path, spec)


def make(labels: Labels, path: Path, spec: VolumeSpec, new: Path) -> Volume:
    """An empty disk, made at `new`, which lies on the same file system."""
    label = Label.of(spec.run, spec.vm, spec.disk)
    _fill(new, spec)
    new.chmod(MODE)
    labels.put(new, label, final=path)
    new.rename(path)
    sync_folder(path.parent)
    return _volume(path, spec, label, zeroed=True)


def remove(labels: Labels, path: Path, disk: str) -> None:
    """Remove a disk of ours; one that is gone is no error, one that is not ours stays."""
    label = labels.get(path)
    if label is not None and label.disk == digest(disk):
        path.unlink()
    elif path.is_symlink() or path.exists():
        raise not_ours(path.parent.name, path)
    labels.drop(path)


def taken(machine: str, path: Path, labels: Labels) -> CheckFailed:
    label = labels.get(path)
    run = label.run if label else "?"
    return CheckFailed(
        "target.exists",
        f"{machine}: {path} belongs to run {run}",
        f"move it away, or give the bundle another folder; if {run} failed, `mtv purge {run}` removes what it left",
    )


def not_ours(machine: str, path: Path) -> CheckFailed:
    return CheckFailed(
        "target.foreign-files", f"{machine}: {path} was not made by mtv and is left alone", "move it away"
    )


def _fill(path: Path, spec: VolumeSpec) -> None:
    if disk_format(spec) == "qcow2":
        run(["qemu-img", "create", "-q", "-f", "qcow2", str(path), str(spec.size_bytes)])
        return
    with path.open("xb") as file:
        file.truncate(spec.size_bytes)


def size_bytes(path: Path, form: str) -> int:
    """The disk's size as a guest would see it; -1 where the file is no disk any more."""
    if form == "raw":
        return path.stat().st_size
    with path.open("rb") as file:
        header = file.read(32)
    if len(header) < 32 or header[:4] != b"QFI\xfb":
        return -1
    return int(struct.unpack(">Q", header[24:32])[0])


def _volume(path: Path, spec: VolumeSpec, label: Label, zeroed: bool) -> Volume:
    found_bytes = size_bytes(path, disk_format(spec))
    lost = "" if found_bytes == spec.size_bytes else f" size {found_bytes}"
    return Volume(
        id=f"{path.parent.name}/{path.name}",
        disk=spec.disk,
        index=spec.index,
        size_bytes=spec.size_bytes,
        format=disk_format(spec),
        path=str(path),
        identity=f"inode {path.stat().st_ino} nonce {label.nonce}{lost}",
        zeroed=zeroed,
    )


def sync_folder(folder: Path) -> None:
    """A rename is only durable once its folder is."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
