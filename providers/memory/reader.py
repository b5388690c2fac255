"""How a worker opens a memory source's Export: all that is needed stands in it, so the bytes need no file."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from mtv.errors import CheckFailed, MtvError
from mtv.model.points import Export, Extent
from mtv.model.reading import Opened, Opener
from mtv.providers.memory.content import Content, content_at

WAY = "memory"
CHUNK_BYTES = 1 << 20


class MemoryReader:
    def __init__(self, content: Content) -> None:
        self.content = content
        self.size_bytes = content.size_bytes

    def read_into(self, offset: int, view: memoryview) -> None:
        if offset < 0 or offset + len(view) > self.size_bytes:
            raise MtvError("memory.range", f"{len(view)} bytes at {offset} do not lie in {self.size_bytes}")
        view[:] = self.content.read(offset, len(view))

    def extents(self) -> Iterator[Extent]:
        end = 0
        start: int | None = None
        for run in self.content.runs:
            if start is not None and run.offset != end:
                yield Extent(start, end - start)
                start = None
            start = run.offset if start is None else start
            end = run.end
        if start is not None:
            yield Extent(start, end - start)

    def close(self) -> None:
        """Nothing is held open."""


class MemoryStream:
    def __init__(self, content: Content) -> None:
        self.content = content
        self.size_bytes = content.size_bytes

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        for run in self.content.runs:
            for at in range(run.offset, run.end, CHUNK_BYTES):
                yield at, self.content.read(at, min(CHUNK_BYTES, run.end - at))

    def close(self) -> None:
        """Nothing is held open."""


def export_content(export: Export) -> Content:
    """What that export gives to read. Raises MtvError for another provider's export."""
    seed, disk, generation = (export.params.get(key) for key in ("seed", "disk", "generation"))
    if export.way != WAY or not (isinstance(seed, int) and isinstance(disk, str) and isinstance(generation, int)):
        raise MtvError("memory.way", f"export {export.id} is no memory source's, but goes by way of '{export.way}'")
    return content_at(seed, disk, export.size_bytes, generation)


def open_memory(export: Export, scratch: Path, secrets: Path, *, serve: bool = False) -> AbstractContextManager[Opened]:
    if serve:
        raise CheckFailed("source.cannot-serve", f"export {export.id}: a memory source has no NBD server")
    content = export_content(export)
    return nullcontext(MemoryStream(content) if export.kind == "stream" else MemoryReader(content))


OPENERS: Mapping[str, Opener] = {WAY: open_memory}
