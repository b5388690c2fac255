"""gzip, inflated in bounded pieces."""

import gzip
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError
from mtv.formats.gzip import PIECE_BYTES, inflated


def cut(data: bytes, step: int) -> Iterator[bytes]:
    return (data[at : at + step] for at in range(0, len(data), step))


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 5000), st.booleans())
def test_several_members_in_any_pieces_are_one_stream(members: list[bytes], step: int, padding: bool) -> None:
    data = b"".join(gzip.compress(one) for one in members) + bytes(700 if padding else 0)
    assert b"".join(inflated(cut(data, step), "x")) == b"".join(members)


def test_pieces_stay_small_whatever_the_ratio() -> None:
    data = gzip.compress(bytes(50 << 20))
    sizes = [len(piece) for piece in inflated(iter([data]), "x")]
    assert sum(sizes) == 50 << 20
    assert max(sizes) <= PIECE_BYTES


def test_a_damaged_or_cut_off_stream_is_told() -> None:
    content = random.Random(4).randbytes(100_000)
    data = gzip.compress(content)
    for wrong in (b"", data[:-1], data[: len(data) // 2], b"no gzip at all", data + b"rubbish"):
        with pytest.raises(MtvError, match="x: the gzip stream is damaged") as caught:
            list(inflated(cut(wrong, 4096), "x"))
        assert caught.value.fault.code == "gzip.damaged"
    flipped = bytearray(data)
    flipped[-6] ^= 1  # its checksum
    with pytest.raises(MtvError):
        list(inflated(cut(bytes(flipped), 4096), "x"))
