"""A disk without content: one that a source only describes, or a volume that nothing is copied to."""

from collections.abc import Iterator

from mtv.model.points import Extent


class Blank:
    """A random reader of it: all of it reads as zeroes."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes

    def read_into(self, offset: int, view: memoryview) -> None:
        view[:] = bytes(len(view))

    def extents(self) -> Iterator[Extent]:
        return iter(())

    def close(self) -> None:
        """There is nothing to close."""
