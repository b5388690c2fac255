"""Papers beside a VM are as large as an object may be; what does not fit is named."""

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mtv.providers.kubevirt.machines.papers import LEFT_OUT, LIMIT_BYTES, documents

EXTRAS = st.dictionaries(st.sampled_from(["receipt.json", "receipt.hashes", "README.txt"]), st.binary(max_size=64))


def made(extras: dict[str, bytes]) -> dict[str, Any]:
    (found,) = documents("db01", extras)
    return found


@given(EXTRAS.filter(bool))
def test_each_paper_comes_back_as_it_was(extras: dict[str, bytes]) -> None:
    found = made(extras)
    texts = {name: text.encode() for name, text in found.get("data", {}).items()}
    rest = {name: base64.b64decode(text) for name, text in found.get("binaryData", {}).items()}
    assert {**texts, **rest} == extras


def test_what_does_not_fit_is_left_out_and_named_the_receipt_last() -> None:
    found = made({"receipt.json": b"{}", "receipt.hashes": b"\xff" * LIMIT_BYTES, "README.txt": b"moved"})
    assert found["data"] == {"receipt.json": "{}", "README.txt": "moved"}
    assert "binaryData" not in found
    assert found["metadata"]["annotations"] == {LEFT_OUT: "receipt.hashes"}


def test_no_papers_are_no_object() -> None:
    assert list(documents("db01", {})) == []
