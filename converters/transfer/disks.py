"""The disks of one task: some at a time, told about each second, and all ended by the first that fails."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from mtv import codec
from mtv.converters.transfer.meter import Meter
from mtv.converters.transfer.readers.rate import Bucket
from mtv.converters.worker.job import Job
from mtv.errors import Cancelled, MtvError
from mtv.model.tasks import TaskDisk
from mtv.model.volumes import Volume
from mtv.settings import Settings, settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Share:
    """One disk, and what all disks of the task share."""

    job: Job
    disk: TaskDisk
    volume: Volume
    bucket: Bucket
    meter: Meter
    limits: Settings
    stopping: Callable[[], bool]


class _Talk:
    """Says the progress of all disks each second, and once more at the end."""

    def __init__(self, job: Job, meters: list[Meter], every_s: float) -> None:
        self._job = job
        self._meters = meters
        self._every_s = every_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._say()

    def _run(self) -> None:
        while not self._end.wait(self._every_s):
            self._say()

    def _say(self) -> None:
        for meter in self._meters:
            self._job.say("progress", codec.dump(meter.progress))


def for_each(job: Job, work: Callable[[Share], T]) -> Mapping[str, T]:
    """What that work gave for each disk. Raises the first failure, with the VM and the disk named."""
    limits = settings()
    failed = threading.Event()
    meters = {disk.id: Meter(disk.id) for disk in job.task.disks}

    def stopping() -> bool:
        return failed.is_set() or job.stopping()

    bucket = Bucket(job.rate_bytes_per_s, stopping)

    def one(disk: TaskDisk) -> T:
        try:
            return work(
                Share(
                    job=job, disk=disk, volume=volume_of(job, disk), bucket=bucket, meter=meters[disk.id],
                    limits=limits, stopping=stopping,
                )
            )  # fmt: skip
        except BaseException as error:
            failed.set()
            if isinstance(error, MtvError):
                raise named(error, job, disk) from error
            raise

    with _Talk(job, list(meters.values()), limits.progress_s), ThreadPoolExecutor(limits.disks) as pool:
        futures = [(disk.id, pool.submit(one, disk)) for disk in job.task.disks]
        return _results(futures)


def _results(futures: list[tuple[str, Future[T]]]) -> Mapping[str, T]:
    """All of them, or the error that was there first: those that were only told to stop because of it do not count."""
    errors = [error for _, future in futures if (error := future.exception())]
    if errors:
        raise next((error for error in errors if not isinstance(error, Cancelled)), errors[0])
    return {name: future.result() for name, future in futures}


def volume_of(job: Job, disk: TaskDisk) -> Volume:
    if disk.volume is None:
        raise MtvError("worker.task", f"no volume is named to {job.task.op} it to")
    return disk.volume


def named(error: MtvError, job: Job, disk: TaskDisk) -> MtvError:
    """The same failure, saying whose it is."""
    fault = error.fault
    return type(error)(fault.code, f"{job.task.name}: disk {disk.id}: {fault.text}", fault.hint)
