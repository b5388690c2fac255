import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.boot.framing import Lines
from mtv.errors import MtvError

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
noise = st.binary(max_size=50).filter(lambda data: b"\n" not in data)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = sorted({place % (len(data) + 1) for place in at})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


@given(st.lists(values, max_size=5), st.lists(st.integers(0, 10**6), max_size=8))
def test_values_come_out_however_the_bytes_are_cut(wanted: list[Any], at: list[int]) -> None:
    data = b"".join(json.dumps(value).encode() + b"\n" for value in wanted)
    lines = Lines()
    assert [value for part in cut(data, at) for value in lines.feed(part)] == wanted


@given(noise, values)
def test_what_stands_before_the_delimiter_is_void(before: bytes, value: Any) -> None:
    assert list(Lines().feed(before + b"\xff" + json.dumps(value).encode() + b"\n")) == [value]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_dropped_without_an_error(data: bytes, at: list[int]) -> None:
    lines = Lines()
    for part in cut(data, at):
        list(lines.feed(part))
    assert list(lines.feed(b'\n{"return": 1}\n'))[-1] == {"return": 1}


def test_a_line_without_end_is_an_error_and_not_kept() -> None:
    lines = Lines(limit_bytes=100)
    with pytest.raises(MtvError) as error:
        list(lines.feed(b"x" * 101))
    assert error.value.fault.code == "agent.babble"
    assert list(lines.feed(b"[1]\n")) == [[1]]


def test_endless_nesting_is_dropped() -> None:
    assert list(Lines().feed(b"[" * 200_000 + b"\n[1]\n")) == [[1]]
