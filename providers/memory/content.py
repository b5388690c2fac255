"""What a disk holds, as stretches of made-up bytes: terabytes cost a few lines.

A stretch has a stamp; its bytes are a function of stamp and offset alone, "" is zeroes. Two contents are equal when
their bytes are.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from blake3 import blake3

from mtv.model.points import Extent

GRAIN_BYTES = 4096  # guests write whole pages
CELLS = 12  # stretches of data on a new disk
WRITES = 5  # stretches that a guest writes in one generation


@dataclass(frozen=True, order=True)
class Run:
    offset: int
    length: int
    stamp: str

    @property
    def end(self) -> int:
        return self.offset + self.length

    def outside(self, offset: int, end: int) -> list["Run"]:
        """What is left of it when [offset, end) is taken out."""
        if self.end <= offset or self.offset >= end:
            return [self]
        return [
            Run(first, last - first, self.stamp)
            for first, last in ((self.offset, min(self.end, offset)), (max(self.offset, end), self.end))
            if first < last
        ]

    def inside(self, offset: int, end: int) -> list["Run"]:
        first, last = max(self.offset, offset), min(self.end, end)
        return [Run(first, last - first, self.stamp)] if first < last else []


@dataclass(frozen=True)
class Content:
    """`runs` in order, not overlapping, no zeroes, neighbours of one stamp joined."""

    size_bytes: int
    runs: tuple[Run, ...] = ()

    @property
    def data_bytes(self) -> int:
        return sum(run.length for run in self.runs)

    def put(self, runs: Iterable[Run]) -> "Content":
        """This content with those stretches written over it, in their order; "" makes zeroes."""
        kept = list(self.runs)
        for new in runs:
            kept = [piece for run in kept for piece in run.outside(new.offset, new.end)]
            kept += [new] if new.stamp and new.length else []
        return Content(self.size_bytes, _joined(sorted(kept)))

    def within(self, offset: int, length: int) -> list[Run]:
        """All stretches of that range, zeroes too, clipped to it."""
        end = min(offset + length, self.size_bytes)
        found: list[Run] = []
        at = offset
        for held in [piece for run in self.runs if run.offset < end for piece in run.inside(offset, end)]:
            found += [Run(at, held.offset - at, "")] if at < held.offset else []
            found.append(held)
            at = held.end
        return found + ([Run(at, end - at, "")] if at < end else [])

    def read(self, offset: int, length: int) -> bytes:
        return b"".join(_bytes(run) for run in self.within(offset, length))

    def differing(self, other: "Content", offset: int, length: int) -> list[Run]:
        """This content's stretches of that range, where the other has something else."""
        theirs = other.within(offset, length)
        return [
            piece
            for run in self.within(offset, length)
            for their in theirs
            if their.stamp != run.stamp
            for piece in run.inside(their.offset, their.end)
        ]

    def root(self) -> str:
        """Hash over all of it: equal for equal bytes."""
        text = "\n".join(f"{run.offset} {run.length} {run.stamp}" for run in self.runs)
        return hashlib.sha256(f"{self.size_bytes}\n{text}".encode()).hexdigest()


def _joined(runs: Iterable[Run]) -> tuple[Run, ...]:
    made: list[Run] = []
    for run in runs:
        if made and made[-1].end == run.offset and made[-1].stamp == run.stamp:
            made[-1] = Run(made[-1].offset, made[-1].length + run.length, run.stamp)
        else:
            made.append(run)
    return tuple(made)


def _bytes(run: Run) -> bytes:
    if not run.stamp:
        return bytes(run.length)
    return blake3(run.stamp.encode()).digest(length=run.length, seek=run.offset)


def numbers(label: str, count: int) -> list[int]:
    """Numbers below 2**32 that depend on the label alone."""
    raw = blake3(label.encode()).digest(length=4 * count)
    return [int.from_bytes(raw[at : at + 4]) for at in range(0, len(raw), 4)]


def written(seed: int, disk: str, size_bytes: int, generation: int) -> list[Run]:
    """What the guest wrote in that generation; generation 0 is what it was installed with. A trim writes zeroes."""
    stamp = f"{seed}/{disk}/{generation}"
    grains = size_bytes // GRAIN_BYTES
    cells = CELLS if generation == 0 else WRITES
    runs: list[Run] = []
    for cell, (place, size) in enumerate(zip(*[iter(numbers(stamp, 2 * cells))] * 2, strict=True)):
        room = grains // cells
        length = max(1, min(room, 1 + size % max(1, room if generation == 0 else room // 6)))
        at = cell * room + place % max(1, room - length + 1)
        trimmed = generation > 0 and cell == generation % cells
        runs.append(Run(at * GRAIN_BYTES, length * GRAIN_BYTES, "" if trimmed else stamp))
    return [run for run in runs if run.end <= size_bytes]


@lru_cache(maxsize=4096)
def content_at(seed: int, disk: str, size_bytes: int, generation: int) -> Content:
    """A source disk's content: all generations up to that one, one over the other."""
    if generation < 0:
        return Content(size_bytes)
    before = content_at(seed, disk, size_bytes, generation - 1)
    return before.put(written(seed, disk, size_bytes, generation))


def changed(seed: int, disk: str, size_bytes: int, since: int, until: int) -> list[Extent]:
    """What was written after generation `since`, up to `until`: extents in order; trims are told as zero."""
    touched = Content(size_bytes)
    for generation in range(since + 1, until + 1):
        touched = touched.put(
            Run(run.offset, run.length, run.stamp or "trimmed") for run in written(seed, disk, size_bytes, generation)
        )
    return [Extent(run.offset, run.length, run.stamp == "trimmed") for run in touched.runs]
