"""WebSocket frames: any bytes, in any pieces."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError
from mtv.providers.kubevirt.engine.frames import (
    BINARY,
    CLOSE,
    CONTINUED,
    LAST,
    MESSAGE_LIMIT_BYTES,
    PING,
    TEXT,
    Frames,
    encode,
    masked,
)

MASK = b"\x01\x02\x03\x04"


def served(kind: int, data: bytes, last: bool = True) -> bytes:
    """As a server sends it: unmasked."""
    size = len(data)
    more = b"" if size < 126 else size.to_bytes(2 if size < 1 << 16 else 8, "big")
    return bytes([(LAST if last else 0) | kind, {0: size, 2: 126, 8: 127}[len(more)]]) + more + data


def fed(data: bytes, cuts: Sequence[int]) -> list[tuple[int, bytes]]:
    frames, found, start = Frames(), [], 0
    for cut in [*sorted(one % (len(data) + 1) for one in cuts), len(data)]:
        found += list(frames.feed(data[start:cut]))
        start = cut
    return found


@given(st.lists(st.tuples(st.sampled_from([TEXT, BINARY]), st.binary(max_size=300))), st.lists(st.integers(0, 9999)))
def test_messages_arrive_whole_however_they_are_cut(said: list[tuple[int, bytes]], cuts: list[int]) -> None:
    assert fed(b"".join(served(kind, data) for kind, data in said), cuts) == said


@given(st.binary(max_size=300), st.binary(max_size=300), st.lists(st.integers(0, 999)))
def test_a_message_in_two_frames_with_a_ping_between(one: bytes, two: bytes, cuts: list[int]) -> None:
    data = served(BINARY, one, last=False) + served(PING, b"x") + served(CONTINUED, two)
    assert fed(data, cuts) == [(PING, b"x"), (BINARY, one + two)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 999)))
def test_any_bytes_are_messages_or_a_named_error(data: bytes, cuts: list[int]) -> None:
    try:
        found = fed(data, cuts)
    except MtvError as error:
        found = []
        assert "WebSocket" in error.fault.text  # noqa: PT017 - either is right
    assert sum(len(content) for _, content in found) <= len(data)


@given(st.binary(max_size=70_000), st.binary(min_size=4, max_size=4))
def test_what_we_send_is_masked_and_as_long_as_it_says(data: bytes, mask: bytes) -> None:
    sent = encode(BINARY, data, mask)
    size, head = sent[1] & 0x7F, 2
    if size > 125:
        more = {126: 2, 127: 8}[size]
        size, head = int.from_bytes(sent[2 : 2 + more], "big"), 2 + more
    assert (sent[0], sent[1] & 0x80, size) == (LAST | BINARY, 0x80, len(data))
    assert sent[head : head + 4] == mask
    assert bytes(one ^ mask[at % 4] for at, one in enumerate(sent[head + 4 :])) == data
    assert masked(masked(data, mask), mask) == data


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK", served(CONTINUED, b"x"), served(BINARY, b"a", last=False) + served(BINARY, b"b"),
        served(PING, b"x", last=False), served(CLOSE, bytes(126)), encode(BINARY, b"masked", MASK),
        bytes([LAST | BINARY, 127]) + (MESSAGE_LIMIT_BYTES + 1).to_bytes(8, "big"), bytes([LAST | BINARY | 0x40, 0]),
        served(BINARY, bytes(MESSAGE_LIMIT_BYTES), last=False) + served(CONTINUED, b"x"),
    ],
)  # fmt: skip
def test_what_is_no_websocket_or_too_much_is_said(data: bytes) -> None:
    with pytest.raises(MtvError) as caught:
        fed(data, [])
    assert caught.value.fault.code == "kubevirt.websocket"
