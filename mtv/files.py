"""Files that people asked for: whole, or as they were."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mtv.errors import Refused


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes `path`'s place when the context ends well. What is no regular file (/dev/stdout, a
    pipe) is written itself. Raises Refused `file.no-access`."""
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as there:
                yield there
            return
        with _beside(path.resolve()) as new:
            yield new
    except OSError as error:
        if _is_of_another(error, path):
            raise
        text = f"{path} cannot be written: {(error.strerror or str(error)).lower()}"
        raise Refused("file.no-access", text, "name another file with --out") from error


def _is_of_another(error: OSError, path: Path) -> bool:
    """What the writer came upon elsewhere; a write into an open file names none."""
    return error.filename is not None and Path(os.fsdecode(error.filename)).parent not in (
        path.parent, path.resolve().parent,
    )  # fmt: skip


@contextmanager
def _beside(path: Path) -> Iterator[IO[bytes]]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode if path.exists() else 0o666 & ~_mask()
        os.chmod(name, mode & 0o777)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _mask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
