"""Protocol 1's lines: whatever is said is heard, whatever else comes is survived."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.formats.lines import RESERVED, TYPES, Lines, encode
from mtv.model.estate import Json
from mtv.model.tasks import LINE_LIMIT_BYTES, Event

values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.builds(str.__mul__, st.sampled_from('a"\u0001ü'), st.integers(1500, 9000)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
data = st.dictionaries(st.text(min_size=1).filter(lambda key: key not in RESERVED), values, max_size=8)
events = st.lists(st.tuples(st.sampled_from(sorted(TYPES)), data), max_size=6)


def said(found: list[tuple[str, dict[str, Json]]]) -> list[bytes]:
    lines: list[bytes] = []
    for kind, one in found:
        lines += encode(len(lines), "2026-01-01T00:00:00.000Z", kind, one)
    return lines


def heard(lines: list[bytes], reader: Lines | None = None) -> list[Event]:
    reader = reader or Lines()
    return [event for line in lines if (event := reader.read(line))]


@given(events)
def test_what_is_said_is_heard_in_short_lines(found: list[tuple[str, dict[str, Json]]]) -> None:
    lines = said(found)
    assert all(len(line) < LINE_LIMIT_BYTES and line.count(b"\n") == 1 for line in lines)
    reader = Lines()
    assert [(event.type, event.data) for event in heard(lines, reader)] == found
    assert (reader.refused, reader.missed) == (0, 0)


@given(st.lists(st.sampled_from(sorted(TYPES)), max_size=6), st.data())
def test_repeats_are_dropped_and_gaps_counted(found: list[str], draw: st.DataObject) -> None:
    lines = said([(kind, {}) for kind in found])
    again = [line for line in lines for _ in range(draw.draw(st.integers(0, 2)))]
    reader = Lines()
    sequence = [event.seq for event in heard(again, reader)]
    assert sequence == sorted(set(sequence))
    assert reader.missed == (sequence[-1] + 1 - len(sequence) if sequence else 0)


@given(st.lists(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()), max_size=10))
def test_any_bytes_are_survived(lines: list[bytes]) -> None:
    reader = Lines()
    assert heard(lines, reader) == []
    assert reader.refused == len(lines)


@pytest.mark.parametrize(
    "line",
    [b'{"v":2,"seq":0,"at":"","type":"end"}', b'{"v":1,"seq":-1,"at":"","type":"end"}',
     b'{"v":1,"seq":true,"at":"","type":"end"}', b'{"v":1,"seq":0,"type":"end"}', b'{"v":1,"seq":0,"at":"","type":7}',
     b"[" * 100_000, b" " * (LINE_LIMIT_BYTES + 1)],
)  # fmt: skip
def test_a_line_of_another_shape_is_refused(line: bytes) -> None:
    assert Lines().read(line) is None


def test_a_type_of_a_later_version_is_ignored() -> None:
    reader = Lines()
    assert reader.read(b'{"v":1,"seq":0,"at":"","type":"weather"}\n') is None
    assert reader.refused == 0


def test_parts_that_got_lost_leave_their_event_without_them() -> None:
    lines = said([("facts", {"large": "x" * 40_000, "small": 1})])
    assert len(lines) > 2
    [event] = heard(lines[1:])
    assert event.data == {"small": 1}


def test_an_events_data_cannot_take_a_frames_name() -> None:
    with pytest.raises(ValueError, match="seq"):
        encode(0, "", "log", {"seq": 1})
