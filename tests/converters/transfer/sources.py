"""Ways to open an export that the tests of the data path need: a plain file read in process, the same served by a real
nbdkit, and the same as a stream."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mtv.errors import Held
from mtv.model.points import Export, Extent
from mtv.model.reading import NbdServer, Opened, Opener
from mtv.process import running, wait_for_path


def identity(path: Path) -> str:
    found = path.stat()
    return f"inode {found.st_ino} size {found.st_size} at {found.st_mtime_ns}"


def export(path: Path, way: str = "test.file", **params: str) -> Export:
    kind = "stream" if way == "test.stream" else "random"
    return Export(
        id=path.name, kind="stream" if kind == "stream" else "random", way=way, size_bytes=path.stat().st_size,
        identity=identity(path), params={"path": str(path), **params}, paths=(str(path),),
    )  # fmt: skip


class FileReader:
    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self.size_bytes = os.fstat(self._file).st_size

    def read_into(self, offset: int, view: memoryview) -> None:
        while view:
            done = os.preadv(self._file, [view], offset)
            if not done:
                raise OSError(5, "short read")
            offset, view = offset + done, view[done:]

    def extents(self) -> Iterator[Extent]:
        end = 0
        while end < self.size_bytes:
            try:
                start = os.lseek(self._file, end, os.SEEK_DATA)
            except OSError:
                return
            end = os.lseek(self._file, start, os.SEEK_HOLE)
            yield Extent(start, end - start)

    def close(self) -> None:
        os.close(self._file)


class FileStream(FileReader):
    def chunks(self) -> Iterator[tuple[int, bytes]]:
        for extent in self.extents():
            offset, end = extent.offset, extent.offset + extent.length
            while offset < end:
                step = min(100_000, end - offset)
                yield offset, os.pread(self._file, step, offset)
                offset += step


def _checked(export: Export) -> Path:
    path = Path(str(export.params["path"]))
    if identity(path) != export.identity:
        raise Held("source.changed", f"{path} is not what it was")
    return path


@contextmanager
def open_file(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    reader = FileReader(_checked(export))
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def open_stream(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    reader = FileStream(_checked(export))
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def open_nbdkit(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> Iterator[Opened]:
    """`filters` and `options` are nbdkit's, separated by blanks."""
    path = _checked(export)
    name = f"s{os.urandom(4).hex()}"
    held = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY)
    socket = Path(f"/proc/{os.getpid()}/fd/{held}/{name}")
    filters = [f"--filter={name}" for name in str(export.params.get("filters", "")).split()]
    options = str(export.params.get("options", "")).split()
    argv = ["nbdkit", "-f", "-r", "--exit-with-parent", "-U", str(socket), *filters, "file", str(path), *options]
    try:
        with running(argv) as child:
            wait_for_path(socket, child)
            yield NbdServer(f"nbd+unix:///?socket={socket}")
    finally:
        (scratch / name).unlink(missing_ok=True)
        os.close(held)


OPENERS: Mapping[str, Opener] = {"test.file": open_file, "test.stream": open_stream, "test.nbdkit": open_nbdkit}
