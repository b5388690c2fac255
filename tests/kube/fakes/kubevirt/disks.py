"""What a start does to the claims of an instance: growth, locks, and whether a guest is there at all."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.kube.api import Object
from tests.kube.fakes.quantities import MIB, OVERHEAD, amount
from tests.kube.fakes.watching import Key

WRITER = 107


def claims_of(spec: Object) -> Iterator[tuple[str, str]]:
    """A volume's name, and its claim's."""
    for volume in spec.get("volumes", []):
        if found := volume.get("persistentVolumeClaim"):
            yield volume["name"], found["claimName"]
        if found := volume.get("dataVolume"):
            yield volume["name"], found["name"]


def grow(file: Path, claim: Object) -> None:
    """A disk.img is made, or enlarged, to what the claim has room for: the trap of a claim that was made by hand."""
    room = min(
        amount(claim["spec"]["resources"]["requests"]["storage"]), amount(claim["status"]["capacity"]["storage"])
    )
    size_bytes = int(room * (2 - OVERHEAD)) // MIB * MIB  # 0.94 of it, for an overhead of 0.06
    if not file.exists():
        file.touch()
        os.chown(file, WRITER, WRITER)
        file.chmod(0o660)
    if file.stat().st_size < size_bytes:
        os.truncate(file, size_bytes)


def holds_data(place: Path) -> bool:
    """An empty disk runs, but no guest answers from it."""
    if place.is_block_device():
        with place.open("rb") as device:
            return any(device.read(64 << 10))
    return place.stat().st_blocks > 0


class Locks:
    """QEMU's, of files; of a Block device there is none, and several VMs write to it side by side."""

    def __init__(self) -> None:
        self.held: dict[Path, Key] = {}

    def refusal(self, files: list[Path], key: Key) -> str | None:
        """None if all are this one's now."""
        for file in files:
            if not file.is_block_device() and self.held.setdefault(file, key) != key:
                return f'internal error: qemu unexpectedly closed the monitor: Failed to get "write" lock: {file.name}'
        return None

    def release(self, key: Key) -> None:
        self.held = {file: holder for file, holder in self.held.items() if holder != key}
