"""One disk from its source to its target: begin as the journal allows, read what is not known yet, empty what the
source does not hold, seal. A source that breaks off is opened again; whatever stops the copy, what is durable is
written down."""

from collections.abc import Callable, Iterator

from mtv.converters.transfer import comparing
from mtv.converters.transfer.disks import Share
from mtv.converters.transfer.extents import Block, ExtentList, blocks, delta, slices
from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.journal.known import Beginning, Epoch
from mtv.converters.transfer.journal.ledger import Ledger
from mtv.converters.transfer.journal.records import Journal, Kind, Record
from mtv.converters.transfer.opening import Reconnects, open_source
from mtv.converters.transfer.readers.feed import Feed, Survey
from mtv.converters.transfer.readers.rate import Bucket
from mtv.converters.transfer.readers.source import Source
from mtv.converters.transfer.taking import Taking
from mtv.converters.transfer.targets import raw
from mtv.converters.transfer.targets.raw import Target
from mtv.converters.transfer.targets.served import open_target
from mtv.errors import Cancelled, Held, MtvError, Temporary
from mtv.model.estate import Facts, Json
from mtv.model.tasks import BLOCK_BYTES, ROOT_SPAN_BYTES


def copy(share: Share) -> Facts:
    """Afterwards the volume holds the export's bytes, durably, and the journal says so."""
    if share.disk.export and share.disk.export.size_bytes > share.volume.size_bytes:
        found, needed = share.volume.size_bytes, share.disk.export.size_bytes
        raise MtvError("target.too-small", f"the volume has {found} bytes, the source has {needed} by now",
                       "refresh the source, and plan the VM anew")  # fmt: skip
    path = records.path(share.job.scratch, share.disk.id)
    seen = known.read(path, share.volume.size_bytes)
    looks = raw.looks(share.volume)
    book = Journal(path, seen.end)
    work: _Copy | None = None
    try:
        with open_target(share.volume, share.job.folder / "servers") as target:
            work = _Copy(share, target, seen, book)
            work.run(known.begin(seen, _epoch(share, target), share.volume.zeroed, looks))
    except Held as error:
        raise _with_need(error, share) from error
    finally:
        if work and work.is_sound:
            book.append([Record(Kind.CLOSE, share.job.task.pass_, 0, 0, note={"looks": raw.looks(share.volume)})])
        book.close()
    return work.facts()


def _with_need(error: Held, share: Share) -> Held:
    if error.fault.code != "target.no-space":
        return error
    told = share.meter.progress
    left_mib = -(-(told.total_bytes - told.done_bytes) >> 20)
    about = "" if told.counted else "at least "
    text = f"{error.fault.text}, and {about}{left_mib} MiB of data are still to be written"
    return Held(error.fault.code, text, error.fault.hint)


def _epoch(share: Share, target: Target) -> Epoch:
    """What this pass would be if nothing were known."""
    export = share.disk.export
    is_delta = share.disk.extents is not None and export is not None and export.kind == "random"
    mode: known.Mode = "delta" if is_delta else "fresh"
    return Epoch(pass_=share.job.task.pass_, source=known.source_of(export), target=target.identity, mode=mode)


