"""What a disk is written to: a raw file or a block device, and the small protocol that a qcow2 behind a server shares.
Every failure of the target is held, not undone: what is durable stays, and the run goes on when there is room."""

import ctypes
import errno
import os
import secrets
import stat
import threading
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from mtv.errors import Held, MtvError
from mtv.model.points import Extent
from mtv.model.volumes import Volume

NONCE = "user.mtv.nonce"
PUNCH_HOLE, KEEP_SIZE = 2, 1  # fallocate(2)
SYNC_WRITE = 2  # SYNC_FILE_RANGE_WRITE: begin to write back, wait for nothing
SYNC_WAIT = 7  # WAIT_BEFORE, WRITE, WAIT_AFTER
WINDOW_BYTES = 32 << 20  # written and not yet out of memory
ZERO_STEP_BYTES = 128 << 20  # one hole at a time: longer ones hit time limits of SCSI targets
ZEROES = bytes(1 << 20)
_libc = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
_libc.sync_file_range.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]


class Target(Protocol):
    """All methods but `close` may be called by several threads at once."""

    identity: str  # differs whenever it may be another disk than the one that the journal tells of

    def write(self, offset: int, data: memoryview) -> None: ...

    def zero(self, offset: int, length: int) -> None:
        """Afterwards that range reads as zeroes, and takes no room where that can be had."""
        ...

    def read_into(self, offset: int, view: memoryview) -> None: ...

    def data(self) -> Iterator[tuple[int, int]]:
        """What may be other than zero, as offset and length, in order."""
        ...

    def flush(self) -> None:
        """All that was written is durable. Fails once and for all: the kernel forgets what it could not write."""
        ...

    def close(self) -> None: ...


