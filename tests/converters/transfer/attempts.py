"""Attempts of a copy that end half way, and what their journal holds then."""

import pytest

from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.meter import Meter
from mtv.errors import Cancelled
from mtv.model.tasks import BLOCK_BYTES
from tests.converters.transfer.disks import Disk


def stop_after(disk: Disk, monkeypatch: pytest.MonkeyPatch, size_bytes: int) -> None:
    """An attempt that is told to stop when it has read so much."""
    meters = list[Meter]()
    made = Meter.__init__

    def watched(meter: Meter, name: str, phase: str = "copy") -> None:
        made(meter, name, phase)
        meters.append(meter)

    with monkeypatch.context() as patch:
        patch.setattr(Meter, "__init__", watched)
        disk.stopping = lambda: any(meter.read_bytes >= size_bytes for meter in meters)
        with pytest.raises(Cancelled, match=r"ledger: disk disk-0"):
            disk.transfer(zeroed=True)
    disk.stopping = lambda: False


def journalled(disk: Disk) -> set[int]:
    seen = known.read(records.path(disk.folder, "disk-0"), disk.size_bytes)
    return set(seen.done)


def blocks_told(disk: Disk) -> list[int]:
    """Blocks in the order in which the journal has them."""
    with records.path(disk.folder, "disk-0").open("rb") as file:
        rows = [row for row, _ in records.decode(file)]
    return [row.offset // BLOCK_BYTES for row in rows if row.kind is records.Kind.BLOCK]
