"""Targets behind an NBD server: a qcow2 through qemu-nbd, or any server that can be written to."""

import errno
import os
import queue
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import nbd

from mtv.converters.transfer.readers import nbd as reading
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.raw import Target
from mtv.errors import Temporary
from mtv.model.reading import NbdServer
from mtv.model.volumes import Volume
from mtv.process import running, wait_for_path

CONNECTIONS = 8
ZERO_STEP_BYTES = 1 << 30


class Served:
    """Each thread that writes has a connection of its own, where the server says that this is safe."""

    def __init__(self, volume: Volume, uri: str) -> None:
        self._volume = volume
        self._server = NbdServer(uri)
        self._handles: queue.LifoQueue[nbd.NBD | None] = queue.LifoQueue()
        first = reading.connect(self._server)
        for _ in range(CONNECTIONS - 1 if first.can_multi_conn() else 0):
            self._handles.put(None)  # connected when it is needed
        self._handles.put(first)
        self._can_zero = bool(first.can_zero())
        self.identity = volume.identity
        if volume.format == "qcow2":
            self.identity += f" inode {os.stat(volume.path).st_ino} mark {raw.mark(volume.path)}"

    @contextmanager
    def _connection(self, what: str) -> Iterator[nbd.NBD]:
        handle = self._handles.get()
        try:
            handle = handle or reading.connect(self._server)
            yield handle
        except (nbd.Error, Temporary) as error:
            code = getattr(error, "errnum", None) or errno.EIO
            told = OSError(code, os.strerror(code) if isinstance(code, int) else str(error))
            raise raw.failed(told, what, self._volume.path) from error
        finally:
            self._handles.put(handle)

    def write(self, offset: int, data: memoryview) -> None:
        with self._connection("write") as handle:
            handle.pwrite(data, offset)

    def zero(self, offset: int, length: int) -> None:
        with self._connection("make a hole in") as handle:
            while length:
                step = min(length, ZERO_STEP_BYTES if self._can_zero else len(raw.ZEROES))
                if self._can_zero:
                    handle.zero(step, offset)
                else:
                    handle.pwrite(raw.ZEROES[:step], offset)
                offset, length = offset + step, length - step

    def read_into(self, offset: int, view: memoryview) -> None:
        with self._connection("read") as handle:
            view[:] = handle.pread(len(view), offset)

    def data(self) -> Iterator[tuple[int, int]]:
        return reading.extents(self._server, self._volume.size_bytes)

    def flush(self) -> None:
        with self._connection("flush") as handle:
            if handle.can_flush():
                handle.flush()

    def close(self) -> None:
        """What counts was flushed before: a server that has died is left without a word."""
        while not self._handles.empty():
            if handle := self._handles.get():
                with suppress(nbd.Error):
                    handle.shutdown()


@contextmanager
def qemu_nbd(volume: Volume, folder: Path, *, read_only: bool) -> Iterator[str]:
    """The URI of a server of that qcow2. Read-only it goes past the page cache: what is verified is what is stored."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"nbd-{volume.index}-{os.urandom(4).hex()}"
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    # A socket's path has at most 107 bytes and the folder's may be longer: this is the same folder, in few.
    socket = Path(f"/proc/{os.getpid()}/fd/{held}/{name}")
    argv = ["qemu-nbd", "--format=qcow2", "--persistent", f"--shared={CONNECTIONS + 1}", f"--socket={socket}"]
    argv += ["--read-only", "--cache=none"] if read_only else ["--cache=writeback", "--discard=unmap"]
    try:
        with (folder / f"{name}.log").open("wb") as log, running([*argv, "--", volume.path], log=log) as server:
            wait_for_path(socket, server)
            yield f"nbd+unix:///?socket={socket}"
    finally:
        (folder / name).unlink(missing_ok=True)
        os.close(held)


@contextmanager
def open_target(volume: Volume, folder: Path) -> Iterator[Target]:
    """The disk of that volume, to be written. `folder` is for a server's socket and log."""
    if volume.format in ("raw", "block"):
        file = raw.RawFile(volume)
        try:
            yield file
        finally:
            file.close()
    elif volume.format == "nbd":
        yield from _served(volume, volume.path)
    else:
        with qemu_nbd(volume, folder, read_only=False) as uri:
            yield from _served(volume, uri)


def _served(volume: Volume, uri: str) -> Iterator[Target]:
    target = Served(volume, uri)
    try:
        yield target
    finally:
        target.close()