def failed(error: OSError, what: str, path: str) -> MtvError:
    """What a target's refusal means. Undoing would mend none of them and lose what was copied."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return Held(
            "target.no-space", f"no room to {what} {path}: {_room(path)}", "make room there, then `mtv run` goes on"
        )
    return Held(
        "target.failed", f"cannot {what} {path}: {error.strerror or error}",
        "look after that storage, then `mtv run` goes on with what is not yet safe",
    )  # fmt: skip


def _room(path: str) -> str:
    try:
        found = os.statvfs(path)
    except OSError:
        return "full"
    return f"{found.f_bavail * found.f_frsize} bytes are free on its file system"


class RawFile:
    """A raw file, or a block device."""

    def __init__(self, volume: Volume) -> None:
        self.path = volume.path
        self.size_bytes = volume.size_bytes
        self._lock = threading.Lock()
        self._window: deque[tuple[int, int]] = deque()
        self._window_bytes = 0
        self._punches: bool | None = None  # unknown until the first hole was read back
        try:
            self._file = os.open(volume.path, os.O_RDWR)
        except OSError as error:
            raise failed(error, "open", volume.path) from error
        self._is_block = stat.S_ISBLK(os.fstat(self._file).st_mode)
        try:
            self._fit()
            self.identity = self._identify(volume.identity)
        except OSError as error:
            os.close(self._file)
            raise failed(error, "prepare", volume.path) from error

    def _fit(self) -> None:
        """A file is as long as its disk; a device at least."""
        found = os.lseek(self._file, 0, os.SEEK_END)
        if self._is_block and found < self.size_bytes:
            raise MtvError("target.too-small", f"{self.path} has {found} bytes, {self.size_bytes} are needed")
        if not self._is_block and found != self.size_bytes:
            os.ftruncate(self._file, self.size_bytes)

    def _identify(self, identity: str) -> str:
        if self._is_block:
            return f"{identity} device"
        return f"{identity} inode {os.fstat(self._file).st_ino} mark {mark(self.path)}"

    def write(self, offset: int, data: memoryview) -> None:
        start, length = offset, len(data)
        try:
            while data:
                done = os.pwrite(self._file, data, offset)
                offset, data = offset + done, data[done:]
        except OSError as error:
            raise failed(error, "write", self.path) from error
        self._write_back(start, length)

    def _write_back(self, offset: int, length: int) -> None:
        """Begun at once, so that fdatasync finds little left: 0.4 s a GiB less. What was begun a window ago has
        arrived by now, and its memory is used again: 1.0 s a GiB less where new memory is slow to come by."""
        _libc.sync_file_range(self._file, offset, length, SYNC_WRITE)
        with self._lock:
            self._window.append((offset, length))
            self._window_bytes += length
            old = []
            while self._window_bytes > WINDOW_BYTES:
                old.append(self._window.popleft())
                self._window_bytes -= old[-1][1]
        for offset, length in old:
            _libc.sync_file_range(self._file, offset, length, SYNC_WAIT)
            os.posix_fadvise(self._file, offset, length, os.POSIX_FADV_DONTNEED)

    def zero(self, offset: int, length: int) -> None:
        while length:
            step = min(length, ZERO_STEP_BYTES)
            if not self._punch(offset, step):
                self._fill(offset, step)
            offset, length = offset + step, length - step

    def _punch(self, offset: int, length: int) -> bool:
        if self._punches is False or (self._is_block and (offset | length) % 4096):
            return False
        if _libc.fallocate(self._file, PUNCH_HOLE | KEEP_SIZE, offset, length):
            if (code := ctypes.get_errno()) not in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL):
                raise failed(OSError(code, os.strerror(code)), "punch a hole in", self.path)
            self._punches = False
        elif self._punches is None:
            self._punches = self._reads_zero(offset, length)
        return bool(self._punches)

    def _reads_zero(self, offset: int, length: int) -> bool:
        """Believed of a device only after it was seen once: some discard and keep the old bytes."""
        view = memoryview(bytearray(min(length, len(ZEROES))))
        for place in {offset, offset + length - len(view)}:
            self.read_into(place, view)
            if bytes(view) != ZEROES[: len(view)]:
                return False
        return True

    def _fill(self, offset: int, length: int) -> None:
        zeroes = memoryview(ZEROES)
        for place in range(offset, offset + length, len(zeroes)):
            self.write(place, zeroes[: min(len(zeroes), offset + length - place)])

    def read_into(self, offset: int, view: memoryview) -> None:
        try:
            while view:
                done = os.preadv(self._file, [view], offset)
                if not done:
                    raise OSError(errno.EIO, f"ends at byte {offset}")
                offset, view = offset + done, view[done:]
        except OSError as error:
            raise failed(error, "read", self.path) from error

    def data(self) -> Iterator[tuple[int, int]]:
        return data_extents(self._file, self.size_bytes)

    def flush(self) -> None:
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise failed(error, "flush", self.path) from error
        os.posix_fadvise(self._file, 0, 0, os.POSIX_FADV_DONTNEED)  # nobody reads it from memory: verify must not

    def close(self) -> None:
        os.close(self._file)


class Readable:
    """A target as a reader: what it holds, as it would be read by anyone."""

    def __init__(self, target: Target, size_bytes: int) -> None:
        self._target = target
        self.size_bytes = size_bytes

    def read_into(self, offset: int, view: memoryview) -> None:
        self._target.read_into(offset, view)

    def extents(self) -> Iterator[Extent]:
        for offset, length in self._target.data():
            yield Extent(offset, length)

    def close(self) -> None:
        """The target is closed by who opened it."""


def mark(path: str) -> str:
    """A nonce of ours on that file: an inode's number is used again, this is not. Where the file system keeps no
    attributes every answer is new, and nothing is ever resumed on trust."""
    try:
        return os.getxattr(path, NONCE).decode("ascii", "replace")
    except OSError:
        new = secrets.token_hex(8)
    try:
        os.setxattr(path, NONCE, new.encode())
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM, errno.EACCES):
            raise
    return new


def looks(volume: Volume) -> str:
    """Differs once somebody has written to that volume, as far as can be told while nobody has it open."""
    try:
        found = os.stat(volume.path) if volume.format != "nbd" else None
    except OSError as error:
        raise failed(error, "look at", volume.path) from error
    if found is None or not stat.S_ISREG(found.st_mode):
        return f"no file, {volume.size_bytes} bytes"
    return f"{found.st_size} bytes at {found.st_mtime_ns}"


def data_extents(file: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    """What a file holds, holes left out; all of it where the file system cannot tell."""
    end = 0
    while end < size_bytes:
        try:
            start = os.lseek(file, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            if error.errno != errno.EINVAL:
                raise
            yield end, size_bytes - end  # a block device knows no holes
            return
        end = min(os.lseek(file, start, os.SEEK_HOLE), size_bytes)
        if start < end:
            yield start, end - start
