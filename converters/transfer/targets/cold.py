"""Reading a target as it is stored, past the page cache: what is in memory is no proof of what is on the disk."""

import errno
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv.converters.transfer.readers.source import Source
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.served import qemu_nbd
from mtv.errors import MtvError, Temporary
from mtv.formats.qcow2 import read_header
from mtv.formats.window import Window
from mtv.model.points import Extent
from mtv.model.reading import NbdServer
from mtv.model.volumes import Volume
from mtv.settings import Settings

DIRECT = "O_DIRECT"
DROPPED = "fdatasync + POSIX_FADV_DONTNEED"
SERVER = "an NBD server's flush"
ALIGNED = 4096  # what every device's O_DIRECT accepts


@dataclass(frozen=True)
class Cold:
    source: Source
    way: str  # what the receipt says of how it was read


class ColdFile:
    """A raw file or block device, by O_DIRECT where its file system can."""

    def __init__(self, path: str, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self._path = path
        self._file = os.open(path, os.O_RDONLY)
        try:
            found = os.lseek(self._file, 0, os.SEEK_END)
            if found < size_bytes:
                raise MtvError("verify.truncated", f"{path} ends at byte {found}, its disk has {size_bytes}")
            os.fdatasync(self._file)
            os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)
            self._direct = _open_direct(path)
        except BaseException:
            os.close(self._file)
            raise

    @property
    def way(self) -> str:
        return DROPPED if self._direct is None else DIRECT

    def read_into(self, offset: int, view: memoryview) -> None:
        try:
            self._read_into(offset, view)
        except OSError as error:
            raise raw.failed(error, "read back", self._path) from error

    def _read_into(self, offset: int, view: memoryview) -> None:
        whole = len(view) - len(view) % ALIGNED if self._direct is not None and offset % ALIGNED == 0 else 0
        if whole and self._direct is not None:
            _fill_direct(self._direct, offset, view[:whole])
        _fill(self._file, offset + whole, view[whole:])

    def extents(self) -> Iterator[Extent]:
        for offset, length in raw.data_extents(self._file, self.size_bytes):
            yield Extent(offset, length)

    def close(self) -> None:
        os.close(self._file)
        if self._direct is not None:
            os.close(self._direct)


def _open_direct(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECT)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
            raise
        return None


def _fill_direct(file: int, offset: int, view: memoryview) -> None:
    """Memory that does not begin at a page is no place that a device writes to: by way of one that does, then."""
    try:
        _fill(file, offset, view)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        with mmap.mmap(-1, len(view)) as pages, memoryview(pages) as aligned:
            _fill(file, offset, aligned)
            view[:] = aligned


def _fill(file: int, offset: int, view: memoryview) -> None:
    while view:
        done = os.preadv(file, [view], offset)
        if not done:
            raise OSError(errno.EIO, f"the target ends at byte {offset}")
        offset, view = offset + done, view[done:]


@contextmanager
def open_cold(volume: Volume, folder: Path, limits: Settings) -> Iterator[Cold]:
    """That volume, to be read as it is stored. What fails is the target's, and held."""
    try:
        with _open(volume, folder, limits) as cold:
            yield cold
    except OSError as error:
        raise raw.failed(error, "read back", volume.path) from error
    except Temporary as error:
        raise raw.failed(OSError(errno.EIO, error.fault.text), "read back", volume.path) from error


@contextmanager
def _open(volume: Volume, folder: Path, limits: Settings) -> Iterator[Cold]:
    if volume.format in ("raw", "block"):
        file = ColdFile(volume.path, volume.size_bytes)
        try:
            yield Cold(Source(file, limits), file.way)
        finally:
            file.close()
    elif volume.format == "nbd":
        yield Cold(Source(NbdServer(volume.path), limits), SERVER)
    else:
        check_qcow2(volume.path)
        with qemu_nbd(volume, folder, read_only=True) as uri:
            yield Cold(Source(NbdServer(uri), limits), DIRECT)


def check_qcow2(path: str) -> None:
    """Raises Refused `qcow2.*` for an image that would have its server read other files of this machine."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        read_header(Window(lambda offset, length: os.pread(file.fileno(), length, offset), size, path, "qcow2"))
