"""Hash tables: what reads as zeroes is absent, roots tell any difference, the side file comes back equal or not at
all."""

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.transfer import hashfile
from mtv.converters.transfer.tables import ABSENT, HashTable, digest, disk_table, root_of, with_changes, zero_digest
from mtv.errors import Refused
from mtv.model.tasks import BLOCK_BYTES, ROOT_SPAN_BYTES

SIZE = 2 * ROOT_SPAN_BYTES + 3 * BLOCK_BYTES + 5  # three spans, the last block five bytes long
blocks = st.dictionaries(st.integers(0, SIZE // BLOCK_BYTES), st.binary(min_size=32, max_size=32), max_size=20)


def table(hashes: dict[int, bytes]) -> HashTable:
    made = HashTable(SIZE)
    for block, known in hashes.items():
        made.put(block, known)
    return made


@given(blocks)
def test_spans_and_the_side_file_come_back_equal(hashes: dict[int, bytes]) -> None:
    made = table(hashes)
    again = HashTable(SIZE)
    for span in made.data_spans():
        again.put_span(span, made.span(span))
    assert list(again.differing(made)) == []
    assert again.root() == made.root() == root_of(SIZE, made.roots())
    assert list(made.present()) == sorted(block for block, known in hashes.items() if known != ABSENT)


@given(blocks, st.integers(0, SIZE // BLOCK_BYTES), st.binary(min_size=32, max_size=32))
def test_any_other_hash_is_another_root(hashes: dict[int, bytes], block: int, other: bytes) -> None:
    made = table(hashes)
    changed = table({**hashes, block: other})
    assert (changed.root() == made.root()) == (made.get(block) == other)
    assert list(made.differing(changed)) == ([] if made.get(block) == other else [block])


def test_a_block_of_zeroes_is_absent_also_at_the_end() -> None:
    made = HashTable(SIZE)
    last = made.blocks - 1
    made.put(0, digest(bytes(BLOCK_BYTES)))
    made.put(last, digest(bytes(5)))
    assert list(made.present()) == []
    assert made.matches(last, zero_digest(5))
    assert not made.matches(last, zero_digest(BLOCK_BYTES))
    assert made.root() == HashTable(SIZE).root() != HashTable(SIZE - 1).root()


def test_changed_blocks_are_hashed_again_each_once() -> None:
    draw = random.Random(1)
    old = {block: draw.randbytes(32) for block in (0, 1, 2, 300)}
    asked = []

    def read(offset: int, view: memoryview) -> None:
        asked.append(offset)
        view[:] = b"n" * len(view)

    extents = [(BLOCK_BYTES + 5, 10), (BLOCK_BYTES + 900, 4), (BLOCK_BYTES * 2 - 1, 2), (SIZE - 1, 1)]
    made = with_changes(table(old), extents, read)
    last = SIZE // BLOCK_BYTES
    assert asked == [BLOCK_BYTES, 2 * BLOCK_BYTES, last * BLOCK_BYTES]
    assert list(made.differing(table(old))) == [1, 2, last]
    assert made.get(last) == digest(b"n" * 5)


def test_a_receipts_table_says_sizes_and_roots() -> None:
    told = disk_table(table({0: b"a" * 32, 256: b"b" * 32}), "disk-1", "disk0.raw")
    assert told.data_bytes == 2 * BLOCK_BYTES
    assert len(told.roots) == 3
    assert told.roots[2] == ""
    assert told.root == root_of(SIZE, told.roots)


def test_the_side_file_holds_many_tables(tmp_path: Path) -> None:
    kept = {"copied/a": table({1: b"a" * 32}), "handed_over/a": table({1: b"b" * 32, 500: b"c" * 32})}
    kept |= {"copied/ü": HashTable(0)}
    hashfile.write(tmp_path / "h", kept)
    found = hashfile.read(tmp_path / "h")
    assert {name: one.root() for name, one in found.items()} == {name: one.root() for name, one in kept.items()}
    assert (tmp_path / "h").read_bytes() == hashfile.to_bytes(kept)
    assert [path.name for path in tmp_path.iterdir()] == ["h"]


@given(st.data())
def test_a_damaged_side_file_is_refused(data: st.DataObject) -> None:
    kept = bytearray(hashfile.to_bytes({"copied/a": table({1: b"a" * 32, 300: b"b" * 32})}))
    place = data.draw(st.integers(0, len(kept) - 1))
    how = data.draw(st.sampled_from(["flip", "cut", "more"]))
    if how == "flip":
        kept[place] ^= 1 << data.draw(st.integers(0, 7))
    damaged = bytes(kept[:place] if how == "cut" else kept + b"x" if how == "more" else kept)
    with pytest.raises(Refused, match="damaged"):
        _read(damaged)


def _read(data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        hashfile.read(Path(file.name))


@pytest.mark.parametrize(
    "header",
    [
        b"[]" * (1 << 20),
        b'[{"name":"a","size_bytes":-1,"spans":0}]',
        b'[{"name":"a","size_bytes":9e99,"spans":1}]',
        b'[{"name":"a","size_bytes":1e400,"spans":1}]',
        b'[{"name":"a","size_bytes":1,"spans":99999999999}]',
        b"{}x",
        b"[1]",
        b"[[[[",
        b"[" * 100_000,
    ],
)
def test_a_hostile_header_is_refused(header: bytes) -> None:
    with pytest.raises(Refused, match="damaged"):
        _read(hashfile.MAGIC + len(header).to_bytes(4, "little") + header + bytes(64))
