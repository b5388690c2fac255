"""The journal as a file: every record comes back, a torn or damaged end never happened."""

import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer.journal import records
from mtv.converters.transfer.journal.records import NOTES, Journal, Kind, Record

notes = st.dictionaries(st.text(max_size=8), st.text(max_size=60), max_size=4)


@st.composite
def rows(draw: st.DrawFn) -> Record:
    kind, pass_ = draw(st.sampled_from(Kind)), draw(st.integers(0, 1000))
    if kind in NOTES:
        return Record(kind, pass_, 0, 0, note=draw(notes))
    return Record(kind, pass_, draw(st.integers(0, 1 << 63)), draw(st.integers(0, 1 << 40)),
                  draw(st.binary(min_size=32, max_size=32)))  # fmt: skip


def decoded(data: bytes) -> list[Record]:
    return [record for record, _ in records.decode(io.BytesIO(data))]


def told(record: Record) -> tuple[object, ...]:
    if record.kind in NOTES:
        return record.kind, record.pass_, record.note
    return record.kind, record.pass_, record.offset, record.length, record.hash


@given(st.lists(rows(), max_size=8))
def test_records_come_back(found: list[Record]) -> None:
    data = b"".join(map(records.encode, found))
    assert len(data) % records.RECORD_BYTES == 0
    assert list(map(told, decoded(data))) == list(map(told, found))


@given(st.lists(rows(), min_size=1, max_size=8), st.data())
def test_a_torn_end_is_cut_where_the_last_whole_record_ends(found: list[Record], data: st.DataObject) -> None:
    whole = [records.encode(record) for record in found]
    kept = data.draw(st.integers(0, sum(map(len, whole))))
    sound = 0
    while sound < len(whole) and sum(map(len, whole[: sound + 1])) <= kept:
        sound += 1
    assert list(map(told, decoded(b"".join(whole)[:kept]))) == list(map(told, found[:sound]))


@given(st.lists(rows(), min_size=1, max_size=8), st.data())
def test_one_flipped_bit_ends_it_there(found: list[Record], data: st.DataObject) -> None:
    text = bytearray(b"".join(map(records.encode, found)))
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] ^= 1 << data.draw(st.integers(0, 7))
    read = list(map(told, decoded(bytes(text))))
    assert read == list(map(told, found))[: len(read)] or len(read) == len(found)  # padding holds nothing
    assert all(one in list(map(told, found)) for one in read)


def test_appending_goes_on_after_the_sound_part(tmp_path: Path) -> None:
    path = records.path(tmp_path, "any/../key\n")
    assert path.parent.parent == tmp_path
    first, second = Record(Kind.BLOCK, 0, 0, 4096, b"a" * 32), Record(Kind.SEAL, 0, 0, 0, note={})
    book = Journal(path, 0)
    book.append([first])
    book.close()
    end = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"torn")
    book = Journal(path, end)
    book.append([second])
    book.close()
    assert list(map(told, decoded(path.read_bytes()))) == [told(first), told(second)]
    assert path.stat().st_mode & 0o777 == 0o600
