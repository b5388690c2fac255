"""A real move as a user makes it: a package of disks, a plan, `mtv` as a program; and what it must not leave behind."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mtv import process
from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.records import Kind
from mtv.converters.transfer.tables import HashTable, digest
from mtv.errors import Refused
from mtv.model.outcomes import Mark, Row
from mtv.settings import settings
from mtv.store import reading
from mtv.store.records import read_migrations, read_rows
from tests.e2e import looks as stand_ins
from tests.e2e import slow
from tests.providers.ova import builders

MIB = 1 << 20
PATIENCE_S = 60.0
LOOK_S = 0.002


class Impatient(AssertionError):
    """It did not come about in time."""


def until(what: str, seen: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not seen():
        if time.monotonic() > deadline:
            raise Impatient(what)
        time.sleep(LOOK_S)


def fill(path: Path, mib: int, seed: int, holds: Callable[[int], bool] = lambda number: number % 4 != 3) -> Path:
    """A raw disk whose MiBs are random or holes."""
    draw = random.Random(seed)
    with path.open("wb") as file:
        file.truncate(mib * MIB)
        for number in range(mib):
            if holds(number):
                file.seek(number * MIB)
                file.write(draw.randbytes(MIB))
    return path


def data_bytes(disk: int | Path) -> int:
    return disk.stat().st_blocks * 512 if isinstance(disk, Path) else (disk - disk // 4) * MIB


class Yard:
    """`disks` are sizes in MiB, or raw disks of a guest. `image` and `to` are formats at the source and the target."""

    def __init__(
        self, folder: Path, disks: Sequence[int | Path] = (32,), *, image: str = "raw", to: str = "raw",
        kind: str = "ova", manifest: bool = False, nbdkit: str = "", looks: bool = False, **keys: str,
    ) -> None:  # fmt: skip
        self.folder, self.disks, self.image, self.to = folder, list(disks), image, to
        self.mounts = mounted(folder)  # a test's own
        self.package = folder / "exports" / "web"
        self.package.mkdir(parents=True)
        self.tmp = folder / "tmp"
        self.tmp.mkdir()
        self.data_bytes = sum(map(data_bytes, disks))
        self.raws = [self._disk(number, disk) for number, disk in enumerate(disks, 1)]
        self._describe(manifest)
        tools = f"{stand_ins.install(folder / 'tools')}:" if looks else ""
        self.env = {
            "PATH": f"{tools}{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder),
            "LANG": "C.UTF-8", "MTV_DATA": str(folder / "data"), "MTV_CACHE": str(settings().cache),
            "TMPDIR": str(self.tmp), "PYTHONPATH": slow.install(folder / "stranger", looks), slow.OPTIONS: nbdkit,
        }  # fmt: skip
        self.plan(source=f"{kind}:exports", **keys)

    def _disk(self, number: int, disk: int | Path) -> Path:
        raw = disk if isinstance(disk, Path) else fill(self.folder / f"raw{number}.raw", disk, seed=number)
        place = self.package / f"web-disk{number}.{self.image}"
        if self.image == "raw":
            subprocess.run(["cp", "--sparse=always", raw, place], check=True)
        else:
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", self.image, raw, place], check=True)
        return raw

    def _describe(self, manifest: bool) -> None:
        numbers = range(1, len(self.disks) + 1)
        form = "raw" if self.image == "raw" else builders.QCOW2
        ovf = builders.Vmware(
            files="".join(builders.file(f"web-disk{n}.{self.image}", n) for n in numbers),
            disks="".join(builders.disk(n, capacity=self.raws[n - 1].stat().st_size, format_=form) for n in numbers),
            hardware=builders.CPU + builders.MEMORY + builders.SCSI + builders.NIC
            + "".join(builders.drive(f"vmdisk{n}", unit=n - 1, number=20 + n) for n in numbers),
        )  # fmt: skip
        (self.package / "web.ovf").write_text(ovf.text())
        if manifest:
            self.write_manifest()

    def write_manifest(self) -> None:
        lines = [
            f"SHA256({file.name})= {hashlib.sha256(file.read_bytes()).hexdigest()}\n"
            for file in sorted(self.package.iterdir()) if file.suffix != ".mf"
        ]  # fmt: skip
        (self.package / "web.mf").write_text("".join(lines))

    def plan(self, **keys: str) -> None:
        told = {
            "apiVersion": "mtv/v1", "name": "wave", "target": "bundle:out", "vms": "[web]",
            "networks": '[{from: "*", to: pod}]', "storage": f'[{{from: "*", to: {self.to}}}]',
            "guest": "{conversion: none}", **keys,
        }  # fmt: skip
        (self.folder / "plan.yaml").write_text("".join(f"{key}: {value}\n" for key, value in told.items()))

    # What is done

    def start(self, *words: str) -> "Move":
        words = words or ("run", "plan.yaml")
        said = self.folder / f"said-{len(list(self.folder.glob('said-*')))}"
        with said.open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "mtv", *words], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return Move(child, said)

    def mtv(self, *words: str, code: int = 0) -> str:
        """One command to its end. Gives all that it said."""
        move = self.start(*words)
        assert move.wait() == code, move.said()
        return move.said()

    def run(self, code: int = 0) -> str:
        return self.mtv("run", "plan.yaml", code=code)

    # What is seen

    @property
    def target(self) -> Path:
        return self.folder / "out" / "web"

    @property
    def scratch(self) -> Path:
        return self.folder / "out" / ".mtv" / "runs" / "wave-1" / "web"

    def disk(self, number: int = 0) -> Path:
        return self.target / f"disk{number}.{self.to}"

    def reached(self) -> float:
        """How much of the data the target has room for by now: 0 to 1."""
        found = 0
        for path in self.target.glob(f"disk*.{self.to}"):
            found += path.stat().st_blocks * 512
        return found / self.data_bytes

    def contents(self) -> list[str]:
        """A hash of each target disk as a guest would read it."""
        return [self._hash(self.disk(n), self.to) for n in range(len(self.disks))]

    def wanted(self) -> list[str]:
        return [self._hash(raw, "raw") for raw in self.raws]

    def _hash(self, path: Path, form: str) -> str:
        if form != "raw":
            raw = self.folder / "read.raw"
            subprocess.run(["qemu-img", "convert", "-f", form, "-O", "raw", path, raw], check=True)
            path = raw
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def journal(self) -> list[tuple[Kind, int, int]]:
        """All rows of all disks' journals: kind, disk, offset."""
        found = []
        for number, path in enumerate(sorted(self.scratch.glob("journal/*.journal"))):
            with path.open("rb") as file:
                found += [(record.kind, number, record.offset) for record, _ in records.decode(file)]
        return found

    def journaled_bytes(self) -> int:
        """What the journals say is at the target."""
        return len(held(self.journal())[0]) * MIB

    def rows(self) -> list[Row]:
        """Of the run, as far as there are any."""
        return rows_of(self.folder / "data", "wave-1")

    def state(self) -> str:
        with closing(reading.connect(self.folder / "data" / "store.db")) as found:
            return read_migrations(found, "wave-1")[0].state

    def facts(self, step: str) -> dict[str, object]:
        """Of the last time that it was done."""
        done = [row for row in self.rows() if row.step == step and row.mark is Mark.DONE and not row.undo]
        return dict(done[-1].facts)

    def copied(self) -> dict[str, str]:
        """The roots of the receipt's first table, by disk."""
        receipt = json.loads((self.target / "receipt.json").read_text())
        return {table["disk"]: table["root"] for table in receipt["copied"]}

    def sources(self) -> dict[str, HashTable]:
        """What an undisturbed copy of each disk has in its table, from what the source holds."""
        return {f"vmdisk{number}": table_of(raw) for number, raw in enumerate(self.raws, 1)}

    def ended_well(self) -> None:
        """Done, with what the source held, and nothing else left."""
        assert self.state() == "done"
        assert self.contents() == self.wanted()
        left = self.left_behind()
        assert left == [], left

    def alive(self) -> list[str]:
        """Processes, locks and mounts: nothing of them outlives its engine, however that ended."""
        return [
            *(f"process {pid}: {words}" for pid, words in processes(self.env["MTV_DATA"])),
            *(f"lock {path}" for path in locked(self.folder)),
            *(f"mount {path}" for path in mounted(self.folder) - self.mounts),
        ]

    def left_behind(self) -> list[str]:
        """The same, and files that should be gone. Logs and the store stay, and are no leftovers."""
        return [
            *self.alive(),
            *map(str, self.tmp.iterdir()),
            *(str(path) for path in self.folder.glob("out/.mtv/**/*")),
            *(str(path) for path in self.target.glob("*") if path.name not in self._expected()),
            *(str(path) for path in self.package.iterdir() if not path.name.startswith("web")),
        ]

    def _expected(self) -> set[str]:
        disks = {f"disk{n}.{self.to}" for n in range(len(self.disks))}
        return {"README.txt", "receipt.hashes", "receipt.json", "vm.yaml", *disks}


