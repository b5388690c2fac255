"""What is done with a block that was read: hashed, compared where the target may hold it already, written where it is
not zero, made a hole where it is, and noted for the journal."""

import threading

from mtv.converters.transfer.extents import Block
from mtv.converters.transfer.journal.known import Known
from mtv.converters.transfer.journal.ledger import Ledger
from mtv.converters.transfer.journal.records import Kind, Record
from mtv.converters.transfer.meter import Meter
from mtv.converters.transfer.readers.slots import Slot
from mtv.converters.transfer.tables import digest, zero_digest
from mtv.converters.transfer.targets.raw import Target
from mtv.model.tasks import BLOCK_BYTES


class Taking:
    """Called by several threads at once, each with its own slot. `is_empty`: the volume is new and reads as zeroes
    wherever we have not written. `compares`: the target may hold the same bytes already, from an earlier epoch."""

    def __init__(
        self, target: Target, known: Known, ledger: Ledger, meter: Meter, *, pass_: int, is_empty: bool, compares: bool
    ) -> None:
        self._target = target
        self._known = known
        self._ledger = ledger
        self._meter = meter
        self._pass = pass_
        self._is_empty = is_empty
        self._compares = compares
        self._other = threading.local()  # what the target holds, a slot for each thread

    def __call__(self, block: Block, slot: Slot) -> None:
        data = slot.view[: block.length]
        found = digest(data)
        self._meter.read(block.piece_bytes)
        if self._is_known(block, found):
            self._ledger.settle(block)
            return
        if not (self._compares and self._target_has(block, found)):
            self._write(block, slot, found)
        kind = Kind.BLOCK if self._is_whole(block) else Kind.PIECE
        self._ledger.note(Record(kind, self._pass, block.offset, block.length, found))

    def _is_whole(self, block: Block) -> bool:
        number, rest = divmod(block.offset, BLOCK_BYTES)
        return not rest and block.length == self._known.table.length(number)

    def _is_known(self, block: Block, found: bytes) -> bool:
        """A stream is read again from its beginning: what it said before is not written again."""
        number = block.offset // BLOCK_BYTES
        return self._is_whole(block) and number in self._known.done and self._known.table.matches(number, found)

    def _target_has(self, block: Block, found: bytes) -> bool:
        if not hasattr(self._other, "slot"):
            self._other.slot = Slot(BLOCK_BYTES)
        view = self._other.slot.view[: block.length]
        self._target.read_into(block.offset, view)
        return digest(view) == found

    def _write(self, block: Block, slot: Slot, found: bytes) -> None:
        if found == zero_digest(block.length):
            if not self._is_empty:
                self._target.zero(block.offset, block.length)
            return
        for start, length, is_zero in slot.runs(block):
            if not is_zero:
                self._target.write(block.offset + start, slot.view[start : start + length])
                self._meter.wrote(length)
            elif not self._is_empty:
                self._target.zero(block.offset + start, length)
