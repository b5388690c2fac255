"""An API server of one lease: a file, with versions as the real one counts them. It is away while a file says so."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtv.errors import Temporary
from mtv.model.tasks import Task
from mtv.providers.kubevirt.fields import Object, mapping, text
from mtv.providers.kubevirt.jobs import leases
from mtv.providers.kubevirt.jobs.leases import Lease
from mtv.providers.kubevirt.wire.answers import Status

NAME = "mtv-0123456789"
WORKER = "mtv-0000000000-transfer-1"


def task(epoch: int = 1, **more: object) -> Task:
    asked = {"run": "r-1", "vm": "s/vm-1", "name": "db", "step": "transfer", "attempt": 1, "epoch": epoch,
             "op": "transfer", "disks": (), "scratch": "/scratch"}  # fmt: skip
    return Task(**{**asked, **more})  # type: ignore[arg-type]


class Filed:
    """Has of the API what a worker asks of it."""

    def __init__(self, folder: Path) -> None:
        self.file, self.away = folder / "lease.json", folder / "away"

    def give(self, holder: str, duration_s: int = 2, epoch: int = 1) -> None:
        """As the engine does: to the next one."""
        to = Lease(holder=holder, epoch=epoch, duration_s=duration_s)
        with self._locked():
            made = leases.handed(self.read(), to) if self.file.exists() else leases.made(NAME, {}, {}, to)
            self._write(made)

    def wish(self, **control: object) -> None:
        with self._locked():
            found = self.read()
            notes = mapping(leases.wanting(control), "metadata", "annotations")  # type: ignore[arg-type]
            metadata = mapping(found, "metadata")
            self._write(
                {**found, "metadata": {**metadata, "annotations": {**mapping(metadata, "annotations"), **notes}}}
            )

    def get(self, path: str) -> Object:
        self._ask()
        return self.read()

    def replace(self, path: str, body: Object) -> Object:
        self._ask()
        with self._locked():
            if text(body, "metadata", "resourceVersion") != text(self.read(), "metadata", "resourceVersion"):
                raise Status(409, "Conflict", "the object has been modified")
            return self._write(body)

    def close(self) -> None:
        pass

    def read(self) -> Object:
        found: Object = json.loads(self.file.read_text())
        return found

    @property
    def lease(self) -> Lease:
        return leases.read(self.read())

    def _ask(self) -> None:
        if self.away.exists():
            raise Temporary("kubevirt.timeout", "it did not answer in time")
        if not self.file.exists():
            raise Status(404, "NotFound", "no such lease")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, made: Object) -> Object:
        metadata = mapping(made, "metadata")
        version = str(int(text(metadata, "resourceVersion") or 0) + 1)
        if self.file.exists():
            version = str(int(text(self.read(), "metadata", "resourceVersion")) + 1)
        kept: Object = {**made, "metadata": {**metadata, "resourceVersion": version}}
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(kept))
        new.replace(self.file)
        return kept
