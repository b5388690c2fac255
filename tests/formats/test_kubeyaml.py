from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.formats.kubeyaml import LIMIT_BYTES, dump, load

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
documents = st.lists(st.dictionaries(st.text(max_size=12), values, max_size=4), max_size=2)


@given(documents)
def test_what_is_written_is_read_again(wanted: list[dict[str, Any]]) -> None:
    text = dump(wanted)
    assert load(text) == wanted
    assert list(yaml.safe_load_all(text)) == wanted


@pytest.mark.parametrize(
    "text",
    ["00:50:56:12:01:02", "on", "No", "0x1f", "0o17", "017", "1e3", "1_000", ".inf", "~", "null", "", "y", "12:30:45",
     "2001-01-01", "=", "<<", "- a", "a: b", "a #b", "a:", "%x", "@x", " a", "a ", "1.5", "+1", "é", "\u2028", "a\nb"],
)  # fmt: skip
def test_strings_that_a_parser_could_take_for_something_else_are_quoted(text: str) -> None:
    assert dump([{"a": text}]).startswith(b'a: "')


@pytest.mark.parametrize("text", ["web", "VirtualMachine", "kubevirt.io/v1", "app01-disk0", "ceph rbd"])
def test_plain_strings_are_plain(text: str) -> None:
    assert dump([{"a": text}]) == f"a: {text}\n".encode()


def test_equal_parts_are_written_twice() -> None:
    part: Any = {"x": [1]}
    assert b"&" not in dump([{"a": part, "b": part}])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"a: 1\na: 2\n", "twice"),
        (b"1: a\n", "document|text"),
        (b"a: {<<: {b: 1}, b: !!python/object:os.system x}", "could not|YAML"),
        (b"- a\n", "something else"),
        (b"a: !!binary aGk=\n", "something else"),
        (b"a: !!timestamp 2001-01-01\n", "something else"),
        (b"[" * 100_000, "nested"),
        (b"a: \x00\n", "YAML"),
        (b"\xff\xfe\xff", "YAML"),
        (b"a: !!int\n", "index"),
        (b"a: !!bool x\n", "YAML"),
        (b"a: 2001-99-99\nb: !!timestamp 2001-99-99\n", "YAML"),
        (b"#" * (LIMIT_BYTES + 1), "bytes"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_hostile_text_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as error:
        load(text)
    assert error.value.fault.code == "manifest.unreadable"


def test_no_more_values_are_read_than_one_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubeyaml, "LIMIT_NODES", 100)
    assert load(b"a: [" + b"1," * 90 + b"]") == [{"a": [1] * 90}]
    with pytest.raises(Refused, match="more than 100 values"):
        load(b"a: [" + b"1," * 100 + b"]")


def test_a_mac_address_is_a_text_and_not_a_number_of_base_60() -> None:
    assert load(b"a: 52:54:00:12:34:56\nb: 1:30\nc: 12\nd: 0x1f\ne: 1.5\nf: 017\ng: 12:30:45.5\n") == [
        {"a": "52:54:00:12:34:56", "b": "1:30", "c": 12, "d": 31, "e": 1.5, "f": 15, "g": "12:30:45.5"}
    ]


WORDS = b": - [ ] { } & * ! | > # % @ << !!int !!float !!bool 0x 1e999 1:99 .inf --- ... &a *a ~ ' \"".split()


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([*WORDS, b"\n", b"\t", b" ", b"- ", b"a: "]), max_size=30).map(b"".join)
)
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        found = load(text)
    except Refused:
        return
    assert all(isinstance(document, dict) for document in found)


def test_other_peoples_yaml_is_read() -> None:
    assert load(b"kind: VirtualMachine\nspec: {cpu: 2, live: yes}\n---\n# nothing\n---\nkind: X\n") == [
        {"kind": "VirtualMachine", "spec": {"cpu": 2, "live": True}},
        {"kind": "X"},
    ]
