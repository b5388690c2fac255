"""The operation `verify`: all disks of a task are read again as they are stored and held against their journals: the
blocks that were copied by their hashes, everything else as zeroes. After a delta, the blocks that it touched."""

from pathlib import Path

from mtv.converters.transfer import comparing, hashfile
from mtv.converters.transfer.disks import Share, for_each
from mtv.converters.transfer.extents import tidy
from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.journal.known import Bitmap, Known
from mtv.converters.transfer.journal.records import Journal, Kind, Record
from mtv.converters.transfer.tables import HashTable, digest
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.cold import Cold, open_cold
from mtv.converters.worker.job import Job
from mtv.errors import MtvError
from mtv.model.estate import Facts, Json
from mtv.model.tasks import BLOCK_BYTES

NAMED = 8  # differing blocks that are named one by one


def hashes(scratch: Path) -> Path:
    """Where the tables of a VM's verified disks lie, by disk: what a receipt's side file is made of."""
    return scratch / "copied.hashes"


def verify(job: Job) -> Facts:
    """Facts: for each disk its data and root hash, and how it was read. Raises MtvError `verify.differs`."""
    found = for_each(job, _verify_one)
    hashfile.write(hashes(job.scratch), {name: table for name, (table, _) in found.items()})
    disks: dict[str, Json] = {
        name: {"data_bytes": table.data_bytes, "root": table.root(), "read_back": way}
        for name, (table, way) in found.items()
    }
    ways = sorted({way for _, way in found.values()})
    return {"disks": disks, "read_back": "; ".join(ways), "hashes": str(hashes(job.scratch))}


def _verify_one(share: Share) -> tuple[HashTable, str]:
    scratch, disk = share.job.scratch, share.disk.id
    seen = known.complete(scratch, disk, share.volume.size_bytes)
    looks = raw.looks(share.volume)
    fresh: dict[int, bytes] = {}

    def same(block: int, data: memoryview) -> bool:
        if block in seen.stale:
            fresh[block] = digest(data)  # the rest of the block was verified before the delta
        return seen.same(block, data)

    with open_cold(share.volume, share.job.folder / "servers", share.limits) as cold:
        asked = _asked(share, seen, cold)
        share.meter.begin("verify", total_bytes=sum(map(seen.table.length, asked)))
        found = comparing.whole_blocks(asked, seen.table)
        wrong = comparing.differing(cold.source, found, same, share.bucket, share.stopping, share.meter)
    if wrong:
        _append(share, seen, [_lost(share, seen, block) for block in wrong])
        raise MtvError("verify.differs", f"{share.volume.path} differs from its source in {places(wrong)}",
                       "look after the target's storage, then `mtv retry` copies what differs")  # fmt: skip
    if share.disk.extents is None or looks == seen.closed:
        _write_down(share, seen, fresh, looks)
    return seen.table, cold.way


def _asked(share: Share, seen: Known, cold: Cold) -> Bitmap:
    """All that can be other than a hole; of a delta, what it touched."""
    if share.disk.extents is None:
        return comparing.wanted(seen.table, cold.source.extents(), seen.stale)
    found = Bitmap(seen.table.blocks)
    for block in seen.stale:
        found.add(block)
    for offset, length in tidy(share.disk.extents, seen.size_bytes):
        for block in range(offset // BLOCK_BYTES, -(-(offset + length) // BLOCK_BYTES)):
            found.add(block)
    return found


def _lost(share: Share, seen: Known, block: int) -> Record:
    """The next transfer is not to trust what this one's journal said of that block."""
    return Record(Kind.LOST, share.job.task.pass_, block * BLOCK_BYTES, seen.table.length(block))


def _write_down(share: Share, seen: Known, fresh: dict[int, bytes], looks: str) -> None:
    """The whole hashes of what a delta touched, and that this is how the target looks."""
    pass_ = share.job.task.pass_
    rows = [
        Record(Kind.BLOCK, pass_, block * BLOCK_BYTES, seen.table.length(block), found)
        for block, found in sorted(fresh.items())
    ]
    _append(share, seen, [*rows, Record(Kind.CLOSE, pass_, 0, 0, note={"looks": looks})])


def _append(share: Share, seen: Known, rows: list[Record]) -> None:
    book = Journal(records.path(share.job.scratch, share.disk.id), seen.end)
    try:
        book.append(rows)
    finally:
        book.close()
    for record in rows:
        seen.apply(record)


def places(blocks: list[int]) -> str:
    named = ", ".join(str(block * BLOCK_BYTES) for block in blocks[:NAMED])
    more = f" and {len(blocks) - NAMED} more" if len(blocks) > NAMED else ""
    return f"{len(blocks)} of its blocks of 1 MiB, at byte {named}{more}"
