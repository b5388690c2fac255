"""VMs of the tests' vCenter, read by a whole transfer in this process."""

import hashlib
import random
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mtv.converters.transfer.transfer import transfer
from mtv.converters.worker.job import Job
from mtv.model.estate import VM, Entity, Facts, Json
from mtv.model.points import Export, Point
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import Volume
from mtv.providers.vsphere.reading.inventory import Inventory
from mtv.providers.vsphere.reading.survey import survey
from mtv.providers.vsphere.ways.exports import SECRET, Ways
from mtv.providers.vsphere.ways.openers import OPENERS
from mtv.providers.vsphere.wire.session import Session
from tests.providers.vsphere.opening import OPEN, session_of, source_of
from tests.vcenter.machines import MIB, Wish, fill, make, root
from tests.vcenter.server import ADMIN, PASSWORDS, VCenter


def content(path: Path, size_bytes: int, seed: int = 1) -> Path:
    """Data in the beginning, in the middle and in the last bytes, holes and written zeroes between."""
    draw = random.Random(seed)
    with path.open("wb") as file:
        file.truncate(size_bytes)
        for offset in range(0, size_bytes, 4 * MIB):
            file.seek(offset + draw.randrange(100_000))
            file.write(draw.randbytes(draw.randrange(MIB)) + bytes(70_000))
        file.seek(size_bytes - 512)
        file.write(draw.randbytes(512))
        file.truncate(size_bytes)
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Move:
    """One VM on its way: `exports` as the engine makes them, `go` as a worker takes them."""

    vc: VCenter
    vm: VM
    around: Sequence[Entity]
    folder: Path
    ways: Ways
    user: str
    session: Session
    way: str = ""
    stopping: Callable[[], bool] = lambda: False  # noqa: E731
    events: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)

    def point(self, snapshot: str = "") -> Point:
        tokens = {"snapshot": snapshot, **{one.key: one.path for one in self.vm.disks}}
        return Point(id="mtv-run-1", vm=self.vm.id, identity=self.vm.revision, tokens=tokens)

    def export(self, number: int = 0, **params: Json) -> Export:
        disk = self.vm.disks[number]
        way = self.way or self.ways.choose(self.vm, self.vm.disks, self.around)
        made = self.ways.export(self.point(), disk, self.vm, self.around, way)
        return replace(made, params={**made.params, **params})

    def target(self, number: int = 0) -> Path:
        return self.folder / f"target-{number}.raw"

    def go(self, zeroed: bool = True, **params: Json) -> Facts:
        """Facts of the transfer of all disks."""
        disks = tuple(self._disk(number, zeroed, params) for number in range(len(self.vm.disks)))
        task = Task(run="r", vm=self.vm.key, name=self.vm.name, step="transfer", attempt=1, epoch=1, op="transfer",
                    disks=disks, scratch=str(self.folder))  # fmt: skip
        secrets = self.folder / "task/secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        (secrets / SECRET).write_bytes(PASSWORDS[self.user].encode())
        return transfer(Job(
            task=task, folder=self.folder / "task", scratch=self.folder, openers=OPENERS, checks={},
            say=lambda kind, data: self.events.append((kind, data)), stopping=self.stopping,
            rate_bytes_per_s=lambda: None,
        ))  # fmt: skip

    def _disk(self, number: int, zeroed: bool, params: Mapping[str, Json]) -> TaskDisk:
        disk, target = self.vm.disks[number], self.target(number)
        if zeroed or not target.exists():
            target.unlink(missing_ok=True)
            target.touch()
            with target.open("r+b") as file:
                file.truncate(disk.size_bytes)
        volume = Volume(id=f"v{number}", disk=disk.key, index=number, size_bytes=disk.size_bytes, format="raw",
                        path=str(target), identity=f"made by a test {number}", zeroed=zeroed)  # fmt: skip
        return TaskDisk(id=disk.key, size_bytes=disk.size_bytes, export=self.export(number, **params), volume=volume)

    def is_equal(self) -> bool:
        return all(digest(one.path) == digest(self.target(number))
                   for number, one in enumerate(self.vc.disks(self.vm.id)))  # fmt: skip

    @property
    def warnings(self) -> list[str]:
        return [str(data["text"]) for kind, data in self.events if kind == "log"]


def moving(vc: VCenter, service: Any, folder: Path, wish: Wish, user: str = ADMIN) -> Move:
    """That VM, made and filled; `user` is the copy account."""
    for store in set(wish.datastores[1:]):  # the simulator makes no folder but the VM's own
        service.content.fileManager.MakeDirectory(f"[{store}] {wish.name}", root(service), True)
    made = make(service, wish)
    if wish.disks:
        fill(vc, made._moId, *(content(folder / f"source-{n}.raw", size, n) for n, size in enumerate(wish.disks)))
        for disk in vc.disks(made._moId):
            subprocess.run(["fallocate", "--dig-holes", disk.path], check=True)
    return of(vc, made._moId, folder, user)


def of(vc: VCenter, id_: str, folder: Path, user: str = ADMIN) -> Move:
    source = source_of(vc, copy_user=user)
    control = session_of(vc)
    vm, parts = Inventory(control, "vc").vm(id_), survey(control, "vc").parts
    OPEN.append(source.copier)
    return Move(vc, vm, parts, folder, Ways(source.session, source.copier, source.login), user, control)
