"""What comes over the pipe is a stranger's."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.verbs.remote import lines

NAMES = st.text("ab./\\\0 ~é", max_size=12)


@given(
    st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), st.dictionaries(st.text(), st.none()))
)
def test_any_bytes_are_a_message_or_a_named_error(line: bytes) -> None:
    try:
        is_object = isinstance(json.loads(line), dict)
    except ValueError:
        is_object = False
    if is_object:
        assert lines.load(line) == json.loads(line)
    else:
        with pytest.raises(MtvError, match="does not speak"):
            lines.load(line)


@given(st.dictionaries(NAMES, st.binary(max_size=20), max_size=4))
def test_files_travel_unchanged_and_lead_nowhere_else(files: dict[str, bytes]) -> None:
    sent = json.loads(lines.dump({"files": lines.packed(files)}))["files"]
    stray = [
        one for one in files if "\0" in one or one.startswith("/") or ".." in one.split("/") or not one.strip("./")
    ]
    if not stray:
        assert lines.unpacked(sent) == files
    elif any("\0" in one or one.startswith("/") for one in stray):
        with pytest.raises(Refused, match="travel"):
            lines.unpacked(sent)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\0b"])
def test_no_name_escapes(name: str) -> None:
    with pytest.raises(Refused):
        lines.unpacked({name: ""})


@pytest.mark.parametrize("args", [{"words": "get"}, {"words": [1]}, {"words": ["a\0b"]}, []])
def test_words_are_texts(args: object) -> None:
    with pytest.raises(Refused, match="words"):
        lines.words(args)  # type: ignore[arg-type]


def test_too_much_is_refused_before_it_is_sent() -> None:
    with pytest.raises(Refused, match="32 MiB"):
        lines.packed({"a": bytes(lines.FILES_LIMIT_BYTES + 1)})
