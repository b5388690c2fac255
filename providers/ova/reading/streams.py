"""Compressed members that are read once, from front to end: gzip of a raw image or of a streamOptimized VMDK."""

from collections.abc import Iterator

from mtv.errors import MtvError
from mtv.formats import vmdk_stream
from mtv.formats.gzip import inflated
from mtv.providers.ova.reading.pieces import STEP_BYTES, Pieces
from mtv.providers.ova.reading.stored import Stored


def compressed(pieces: Pieces) -> Iterator[bytes]:
    """The member's bytes as they lie."""
    for offset in range(0, pieces.size, STEP_BYTES):
        yield pieces.read(offset, min(STEP_BYTES, pieces.size - offset))


class GzipRaw:
    """Blocks of 1 MiB at whole MiB; those that are all zero are skipped."""

    def __init__(self, pieces: Pieces, image: Stored) -> None:
        self.size_bytes, self._pieces, self._what = image.size_bytes, pieces, image.what

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        zeroes, block, offset = bytes(STEP_BYTES), bytearray(), 0
        for piece in inflated(compressed(self._pieces), self._what):
            block += piece
            if offset + len(block) > self.size_bytes:
                raise self._wrong("more")
            while len(block) >= STEP_BYTES:
                whole = bytes(block[:STEP_BYTES])
                del block[:STEP_BYTES]
                if whole != zeroes:
                    yield offset, whole
                offset += STEP_BYTES
        if -(-(offset + len(block)) // 512) * 512 != self.size_bytes:
            raise self._wrong(f"{offset + len(block)}")
        if block:
            yield offset, bytes(block)

    def close(self) -> None:
        self._pieces.close()

    def _wrong(self, found: str) -> MtvError:
        text = f"{self._what}: it expands to {found} bytes, {self.size_bytes} were promised"
        return MtvError("gzip.size", text, "it is damaged: fetch it, or export the VM, again")


class GzipVmdk:
    """Grains of a stream, in order."""

    def __init__(self, pieces: Pieces, image: Stored) -> None:
        self.size_bytes, self._pieces, self._what = image.size_bytes, pieces, image.what

    def chunks(self) -> Iterator[tuple[int, bytes]]:
        feed = vmdk_stream.Feed(inflated(compressed(self._pieces), self._what), self._what)
        for offset, content in vmdk_stream.grains(feed, self.size_bytes):
            yield offset, content[: self.size_bytes - offset]

    def close(self) -> None:
        self._pieces.close()
