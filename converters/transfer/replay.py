"""The operation `journal`: what a dead worker's journal says, told as that worker would have."""

from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.tables import HashTable
from mtv.converters.worker.job import Job
from mtv.model.estate import Facts, Json
from mtv.model.tasks import ROOT_SPAN_BYTES, TaskDisk


def replay(job: Job) -> Facts:
    """Facts: for each disk whether its copy is complete, and its root hash. Says every root there is."""
    return {"disks": {disk.id: _one(job, disk) for disk in job.task.disks}}


def _one(job: Job, disk: TaskDisk) -> dict[str, Json]:
    size_bytes = disk.volume.size_bytes if disk.volume else disk.size_bytes
    seen = known.read(records.path(job.scratch, disk.id), size_bytes)
    tell_roots(job, disk.id, seen.epoch.pass_ if seen.epoch else 0, seen.table)
    return {
        "complete": seen.complete,
        "root": seen.table.root() if seen.complete and not seen.stale else "",
        "data_bytes": seen.table.data_bytes,
        "pass": seen.epoch.pass_ if seen.epoch else 0,
    }


def tell_roots(job: Job, disk: str, pass_: int, table: HashTable) -> None:
    for span in table.data_spans():
        data: dict[str, Json] = {"disk": disk, "pass": pass_, "offset": span * ROOT_SPAN_BYTES}
        job.say("root", {**data, "root": table.span_root(span)})
