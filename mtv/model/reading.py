"""What an opened Export offers: the only three shapes that the transfer knows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from mtv.model.estate import Facts
from mtv.model.points import Export, Extent


class RandomReader(Protocol):
    """Random access in this process; every method may be called by several threads at once."""

    size_bytes: int

    def read_into(self, offset: int, view: memoryview) -> None:
        """Fill `view` from `offset`. Raises errors.Temporary or errors.Held, never returns short."""
        ...

    def extents(self) -> Iterator[Extent]:
        """All allocated extents, in order, not overlapping; holes are left out."""
        ...

    def close(self) -> None: ...


class StreamReader(Protocol):
    """Bytes in rising order, once. What is skipped reads as zeroes. One that holds the source's own checksum against
    them on the way has its facts in `checked` when all has come, and raises MtvError `source.checksum`."""

    size_bytes: int

    def chunks(self) -> Iterator[tuple[int, bytes]]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class NbdServer:
    """An NBD server that runs while the opener's context lasts: libnbd reads it, many requests in flight."""

    uri: str
    connections: int = 4
    depth: int = 16
    far: bool = False  # answers late, as is known already: no connection more just to find out


Opened = RandomReader | StreamReader | NbdServer


class Opener(Protocol):
    """Opens an Export for a worker. `scratch` is a folder for sockets and spools, `secrets` holds secrets' files.
    With `serve` it must be an NbdServer, for QEMU to read (inspection); where the way cannot, CheckFailed
    `source.cannot-serve`, and inspection waits for the first copy.

    A context manager: whatever it started has ended, and whatever it spooled is gone, when the context ends."""

    def __call__(self, export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> "OpenedContext": ...


class OpenedContext(Protocol):
    def __enter__(self) -> Opened: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...


SourceCheck = Callable[[Export, Callable[[], bool]], Facts]
"""Reads the source's own checksum of an export's bytes and compares it, in a thread beside the copy; the second
argument says when to stop. Raises MtvError `source.checksum`; its facts go into the receipt."""


@dataclass(frozen=True)
class Route:
    """One way in which a source's disks can be read: taken or not, and why."""

    name: str
    taken: bool
    why: str
