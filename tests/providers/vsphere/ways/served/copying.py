"""One disk that another program serves, copied by a whole transfer in this process."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtv.converters.transfer.transfer import transfer
from mtv.converters.worker.job import Job
from mtv.model.estate import Json
from mtv.model.points import Export
from mtv.model.reading import Opener
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import Volume

PASSWORD = b"a long, secret = word"


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def scattered(path: Path, size_bytes: int) -> Path:
    """Data here and there, holes between, and the last sector used."""
    draw = random.Random(7)
    with path.open("wb") as file:
        file.truncate(size_bytes)
        for offset in range(0, size_bytes - (1 << 20), 3 << 20):
            file.seek(offset + 4096 * draw.randrange(20))
            file.write(draw.randbytes(700_000))
        file.seek(size_bytes - 512)
        file.write(draw.randbytes(512))
    return path


@dataclass
class Copy:
    folder: Path
    source: Path
    export: Export
    opener: Opener
    password: bytes = PASSWORD
    rate_bytes_per_s: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # by disk
    events: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)

    @property
    def target(self) -> Path:
        return self.folder / "target.raw"

    @property
    def secrets(self) -> Path:
        """The worker's folder of secrets, as it is handed it."""
        folder = self.folder / "task/secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "copy-password").write_bytes(self.password)
        return folder

    def go(self) -> None:
        size = self.source.stat().st_size
        self.folder.mkdir(exist_ok=True)
        with self.target.open("wb") as file:
            file.truncate(size)
        volume = Volume(id="v", disk="d", index=0, size_bytes=size, format="raw", path=str(self.target),
                        identity="a test's", zeroed=True)  # fmt: skip
        disk = TaskDisk(id="d", size_bytes=size, export=self.export, volume=volume)
        task = Task(run="r", vm="vc/vm-1", name="db01", step="transfer", attempt=1, epoch=1, op="transfer",
                    disks=(disk,), scratch=str(self.folder))  # fmt: skip
        told = transfer(Job(
            task=task, folder=self.secrets.parent, scratch=self.folder, openers={self.export.way: self.opener},
            checks={}, say=lambda kind, data: self.events.append((kind, data)), stopping=lambda: False,
            rate_bytes_per_s=lambda: self.rate_bytes_per_s,
        ))  # fmt: skip
        self.facts = told["disks"]  # type: ignore[assignment]

    @property
    def scratch(self) -> Path:
        """Where the opener works."""
        return self.folder / "task/open/0"

    @property
    def said(self) -> str:
        return (self.scratch / "nbdkit.log").read_text()

    @property
    def warnings(self) -> list[str]:
        return [str(data["text"]) for kind, data in self.events if kind == "log"]

    def is_equal(self) -> bool:
        return digest(self.source) == digest(self.target)
