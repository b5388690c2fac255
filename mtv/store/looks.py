"""Looks of `mtv inspect` under way: a locked file each beside the store, written before anything is made at a source.

Who dies loses the lock, so that the next one knows what was left at the source, and that nobody needs it.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtv import codec
from mtv.errors import Refused

LIMIT_BYTES = 64 << 10
Forget = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Look:
    point: str
    source: str
    vm: str  # its id there
    name: str


@contextmanager
def noted(store: Path, look: Look) -> Iterator[Forget]:
    """`forget` it once its point is gone; else it counts as abandoned when the context ends."""
    folder = _folder(store)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", dir=folder)
    path = folder / f"{look.point}.json"
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)  # before it has a name that others look for
        os.write(handle, json.dumps(codec.dump(look)).encode())
        os.fsync(handle)
        os.rename(name, path)
        yield lambda: path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def abandoned(store: Path, source: str) -> Iterator[tuple[Look, Forget]]:
    """Those of that source whose process is gone; no other process is given the same one meanwhile."""
    for path in sorted(_folder(store).glob("*.json")):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:  # it has just ended
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            look = codec.load(Look, json.loads(os.read(handle, LIMIT_BYTES)), path.name)
            if look.source == source and path.exists():
                yield look, lambda path=path: path.unlink(missing_ok=True)  # type: ignore[misc]
        except BlockingIOError:  # it is under way
            continue
        except (ValueError, Refused):  # a disk that was full, or a crash of the machine: the file says nothing
            path.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _folder(store: Path) -> Path:
    """No run's folder begins with a dot."""
    return store.with_name(store.name + ".d") / ".looks"
