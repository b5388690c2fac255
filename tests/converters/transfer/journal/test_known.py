"""What a journal knows, and how a pass may begin: going on is allowed only where nothing can have changed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer.journal import known, records
from mtv.converters.transfer.journal.known import Epoch, Known, Mode, begin
from mtv.converters.transfer.journal.records import Journal, Kind, Record
from mtv.converters.transfer.tables import digest
from mtv.errors import MtvError
from mtv.model.tasks import BLOCK_BYTES

SIZE = 3 * BLOCK_BYTES + 100


def epoch(source: str = "s1", target: str = "t1", mode: Mode = "fresh", pass_: int = 0) -> Epoch:
    return Epoch(pass_=pass_, source=source, target=target, mode=mode)


def block(number: int, found: bytes = b"h" * 32) -> Record:
    length = min(BLOCK_BYTES, SIZE - number * BLOCK_BYTES)
    return Record(Kind.BLOCK, 0, number * BLOCK_BYTES, length, found)


def close(looks: str) -> Record:
    return Record(Kind.CLOSE, 0, 0, 0, note={"looks": looks})


SEAL = Record(Kind.SEAL, 0, 0, 0, note={})


def after(*rows: Record) -> Known:
    found = Known(SIZE)
    for row in rows:
        assert found.fits(row)
        found.apply(row)
    return found


sources, targets, modes = (
    st.sampled_from(["s1", "s2"]),
    st.sampled_from(["t1", "t2"]),
    st.sampled_from(["fresh", "delta"]),
)


@given(sources, targets, modes, st.booleans(), st.sampled_from(["l1", "l2"]), st.booleans(), st.booleans())
def test_nothing_is_gone_on_with_that_may_have_changed(
    source: str, target: str, mode: Mode, is_complete: bool, looks: str, is_closed: bool, zeroed: bool
) -> None:
    rows = [epoch().record(), block(0), *([SEAL] if is_complete else []), *([close("l1")] if is_closed else [])]
    beginning = begin(after(*rows), epoch(source, target, mode), zeroed, looks)
    goes_on = beginning.epoch is None
    assert goes_on == (source == "s1" and target == "t1")
    if goes_on or beginning.mode == "delta":
        assert beginning.check == (not is_closed or looks != "l1")
    if beginning.mode == "delta":
        assert mode == "delta"
        assert is_complete
        assert target == "t1"
    if beginning.mode == "fresh":
        assert goes_on or (zeroed and target == "t2")


def test_without_a_journal_only_a_new_volume_is_believed_empty() -> None:
    assert begin(Known(SIZE), epoch(), True, "l").mode == "fresh"
    assert begin(Known(SIZE), epoch(), False, "l").mode == "resync"


def test_a_new_epoch_forgets_and_a_delta_keeps() -> None:
    found = after(epoch().record(), block(0), block(1), SEAL)
    assert found.complete
    found.apply(epoch("s2", mode="delta", pass_=1).record())
    assert found.table.get(0) == b"h" * 32
    assert not found.complete
    assert 0 not in found.done
    found.apply(epoch("s3", mode="resync").record())
    assert list(found.table.present()) == []


def test_a_piece_makes_its_block_stale_until_it_is_hashed_whole() -> None:
    found = after(epoch().record(), block(0), SEAL, epoch("s2", mode="delta", pass_=1).record())
    data = bytes(1000) + b"n" * 10 + bytes(BLOCK_BYTES - 1010)
    found.apply(Record(Kind.PIECE, 1, 1000, 10, digest(b"n" * 10)))
    assert found.stale == {0}
    assert found.holds(1000, 10)
    assert found.same(0, memoryview(data))
    assert not found.same(0, memoryview(bytes(BLOCK_BYTES)))
    found.apply(block(0, digest(data)))
    assert found.stale == set()
    assert found.same(0, memoryview(data))


def test_a_lost_block_is_to_be_copied_again() -> None:
    found = after(epoch().record(), block(1), SEAL)
    found.apply(Record(Kind.LOST, 0, BLOCK_BYTES, BLOCK_BYTES))
    assert not found.complete
    assert not found.holds(BLOCK_BYTES, BLOCK_BYTES)


def test_what_a_delta_lost_only_a_comparison_of_all_can_mend() -> None:
    rows = [epoch().record(), block(1), SEAL, epoch("s2", mode="delta", pass_=1).record(), SEAL]
    lost = Record(Kind.LOST, 1, BLOCK_BYTES, BLOCK_BYTES)
    assert begin(after(*rows), epoch("s2", mode="delta", pass_=1), False, "l").epoch is None
    assert begin(after(*rows, lost), epoch("s2", mode="delta", pass_=1), False, "l").mode == "resync"


@pytest.mark.parametrize(
    "row",
    [Record(Kind.BLOCK, 0, 1, BLOCK_BYTES), Record(Kind.BLOCK, 0, 4 * BLOCK_BYTES, 1), Record(Kind.PIECE, 0, SIZE, 1),
     Record(Kind.BLOCK, 0, 3 * BLOCK_BYTES, BLOCK_BYTES), Record(Kind.PIECE, 0, 0, 0),
     Record(Kind.EPOCH, 0, 0, 0, note={"source": "s"}), Record(Kind.LOST, 0, 1 << 60, BLOCK_BYTES)],
)  # fmt: skip
def test_what_cannot_be_about_the_disk_ends_the_journal(tmp_path: Path, row: Record) -> None:
    path = records.path(tmp_path, "d")
    book = Journal(path, 0)
    book.append([epoch().record(), block(0), row, block(1), SEAL])
    book.close()
    found = known.read(path, SIZE)
    assert list(found.table.present()) == [0]
    assert not found.complete


def test_a_table_is_given_of_complete_copies_only(tmp_path: Path) -> None:
    book = Journal(records.path(tmp_path, "d"), 0)
    book.append([epoch().record(), block(0)])
    with pytest.raises(MtvError, match="does not say that disk d was copied to its end"):
        known.table_from_journal(tmp_path, "d", SIZE)
    book.append([SEAL])
    book.close()
    assert list(known.table_from_journal(tmp_path, "d", SIZE).present()) == [0]
