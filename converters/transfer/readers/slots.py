"""A buffer for one block in flight: page-aligned memory that is used again, and a fast look for zeroes in it."""

import ctypes
import mmap
from collections.abc import Iterator

from mtv.converters.transfer.extents import Block

GRAIN_BYTES = 64 << 10  # holes are made in this grain: as qcow2's clusters, and as fine as storage gains by
WORD_BYTES = 8
_ZEROES = bytes(1 << 20)
# PyDLL keeps the interpreter's lock: a compare of random bytes takes 0.1 us, giving the lock away costs up to 5 ms.
_memcmp = ctypes.PyDLL(None).memcmp
_memcmp.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
_zeroes_at = ctypes.cast(ctypes.c_char_p(_ZEROES), ctypes.c_void_p).value


class Slot:
    """Memory is taken from the system only as far as it is written."""

    def __init__(self, size_bytes: int) -> None:
        self._use(mmap.mmap(-1, size_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))

    @classmethod
    def of(cls, data: bytearray) -> "Slot":
        """Around bytes that were read already."""
        made = cls.__new__(cls)
        made._use(data)
        return made

    def _use(self, memory: mmap.mmap | bytearray) -> None:
        self._memory = memory
        self.view = memoryview(self._memory)
        self._words = self.view[: len(memory) - len(memory) % WORD_BYTES].cast("Q")
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))

    def parts(self, block: Block) -> Iterator[tuple[int, memoryview]]:
        """Where each piece of that block is to be read into; what lies between them is zeroed."""
        end = 0
        for offset, length in block.pieces:
            start = offset - block.offset
            self.clear(end, start)
            end = start + length
            yield offset, self.view[start:end]
        self.clear(end, block.length)

    def clear(self, start: int, end: int) -> None:
        while start < end:
            step = min(end - start, len(_ZEROES))
            self.view[start : start + step] = _ZEROES[:step]
            start += step

    def is_zero(self, start: int, length: int) -> bool:
        return not _memcmp(self._address + start, _zeroes_at, length)

    def runs(self, block: Block) -> Iterator[tuple[int, int, bool]]:
        """Start, length and whether it is zero, over all of a block: what lies between its pieces is, and so are
        whole grains of them that hold nothing. Like neighbours are merged."""
        if self._is_dense(block):
            yield 0, block.length, False
            return
        first, end, kind = 0, 0, True
        for start, length, is_zero in self._grains(block):
            if is_zero != kind:
                if end > first:
                    yield first, end - first, kind
                first, kind = start, is_zero
            end = start + length
        if end > first:
            yield first, end - first, kind

    def _is_dense(self, block: Block) -> bool:
        """Whether the first word of each grain says already that it holds something: so it is with most data. 1 us,
        and a look at every grain takes 17, where a copy has 600 in all."""
        if len(block.pieces) != 1 or block.pieces[0][1] != block.length or block.length % GRAIN_BYTES:
            return False
        return 0 not in self._words[: block.length // WORD_BYTES : GRAIN_BYTES // WORD_BYTES].tolist()

    def _grains(self, block: Block) -> Iterator[tuple[int, int, bool]]:
        end = 0
        for offset, length in block.pieces:
            start = offset - block.offset
            if start > end:
                yield end, start - end, True
            end = start + length
            while start < end:
                stop = min(end, (start // GRAIN_BYTES + 1) * GRAIN_BYTES)
                yield start, stop - start, self.is_zero(start, stop - start)
                start = stop
        if block.length > end:
            yield end, block.length - end, True
