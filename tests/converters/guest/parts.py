"""What tests of inspection and conversion need: a job over plain files, and a copy that counts as verified."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mtv import codec
from mtv.converters.guest import looking
from mtv.converters.guest.change import overlays
from mtv.converters.guest.inspect import FOLDER, SEEN
from mtv.converters.transfer import hashfile
from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.known import Epoch, source_of
from mtv.converters.transfer.journal.records import Journal, Kind, Record
from mtv.converters.transfer.tables import HashTable, digest
from mtv.converters.transfer.verify import hashes
from mtv.converters.worker.job import Job
from mtv.model.estate import VM, Disk, Json, Nic
from mtv.model.plans import GuestChoice, NicChoice
from mtv.model.points import Export
from mtv.model.reading import NbdServer
from mtv.model.tasks import BLOCK_BYTES, Op, Task, TaskDisk
from mtv.model.volumes import Volume
from mtv.process import running, wait_for_path

VM_KEY = "test/1"


@contextmanager
def serve_raw(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[NbdServer]:
    """An opener of plain raw files."""
    socket = scratch / f"{export.id}.sock"
    argv = ["qemu-nbd", "-r", "-t", "-f", "raw", "-e", "4", "-k", str(socket), str(export.params["path"])]
    with running(argv) as child:
        wait_for_path(socket, child)
        yield NbdServer(f"nbd+unix:///?socket={socket}")


def vm_of(sizes: Sequence[int], nics: tuple[Nic, ...] = ()) -> VM:
    disks = tuple(Disk(key=f"disk{n}", size_bytes=size, unit=n) for n, size in enumerate(sizes))
    return VM(source="test", id="1", name="guest1", memory_bytes=1 << 30, disks=disks, nics=nics)


def asked(vm: VM, choice: GuestChoice | None = None) -> dict[str, Json]:
    """A task's own part for inspect and convert."""
    nics = [codec.dump(NicChoice(nic=nic.key, to="pod")) for nic in vm.nics]
    return {"vm": codec.dump(vm), "choice": codec.dump(choice or GuestChoice()), "nics": list(nics)}


class Bench:
    """A source of raw files, a target of raw copies, and the jobs between them."""

    def __init__(
        self, folder: Path, sources: Sequence[Path], nics: tuple[Nic, ...] = (), image_format: str = "raw"
    ) -> None:
        self.folder, self.sources, self.format = folder, list(sources), image_format
        self.scratch = folder / "scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.vm = vm_of([source.stat().st_size for source in sources], nics)
        self.said: list[tuple[str, Mapping[str, Json]]] = []
        self.stop = False

    def export(self, n: int) -> Export:
        source = self.sources[n]
        return Export(
            id=f"e{n}",
            kind="random",
            way="raw",
            size_bytes=source.stat().st_size,
            identity=f"{source.name} {source.stat().st_mtime_ns}",
            params={"path": str(source)},
            paths=(str(source),),
        )

    def volume(self, n: int) -> Volume:
        return Volume(
            id=f"v{n}",
            disk=f"disk{n}",
            index=n,
            size_bytes=self.sources[n].stat().st_size,
            format=self.format,
            path=str(self.folder / f"disk{n}.{self.format}"),
            identity="t",
        )

    def job(self, op: Op, choice: GuestChoice | None = None) -> Job:
        folder = self.folder / f"job-{op}-{len(self.said)}"
        folder.mkdir(parents=True, exist_ok=True)
        disks = tuple(
            TaskDisk(
                id=f"disk{n}",
                size_bytes=source.stat().st_size,
                export=self.export(n) if op == "inspect" else None,
                volume=self.volume(n) if op != "inspect" else None,
            )
            for n, source in enumerate(self.sources)
        )
        task = Task(
            run="r-1", vm=VM_KEY, name="guest1", step=op, attempt=1, epoch=1, op=op, disks=disks,
            guest=asked(self.vm, choice), scratch=str(self.scratch),
        )  # fmt: skip
        return Job(
            task=task, folder=folder, scratch=self.scratch, openers={"raw": serve_raw}, checks={},
            say=lambda kind, data: self.said.append((kind, data)), stopping=lambda: self.stop,
            rate_bytes_per_s=lambda: None,
        )  # fmt: skip

    def copy(self) -> None:
        """What transfer and verify would leave."""
        tables = {}
        for n, source in enumerate(self.sources):
            volume = self.volume(n)
            self.restore(n)
            tables[volume.disk] = table = table_of(source)
            epoch = Epoch(pass_=0, source=source_of(self.export(n)), target=volume.identity, mode="fresh")
            book = Journal(records.path(self.scratch, volume.disk), 0)
            book.append([epoch.record(), Record(Kind.SEAL, 0, 0, 0, note={})])
            book.close()
            assert table.size_bytes == volume.size_bytes
        hashfile.write(hashes(self.scratch), tables)

    def restore(self, n: int) -> None:
        """The copy of that disk equals its source again."""
        argv = ["qemu-img", "convert", "-f", "raw", "-O", self.format, str(self.sources[n]), self.volume(n).path]
        subprocess.run(argv, check=True)

    def contents(self) -> list[bytes]:
        """What the copies read as now."""
        return [self._content(n) for n in range(len(self.sources))]

    def _content(self, n: int) -> bytes:
        if self.format == "raw":
            return Path(self.volume(n).path).read_bytes()
        plain = self.folder / f"plain{n}"
        argv = ["qemu-img", "convert", "-f", self.format, "-O", "raw", self.volume(n).path, str(plain)]
        subprocess.run(argv, check=True)
        return plain.read_bytes()

    def inspected(self, writes: Mapping[int, Sequence[str]], mode: str = "network") -> None:
        """What an inspection would leave that wrote so much into its overlays: qemu-io's commands by disk."""
        folder = self.scratch / FOLDER
        folder.mkdir(exist_ok=True)
        disks: dict[str, Json] = {}
        for n, source in enumerate(self.sources):
            overlay = folder / f"seen-{n}.qcow2"
            overlays.create(overlay, str(source), "raw", source.stat().st_size)
            for command in writes.get(n, ()):
                subprocess.run(["qemu-io", "-f", "qcow2", "-c", command, str(overlay)], check=True, capture_output=True)
            disks[f"disk{n}"] = {"overlay": overlay.name, "identity": source_of(self.export(n))}
        conversion: dict[str, Json] = {"mode": mode, "reasons": [], "refusals": [], "codes": []}
        looking.save(folder / SEEN, {"guest": {"hostname": "guest1"}, "conversion": conversion, "disks": disks})

    def states(self) -> list[str]:
        """What was sealed, in order."""
        return [str(data["state"]) for kind, data in self.said if kind == "sealed"]


def table_of(path: Path) -> HashTable:
    table = HashTable(path.stat().st_size)
    with path.open("rb") as file:
        for block in range(table.blocks):
            table.put(block, digest(file.read(BLOCK_BYTES)))
    return table


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
