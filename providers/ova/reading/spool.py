"""A copy of an image in the scratch folder, for those that no reader can use where they lie: compressed or chunked."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from mtv.errors import Held, MtvError
from mtv.formats.gzip import inflated
from mtv.providers.ova.reading.pieces import Piece, Pieces, opened
from mtv.providers.ova.reading.stored import Stored
from mtv.providers.ova.reading.streams import compressed

RESERVE_BYTES = 64 << 20  # left free for others
CHECK_EVERY_BYTES = 64 << 20


@contextmanager
def spooled(pieces: Pieces, image: Stored, scratch: Path) -> Iterator[Pieces]:
    """The image as one plain file, gone when the context ends. Raises Held `worker.no-space`."""
    scratch.mkdir(parents=True, exist_ok=True)
    path = scratch / f"spool-{sha256(image.what.encode()).hexdigest()[:16]}.img"
    _check_space(path, _least_bytes(pieces, image), image.what)
    try:
        length = _write(path, pieces, image)
        with opened([Piece(path=str(path), offset=0, length=length)]) as copy:
            yield copy
    finally:
        path.unlink(missing_ok=True)


def _least_bytes(pieces: Pieces, image: Stored) -> int:
    """What it will need at least: gzip's last four bytes are the size modulo 4 GiB."""
    if not image.gzip or pieces.size < 18:
        return pieces.size
    size = int.from_bytes(pieces.read(pieces.size - 4, 4), "little")
    while size < pieces.size // 2:  # larger than 4 GiB: images do not compress to over their size
        size += 1 << 32
    return size if size <= _most_bytes(image) else pieces.size


def _most_bytes(image: Stored) -> int:
    """An image is not larger than its disk and its tables: over that it is a bomb."""
    return image.size_bytes + image.size_bytes // 32 + (64 << 20)


def _check_space(path: Path, needed: int, what: str) -> None:
    free = os.statvfs(path.parent)
    there = free.f_bavail * free.f_frsize
    if there < needed + RESERVE_BYTES:
        raise _no_space(path, what, f"{needed + RESERVE_BYTES} bytes are needed, {there} are free")


def _no_space(path: Path, what: str, text: str) -> Held:
    return Held("worker.no-space", f"{what}: no space in {path.parent}: {text}", "make space, then `mtv run` again")


def _write(path: Path, pieces: Pieces, image: Stored) -> int:
    source = inflated(compressed(pieces), image.what) if image.gzip else compressed(pieces)
    done, checked = 0, 0
    path.unlink(missing_ok=True)  # of an attempt that was killed
    path.touch(0o600)
    with path.open("wb") as file:
        for chunk in source:
            done += len(chunk)
            if done > _most_bytes(image):
                raise MtvError(
                    "gzip.size", f"{image.what}: it expands to over {_most_bytes(image)} bytes, no image does"
                )
            if done - checked >= CHECK_EVERY_BYTES:
                _check_space(path, 0, image.what)
                checked = done
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                raise _no_space(path, image.what, f"full after {done} bytes") from error
    return done
