"""Target disks held against a receipt: every block that has a hash is read again as it is stored, and all else must
read as zeroes."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.transfer import comparing
from mtv.converters.transfer.meter import Meter
from mtv.converters.transfer.readers.rate import Bucket
from mtv.converters.transfer.tables import HashTable, digest
from mtv.converters.transfer.targets.cold import open_cold
from mtv.errors import CheckFailed, MtvError
from mtv.model.receipts import DiskTable, Receipt
from mtv.model.tasks import BLOCK_BYTES
from mtv.model.volumes import Volume
from mtv.settings import settings

COPIED, HANDED_OVER = "copied", "handed_over"
Tell = Callable[[str, int, int], None]  # disk, bytes done, bytes in all


@dataclass(frozen=True, kw_only=True)
class Held:
    """One disk. `differing`: first bytes of its blocks of 1 MiB that are not what was handed over."""

    disk: str
    file: str
    size_bytes: int
    data_bytes: int
    read_back: str = ""
    differing: tuple[int, ...] = ()
    fault: str = ""
    is_read: bool = True  # False: `fault` says why it is not known what it holds


def names(part: str, disk: str) -> str:
    """A table's name in the side file."""
    return f"{part}/{disk}"


def fit(receipt: Receipt, tables: Mapping[str, HashTable]) -> None:
    """The side file's hashes are those that the receipt signs for. Raises CheckFailed `receipt.hashes`."""
    for part, told in ((COPIED, receipt.copied), (HANDED_OVER, receipt.handed_over)):
        for one in told:
            found = tables.get(names(part, one.disk))
            if found is None or found.size_bytes != one.size_bytes or found.root() != one.root:
                text = (
                    f"the hashes of disk '{one.disk}' ({part}) are not those that the receipt of '{receipt.name}' signs"
                )
                raise CheckFailed("receipt.hashes", text, "take receipt.hashes from a copy")


def hold(folder: Path, told: DiskTable, table: HashTable, tell: Tell, stopping: Callable[[], bool]) -> Held:
    """One disk of a receipt, in that folder."""
    head = Held(disk=told.disk, file=told.file, size_bytes=told.size_bytes, data_bytes=told.data_bytes)
    if told.file != Path(told.file).name:
        raise CheckFailed("receipt.path", f"the receipt names a file outside its folder: {told.file!r}")
    path = folder / told.file
    try:
        way, wrong = _differing(path, told, table, tell, stopping)
    except (MtvError, OSError) as error:
        text = error.fault.text if isinstance(error, MtvError) else f"{path}: {error.strerror}"
        return Held(**{**vars(head), "fault": text})
    return Held(**{**vars(head), "read_back": way, "differing": tuple(block * BLOCK_BYTES for block in wrong)})


def _differing(
    path: Path, told: DiskTable, table: HashTable, tell: Tell, stopping: Callable[[], bool]
) -> tuple[str, list[int]]:
    kind = "qcow2" if path.suffix == ".qcow2" else "raw"
    if kind == "raw" and path.stat().st_size != told.size_bytes:
        raise CheckFailed("verify.size", f"{path} has {path.stat().st_size} bytes, {told.size_bytes} were handed over")
    volume = Volume(id=told.file, disk=told.disk, index=0, size_bytes=told.size_bytes, format=kind, path=str(path),
                    identity="")  # fmt: skip
    meter = _Told(told.disk, tell)
    with (
        tempfile.TemporaryDirectory(prefix="mtv-verify-") as servers,
        open_cold(volume, Path(servers), settings()) as cold,
    ):
        asked = comparing.wanted(table, cold.source.extents())
        meter.begin("verify", total_bytes=sum(map(table.length, asked)))
        blocks = comparing.whole_blocks(asked, table)
        bucket = Bucket(lambda: None, stopping)
        wrong = comparing.differing(
            cold.source, blocks, lambda block, data: table.matches(block, digest(data)), bucket, stopping, meter
        )
        return cold.way, wrong


class _Told(Meter):
    """A meter that says at once what it counts."""

    def __init__(self, disk: str, tell: Tell) -> None:
        super().__init__(disk)
        self._tell = tell

    def advance(self, size_bytes: int) -> None:
        super().advance(size_bytes)
        self._tell(self.disk, self.done_bytes, self.total_bytes)