def rows_of(data: Path, run: str) -> list[Row]:
    """Of a run's first migration, as far as there are any; `data` is its MTV_DATA."""
    try:
        with closing(reading.connect(data / "store.db")) as found:
            runs = read_migrations(found, run)
            return list(read_rows(found, run, runs[0].vm_key)) if runs else []
    except Refused:  # the store is just being made
        return []


def stored_bytes(raw: Path) -> int:
    """What is no hole."""
    with raw.open("rb") as file:
        end, found = 0, 0
        with suppress(OSError):  # there is no more data
            while True:
                begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
                end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
                found += end - begin
    return found


def table_of(raw: Path) -> HashTable:
    table = HashTable(raw.stat().st_size)
    with raw.open("rb") as file:
        for block in range(table.blocks):
            table.put(block, digest(file.read(MIB)))
    return table


def held(rows: Sequence[tuple[Kind, int, int]]) -> tuple[set[tuple[int, int]], list[tuple[int, int]]]:
    """The blocks that a journal holds, and those that were written into it although it held them already."""
    known: set[tuple[int, int]] = set()
    twice = []
    for kind, disk, offset in rows:
        if kind is Kind.EPOCH:
            known = {one for one in known if one[0] != disk}
        elif kind is Kind.LOST:
            known.discard((disk, offset))
        elif kind is Kind.BLOCK:
            if (disk, offset) in known:
                twice.append((disk, offset))
            known.add((disk, offset))
    return known, twice


