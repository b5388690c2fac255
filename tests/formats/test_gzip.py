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
    data = gzip.compress(bytes(20 << 20))
    sizes = [len(piece) for piece in inflated(iter([data]), "x")]
    assert sum(sizes) == 20 << 20
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


@given(st.data())
def test_whatever_the_bytes_only_our_error_comes_out_and_no_piece_is_large(data: st.DataObject) -> None:
    made = bytearray(gzip.compress(bytes(200_000) + b"text " * 1000) + gzip.compress(b"more"))
    for _ in range(data.draw(st.integers(0, 5))):
        made[data.draw(st.integers(0, len(made) - 1) | st.integers(0, 12))] = data.draw(st.integers(0, 255))
    wrong = bytes(made[: data.draw(st.just(len(made)) | st.integers(0, len(made)))]) + data.draw(st.binary(max_size=20))
    out = 0
    try:
        for piece in inflated(cut(wrong, data.draw(st.integers(1, 500))), "x"):
            assert 0 < len(piece) <= PIECE_BYTES
            out += len(piece)
    except MtvError as error:
        assert error.fault.code == "gzip.damaged"  # noqa: PT017
    assert out <= 1100 * len(wrong), "deflate's own limit is 1032"
