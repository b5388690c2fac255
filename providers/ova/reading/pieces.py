"""Where an image's bytes lie: pieces of files, read as one run of bytes, never short, never past the end."""

import errno
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate

from mtv.errors import Held, Temporary
from mtv.formats.window import Window

STEP_BYTES = 1 << 20
ALIGN_BYTES = 4096  # extents are widened to this


@dataclass(frozen=True, kw_only=True)
class Piece:
    path: str
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """A file as it was: any difference means that its bytes may be others. Of a copy elsewhere only the size is known,
    and no inode: then it is stamped when it is opened."""

    path: str
    inode: int
    size: int
    mtime_ns: int


def stamp(path: str) -> Stamp:
    """Raises Held `source.unreadable`."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error) from error
    return Stamp(path=path, inode=found.st_ino, size=found.st_size, mtime_ns=found.st_mtime_ns)


def _here(told: Stamp) -> Stamp:
    """As the copy is that is seen here. Raises Held `source.changed` for one of another size."""
    found = stamp(told.path)
    if found.size != told.size:
        raise Held(
            "source.changed", f"{told.path}: it has {found.size} bytes here, and {told.size} where it was looked at",
            "copy it anew, then `mtv run` again",
        )  # fmt: skip
    return found


def unreadable(path: str, error: OSError) -> Held:
    return Held(
        "source.unreadable", f"{path}: {(error.strerror or str(error)).lower()}", "mend it, then `mtv run` again"
    )


class Pieces:
    """Open files; every method may be called by several threads at once."""

    def __init__(self, pieces: Sequence[Piece], stamps: Sequence[Stamp] = ()) -> None:
        self._pieces, self._stamps = tuple(pieces), tuple(one if one.inode else _here(one) for one in stamps)
        self._starts = [0, *accumulate(piece.length for piece in pieces)]
        self.size = self._starts[-1]
        self._descriptors: dict[str, int] = {}
        try:
            for piece in pieces:
                if piece.path not in self._descriptors:
                    self._descriptors[piece.path] = _open(piece.path)
            self.check_unchanged()
        except BaseException:
            self.close()
            raise

    @property
    def single(self) -> Piece | None:
        return self._pieces[0] if len(self._pieces) == 1 else None

    def descriptor(self, path: str) -> int:
        return self._descriptors[path]

    def window(self, what: str, area: str) -> Window:
        return Window(self.read, self.size, what, area)

    def read(self, offset: int, length: int) -> bytes:
        buffer = bytearray(length)
        self.read_into(offset, memoryview(buffer))
        return bytes(buffer)

    def read_into(self, offset: int, view: memoryview) -> None:
        """Raises Temporary `source.read` or `source.changed`, naming file and offset."""
        if offset < 0 or offset + len(view) > self.size:
            raise ValueError(f"{len(view)} bytes at {offset} of {self.size}")
        done = 0
        while done < len(view):
            number = bisect_right(self._starts, offset + done) - 1
            piece = self._pieces[number]
            inside = offset + done - self._starts[number]
            part = view[done : done + piece.length - inside]
            self._fill(piece.path, piece.offset + inside, part)
            done += len(part)

    def _fill(self, path: str, offset: int, view: memoryview) -> None:
        done = 0
        while done < len(view):
            try:
                count = os.preadv(self._descriptors[path], [view[done:]], offset + done)
            except InterruptedError:
                continue
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                raise Temporary(
                    "source.read", f"{path}: {len(view) - done} bytes at {offset + done} cannot be read: {why}"
                ) from error
            if count == 0:
                raise Temporary("source.changed", f"{path}: it ends at byte {offset + done}, it was longer before")
            done += count

    def data(self) -> Iterator[tuple[int, int]]:
        """(offset, length) of what is not a hole of the files, widened to 4 KiB, in order, neighbours joined."""
        start = end = 0
        for low, high in self._islands():
            low, high = low // ALIGN_BYTES * ALIGN_BYTES, min(-(-high // ALIGN_BYTES) * ALIGN_BYTES, self.size)
            if low > end or end == 0:
                if end > start:
                    yield start, end - start
                start = low
            end = max(end, high)
        if end > start:
            yield start, end - start

    def _islands(self) -> Iterator[tuple[int, int]]:
        for piece, start in zip(self._pieces, self._starts, strict=False):
            for low, high in _data(self._descriptors[piece.path], piece.offset, piece.offset + piece.length):
                yield start + low - piece.offset, start + high - piece.offset

    def check_unchanged(self) -> None:
        """Raises Held `source.changed` where a file is another one than at the freeze, by path or as opened: the next
        attempt begins with another freeze."""
        for old in self._stamps:
            found = os.fstat(self._descriptors[old.path]) if old.path in self._descriptors else None
            now = stamp(old.path)
            opened = (found.st_ino, found.st_size, found.st_mtime_ns) if found else (now.inode, now.size, now.mtime_ns)
            if now != old or opened != (old.inode, old.size, old.mtime_ns):
                raise Held(
                    "source.changed",
                    f"{old.path}: it was changed since it was looked at ({old.size} bytes before, {now.size} now)",
                    "run `mtv refresh`, then `mtv run` again",
                )

    def close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])


@contextmanager
def opened(pieces: Sequence[Piece], stamps: Sequence[Stamp] = ()) -> Iterator[Pieces]:
    """Checked when it opens and, if all went well, when it ends: what was read is then of one state."""
    found = Pieces(pieces, stamps)
    try:
        yield found
        found.check_unchanged()
    finally:
        found.close()


def _open(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise unreadable(path, error) from error
    with suppress(OSError):  # advice only
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return descriptor


def _data(descriptor: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Not holes, between two places of a file; where the file system cannot tell, everything."""
    at = start
    while at < end:
        try:
            low = os.lseek(descriptor, at, os.SEEK_DATA)
            high = os.lseek(descriptor, low, os.SEEK_HOLE)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            low, high = at, end
        if low >= end:
            return
        yield low, min(high, end)
        at = max(high, at + 1)
