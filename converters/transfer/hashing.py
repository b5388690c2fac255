"""The operation `hash`: all that a task's disks hold as it is stored, for a receipt that is held against them where no
journal is left."""

from mtv.converters.transfer import comparing
from mtv.converters.transfer.disks import Share, for_each
from mtv.converters.transfer.tables import HashTable
from mtv.converters.transfer.targets.cold import open_cold
from mtv.converters.worker.job import Job
from mtv.model.estate import Facts, Json


def hash_disks(job: Job) -> Facts:
    """Facts: for each disk its data and root hash, and how it was read. Writes nothing."""
    found = for_each(job, _hash_one)
    disks: dict[str, Json] = {
        name: {"data_bytes": table.data_bytes, "root": table.root(), "read_back": way}
        for name, (table, way) in found.items()
    }
    return {"disks": disks}


def _hash_one(share: Share) -> tuple[HashTable, str]:
    share.meter.begin("verify")
    with open_cold(share.volume, share.job.folder / "servers", share.limits) as cold:
        return comparing.table_of(cold.source, share.bucket, share.stopping, share.meter), cold.way
