"""The operation `inspect`: what is on a VM's disks, and what conversion would do, without a byte written to them. All
writing happens on overlays, which stay for a conversion of the same bytes."""

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mtv.converters.guest import looking
from mtv.converters.guest.change import overlays, sealing
from mtv.converters.transfer.journal.known import source_of
from mtv.converters.transfer.readers import nbd as reading
from mtv.converters.worker.job import Job
from mtv.errors import CheckFailed, MtvError
from mtv.model.estate import Facts, Json
from mtv.model.reading import NbdServer
from mtv.model.tasks import TaskDisk

FOLDER = "guest"  # in the scratch folder
SEEN = "inspection.json"


def inspect(job: Job) -> Facts:
    """Facts: guest, conversion (mode, reasons, refusals), network (diff), concerns. Raises CheckFailed
    `source.cannot-serve` where the disks cannot be read in any order."""
    started = time.monotonic()
    folder, what = _fresh(job), looking.wanted(job)
    job.say("progress", {"phase": "inspect"})
    with ExitStack() as servers:
        sources = [_source(job, disk, servers) for disk in job.task.disks]
        files = [_over(job, disk, source, folder / f"seen-{n}.qcow2")
                 for n, (disk, source) in enumerate(zip(job.task.disks, sources, strict=True))]  # fmt: skip
        with _served(sources):
            looked = looking.look(files, what, job.scratch)
    seconds: dict[str, Json] = {"inspect": round(time.monotonic() - started, 1)}
    if looked.decision.refusals or looked.decision.mode == "none":
        _drop(files)
    looking.save(folder / SEEN, {**looking.told(looked), "disks": _seen(job, files), "seconds": seconds})
    return {**looking.fitting(looked), "seconds": seconds}


def _fresh(job: Job) -> Path:
    folder = job.scratch / FOLDER
    if sealing.read(folder):
        text = f"{job.task.name}: its disks were converted already, or half: {folder / sealing.STATE} says so"
        raise MtvError("inspect.converted", text, "finish that run, or `mtv cancel` it")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def _source(job: Job, disk: TaskDisk, servers: ExitStack) -> NbdServer | None:
    """What serves that disk as long as `servers` are open; None for one that is a file at the target."""
    if disk.export is None:
        return None
    opener = job.openers.get(disk.export.way)
    if opener is None:
        raise MtvError("source.way", f"{job.task.name}: disk {disk.id} is read by '{disk.export.way}', not known here")
    opened = servers.enter_context(opener(disk.export, job.scratch, job.folder / "secrets", serve=True))
    if not isinstance(opened, NbdServer):
        raise CheckFailed("source.cannot-serve", f"{job.task.name}: disk {disk.id} cannot be read in any order")
    return opened


def _over(job: Job, disk: TaskDisk, source: NbdServer | None, overlay: Path) -> Path:
    if source:
        overlays.create(overlay, source.uri, "raw", disk.size_bytes)
    elif disk.volume:
        overlays.create(overlay, disk.volume.path, overlays.image_format(disk.volume), disk.size_bytes)
    else:
        raise MtvError("inspect.nothing", f"{job.task.name}: disk {disk.id} has nothing to be read from")
    return overlay


@contextmanager
def _served(sources: Sequence[NbdServer | None]) -> Iterator[None]:
    """What was seen, or not seen, through a server that has died meanwhile is no finding about its guest. Raises
    Temporary `source.connect`."""
    try:
        yield
    finally:
        for source in sources:
            if source:
                with reading.connection(source):
                    pass


def _drop(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _seen(job: Job, files: Sequence[Path]) -> dict[str, Json]:
    """Which bytes lie under each overlay that is kept."""
    return {
        disk.id: {"overlay": file.name, "identity": source_of(disk.export) if disk.export else ""}
        for disk, file in zip(job.task.disks, files, strict=True)
    }
