import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.formats import kubefiles
from mtv.formats.kubefiles import JSON_LIMIT_BYTES, YAML_LIMIT_BYTES, load

VM: dict[str, Any] = {"kind": "VirtualMachine", "metadata": {"name": "web"}}


def test_json_and_yaml_are_told_apart_by_their_beginning() -> None:
    assert load(json.dumps(VM).encode(), "vm") == [VM]
    assert load(b"\n " + json.dumps([VM, VM]).encode(), "vm") == [VM, VM]
    assert load(b"kind: VirtualMachine\nmetadata: {name: web}\n---\n---\na: 1\n", "vm") == [VM, {"a": 1}]


@pytest.mark.parametrize("kind", ["List", "VirtualMachineList"])
def test_a_list_is_its_items(kind: str) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": kind, "items": [VM, VM]}).encode()
    assert load(text, "vms") == [VM, VM]


def test_yaml_in_braces_is_yaml() -> None:
    assert load(b"{kind: VirtualMachine, metadata: {name: web}}", "vm") == [VM]


def test_nothing_holds_nothing() -> None:
    assert load(b"", "nothing") == []
    assert load(b"# a remark\n---\n", "nothing") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": NaN}', "no number"),
        (b'{"a": -Infinity}', "no number"),
        (b'{"a": 1', "YAML"),
        (b"{a: {b: &x 1, c: *x}}", "aliases"),
        (b'{"a": "\xff"}', "no JSON"),
        (b"[1]", "something else"),
        (b"[" * 100_000, "nested"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested"),
        (b'{"a":' * 100, "nested"),
        (b'{"kind": "List", "items": [1]}', "something else"),
        (b'{"a": ' + b"9" * 5000 + b"}", "no JSON"),
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"#" * (YAML_LIMIT_BYTES + 1), "bytes"),
        (b"{" + b" " * JSON_LIMIT_BYTES, "bytes"),
        (b"---\na: 1\n" * (kubefiles.DOCUMENTS_LIMIT // 1000) + b"- 1\n", "manifest|YAML"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_hostile_text_is_refused(text: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as error:
        load(text, "it")
    assert error.value.fault.code == "manifest.unreadable"
    assert len(error.value.fault.text) < 400


def test_no_more_documents_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubefiles, "DOCUMENTS_LIMIT", 3)
    assert len(load(json.dumps([VM] * 3).encode(), "vms")) == 3
    with pytest.raises(Refused, match="4 documents, and 3"):
        load(json.dumps([VM] * 4).encode(), "vms")


WORDS = b'{ } [ ] : , " null true 1e999 1 "a" "kind":"List" "items":[ \\u0000 \\ud800 NaN - a: 1 \n &a *a'.split(b" ")


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(b" ".join) | st.binary(max_size=60))
def test_any_text_is_read_or_refused(text: bytes) -> None:
    with suppress(Refused):
        assert all(isinstance(document, dict) for document in load(text, "it"))