@dataclass
class Move:
    """A command under way."""

    child: "subprocess.Popen[bytes]"
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def ended(self) -> bool:
        return self.child.poll() is not None

    def wait(self, timeout_s: float = 2 * PATIENCE_S) -> int:
        return self.child.wait(timeout_s)

    def find(self, program: str) -> list[int]:
        """Its descendants that run that program; "worker" is one of ours."""
        return [pid for pid in process.descendants(self.child.pid) if program in program_of(pid)]

    def kill(self, program: str = "") -> int:
        """KILL to the engine, or to the first of those; gives who it was, 0 where there is none."""
        for pid in self.find(program)[:1] if program else [self.child.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                if not program:
                    self.child.wait()
                return pid
        return 0

    def end(self) -> None:
        """For the tests' own end."""
        if not self.ended:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(PATIENCE_S)


def program_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    name = os.path.basename(words[0].decode(errors="replace"))
    return "worker" if b"worker" in words and name.startswith("python") else name


def lives(pid: int) -> bool:
    """Not ended, nor waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def processes(data: str) -> Iterator[tuple[int, str]]:
    """Whoever has that folder as its MTV_DATA: every process of a move inherits it."""
    for pid in process.tagged("MTV_DATA", data):
        yield pid, Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]


def locked(folder: Path) -> list[Path]:
    """Files below it that somebody holds a lock on: by device and inode, for small file systems number alike."""
    held = {line.split()[5 if "->" not in line else 6] for line in Path("/proc/locks").read_text().splitlines()}
    return [path for path in folder.rglob("*") if path.is_file() and _place(path) in held]


def _place(path: Path) -> str:
    """As /proc/locks has it."""
    found = path.lstat()
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def mounted(folder: Path) -> set[str]:
    """Places below that folder where something is mounted."""
    places = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return {place for place in places if place.startswith(f"{folder}/")}


@contextmanager
def moving(yard: Yard, *words: str) -> Iterator[Move]:
    """A command that is surely ended when the context is."""
    move = yard.start(*words)
    try:
        yield move
    finally:
        move.end()