class _Copy:
    """A pass under way."""

    def __init__(self, share: Share, target: Target, seen: known.Known, book: Journal) -> None:
        self._share = share
        self._target = target
        self._known = seen
        self._book = book
        self._pass = share.job.task.pass_
        self._size_bytes = share.volume.size_bytes
        self._mode: known.Mode = "fresh"
        self._is_empty = False
        self._checked: Facts = {}
        self.is_sound = False  # the journal tells what is at the target, as far as we know

    def run(self, beginning: Beginning) -> None:
        self._mode = beginning.mode
        if beginning.check:
            self._check(beginning)
        self.is_sound = True
        if beginning.epoch and self._mode == beginning.mode:
            self._enter(beginning.epoch)
            self._is_empty = self._mode == "fresh"
        if not self._known.complete:
            self._copy()
            self._empty_the_rest()
            self.is_sound = False  # a flush that fails may have lost what an earlier one promised
            self._target.flush()
            self.is_sound = True
            self._write(Record(Kind.SEAL, self._pass, 0, 0, note={}))

    def _write(self, *rows: Record) -> None:
        self._book.append(rows)
        for record in rows:
            self._known.apply(record)

    def _enter(self, epoch: Epoch) -> None:
        self._mode = epoch.mode
        self._write(epoch.record())

    def _check(self, beginning: Beginning) -> None:
        """Hold the journal against the target. What does not fit is copied again; under a delta, everything is
        compared, for the source will not tell that part once more."""
        wrong = self._wrong_blocks(beginning)
        if wrong and self._mode == "delta":
            assert self._known.epoch
            was = beginning.epoch or self._known.epoch
            self._enter(Epoch(pass_=self._pass, source=was.source, target=was.target, mode="resync"))
        elif wrong:
            self._write(*(Record(Kind.LOST, self._pass, block * BLOCK_BYTES, self._length(block)) for block in wrong))

    def _length(self, block: int) -> int:
        return self._known.table.length(block)

    def _wrong_blocks(self, beginning: Beginning) -> list[int]:
        seen, share = self._known, self._share
        asked = comparing.wanted(seen.table, self._target.data(), seen.stale)
        unsure = self._unsure(seen, beginning)
        numbers = [block for block in asked if block not in unsure]
        share.meter.begin("check", total_bytes=sum(map(self._length, numbers)))
        reader = Source(raw.Readable(self._target, self._size_bytes), share.limits)
        found = comparing.whole_blocks(numbers, seen.table)
        unlimited = Bucket(lambda: None, share.stopping)  # the limit is the source's, and this is the target
        return comparing.differing(reader, found, seen.same, unlimited, share.stopping, share.meter)

    def _unsure(self, seen: known.Known, beginning: Beginning) -> known.Bitmap:
        """Blocks of which the journal cannot say what they hold: not copied yet, or half of a delta under way."""
        found = known.Bitmap(seen.table.blocks)
        if self._mode == "delta" and not beginning.epoch:
            for block in self._delta():
                if block.offset // BLOCK_BYTES not in seen.stale:
                    found.add(block.offset // BLOCK_BYTES)
        elif self._mode != "delta" and not seen.complete:
            for number in range(seen.table.blocks):
                if number not in seen.done:
                    found.add(number)
        return found

    def _copy(self) -> None:
        reconnects = Reconnects(self._share)
        while True:
            before = self._share.meter.read_bytes
            try:
                return self._read_all()
            except Temporary as error:
                reconnects.recover(error, self._share.meter.read_bytes - before)

    def _read_all(self) -> None:
        share = self._share
        ledger = Ledger(self._book, self._target, self._known, share.limits, self._tell_root)

        def stopping() -> bool:
            return ledger.error is not None or share.stopping()

        taking = Taking(
            self._target, self._known, ledger, share.meter,
            pass_=self._pass, is_empty=self._is_empty, compares=self._mode == "resync",
        )  # fmt: skip
        share.meter.begin("copy")
        try:
            with open_source(self._share) as source:
                if source.is_stream:
                    source.pour(Feed(iter(()), share.bucket, stopping), ledger.expect, taking)
                    share.meter.count_done()
                    self._checked = source.checked
                else:
                    self._read(source, ledger, taking, stopping)
        finally:
            ledger.close()
            if ledger.error:
                self.is_sound = False
                raise ledger.error
        if share.stopping():
            raise Cancelled("worker.stopped", "told to stop")

    def _read(self, source: Source, ledger: Ledger, taking: Taking, stopping: Callable[[], bool]) -> None:
        survey = None
        if self._mode == "delta":
            units = self._delta()
        else:
            survey = Survey(source.extents(), stopping)
            units = blocks(survey, self._size_bytes, BLOCK_BYTES)
        try:
            source.read(Feed(self._new(units, survey, ledger), self._share.bucket, stopping), taking)
        finally:
            if survey:
                survey.close()

    def _delta(self) -> Iterator[Block]:
        return delta(self._share.disk.extents or (), self._size_bytes, BLOCK_BYTES)

    def _new(self, units: Iterator[Block], survey: Survey | None, ledger: Ledger) -> Iterator[Block]:
        """The units that the journal does not hold yet."""
        meter = self._share.meter
        if not survey:
            meter.total(sum(unit.piece_bytes for unit in self._delta()))
        for unit in units:
            if survey:
                meter.total(survey.found.total_bytes, survey.complete)
            if self._known.holds(unit.offset, unit.length):
                meter.advance(unit.piece_bytes)
            else:
                ledger.expect(unit)
                yield unit
        if survey:
            meter.total(survey.found.total_bytes)

    def _tell_root(self, span: int) -> None:
        data: dict[str, Json] = {"disk": self._share.disk.id, "pass": self._pass, "offset": span * ROOT_SPAN_BYTES}
        self._share.job.say("root", {**data, "root": self._known.table.span_root(span)})

    def _empty_the_rest(self) -> None:
        """What the target holds where the source holds nothing: of a volume that was not new."""
        if self._is_empty or self._mode == "delta":
            return
        for offset, length in ExtentList(self._leftovers()):
            self._target.zero(offset, length)

    def _leftovers(self) -> Iterator[tuple[int, int]]:
        for block in slices(self._target.data(), BLOCK_BYTES):
            if block.offset // BLOCK_BYTES not in self._known.done:
                yield block.offset, block.length

    def facts(self) -> Facts:
        meter, seen = self._share.meter, self._known
        return {
            "data_bytes": seen.table.data_bytes,
            "root": "" if seen.stale else seen.table.root(),
            "read_bytes": meter.read_bytes,
            "written_bytes": meter.written_bytes,
            "mode": self._mode,
            "checked": dict(self._checked),
        }
