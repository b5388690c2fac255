"""Disks, servers and targets for the measurements."""

import os
import random
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv.process import running, wait_for_path

MIB = 1 << 20
GIB = 1 << 30
CHUNK_BYTES = 4 * MIB


@dataclass(frozen=True)
class Place:
    """A folder of our own, and how often to measure."""

    folder: Path
    rounds: int

    @property
    def target(self) -> Path:
        return self.folder / "target.raw"

    def disk(self) -> Path:
        """4 GiB sparse with 1 GiB of random data, made once."""
        path = self.folder / "source.raw"
        if not path.exists():
            chunks = random.Random(1).sample(range(4 * GIB // CHUNK_BYTES), GIB // CHUNK_BYTES)
            with path.open("wb") as file:
                file.truncate(4 * GIB)
                for chunk in chunks:
                    file.seek(chunk * CHUNK_BYTES)
                    file.write(os.urandom(CHUNK_BYTES))
                file.flush()
                os.fsync(file.fileno())
        return path

    def empty_target(self, size_bytes: int) -> Path:
        self.target.unlink(missing_ok=True)
        with self.target.open("wb") as file:
            file.truncate(size_bytes)
        return self.target


@contextmanager
def served(folder: Path, *plugin: str, filters: Sequence[str] = (), write: bool = False) -> Iterator[str]:
    """The URI of an nbdkit of our own."""
    socket = folder / f"{os.urandom(4).hex()}.sock"
    argv = ["nbdkit", "-f", "-U", str(socket), *([] if write else ["-r"]), *(f"--filter={one}" for one in filters)]
    with running([*argv, *plugin]) as server:
        wait_for_path(socket, server)
        yield f"nbd+unix:///?socket={socket}"
    socket.unlink(missing_ok=True)


def make_cold(path: Path) -> None:
    """Out of the page cache, once it is all on the disk."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def command(argv: Sequence[str]) -> None:
    subprocess.run(list(argv), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
