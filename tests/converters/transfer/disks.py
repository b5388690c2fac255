"""Small disks for the tests of the data path: real files, jobs run in this process."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mtv.converters.transfer.transfer import transfer
from mtv.converters.transfer.verify import verify
from mtv.converters.worker.job import Job
from mtv.model.estate import Facts, Json
from mtv.model.points import Export, Extent
from mtv.model.reading import Opener, SourceCheck
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import Volume
from tests.converters.transfer import sources

MIB = 1 << 20


def fill(path: Path, size_bytes: int, data: Mapping[int, bytes]) -> Path:
    """A sparse file with that data."""
    with path.open("wb") as file:
        file.truncate(size_bytes)
        for offset, piece in data.items():
            file.seek(offset)
            file.write(piece)
    return path


def scattered(size_bytes: int, seed: int) -> dict[int, bytes]:
    """Random pieces of 4 KiB to 300 KiB over about half of a disk, some of them zeroes that are allocated."""
    draw, found, offset = random.Random(seed), dict[int, bytes](), 0
    while offset < size_bytes:
        length = min(draw.randrange(1, 75) * 4096, size_bytes - offset)
        if draw.random() < 0.5:
            found[offset] = bytes(length) if draw.random() < 0.1 else draw.randbytes(length)
        offset += length
    return found


@dataclass
class Disk:
    """One source, one target, one scratch folder."""

    folder: Path
    source: Path
    target: Path
    way: str = "test.file"
    form: str = "raw"
    options: dict[str, str] = field(default_factory=dict)
    openers: Mapping[str, Opener] = field(default_factory=lambda: sources.OPENERS)
    checks: Mapping[str, SourceCheck] = field(default_factory=dict)
    stopping: Callable[[], bool] = lambda: False  # noqa: E731
    rate: int | None = None
    events: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return self.source.stat().st_size

    def export(self) -> Export:
        return sources.export(self.source, self.way, **self.options)

    def volume(self, zeroed: bool) -> Volume:
        return Volume(
            id="v", disk="disk-0", index=0, size_bytes=self.size_bytes, format=self.form, path=str(self.target),
            identity="made by a test", zeroed=zeroed,
        )  # fmt: skip

    def job(
        self, op: str, *, zeroed: bool = False, pass_: int = 0, extents: tuple[Extent, ...] | None = None,
        export: Export | None = None,
    ) -> Job:  # fmt: skip
        disk = TaskDisk(
            id="disk-0", size_bytes=self.size_bytes, volume=self.volume(zeroed), extents=extents,
            export=(export or self.export()) if op == "transfer" else None,
        )  # fmt: skip
        task = Task(
            run="run-1", vm="s/1", name="ledger", step=op, attempt=1, epoch=1, disks=(disk,), pass_=pass_,
            op="verify" if op == "verify" else "transfer", scratch=str(self.folder),
        )  # fmt: skip
        return Job(
            task=task, folder=self.folder / "task", scratch=self.folder, openers=self.openers, checks=self.checks,
            say=lambda kind, data: self.events.append((kind, data)), stopping=self.stopping,
            rate_bytes_per_s=lambda: self.rate,
        )  # fmt: skip

    def transfer(self, **how: object) -> Mapping[str, Json]:
        """The facts of its one disk."""
        return _facts(transfer(self.job("transfer", **how)))  # type: ignore[arg-type]

    def verify(self, **how: object) -> Mapping[str, Json]:
        return _facts(verify(self.job("verify", **how)))  # type: ignore[arg-type]

    def is_equal(self) -> bool:
        return self.source.read_bytes() == self.target.read_bytes()[: self.size_bytes]


def _facts(found: Facts) -> Mapping[str, Json]:
    disks = found["disks"]
    assert isinstance(disks, dict)
    one = disks["disk-0"]
    assert isinstance(one, dict)
    return one


def allocated(path: Path) -> int:
    return path.stat().st_blocks * 512
