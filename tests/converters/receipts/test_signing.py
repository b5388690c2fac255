"""A receipt's words are those that were signed, to the last field."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.receipts import keys, signing
from mtv.errors import CheckFailed, MtvError, Refused
from mtv.model.receipts import DiskTable, Receipt

TABLE = DiskTable(disk="d", file="disk0.raw", size_bytes=1 << 20, data_bytes=5, root="aa", roots=("aa",))
RECEIPT = Receipt(
    run="p-1", vm="s/1", name="db01", at="2026-01-01T00:00:00.000Z", level="read-back", read_back="O_DIRECT",
    algorithm="blake3", copied=(TABLE,), handed_over=(TABLE,),
)  # fmt: skip
OTHER: dict[str, Any] = {"copied": (), "handed_over": (replace(TABLE, root="ab"),), "facts": {"guest": None}}


def test_a_signed_receipt_is_read_back_and_holds(tmp_path: Path) -> None:
    signer = keys.signer(tmp_path / "keys")
    assert signer.made
    path = tmp_path / "receipt.json"
    path.write_bytes(signing.write(signing.sign(RECEIPT, signer)))
    found = signing.read(path)
    signing.check(found)
    assert found.copied == RECEIPT.copied
    assert found.key in keys.trusted(tmp_path / "keys")
    assert not keys.signer(tmp_path / "keys").made


@pytest.mark.parametrize("name", [one.name for one in fields(Receipt)])
def test_any_other_word_breaks_the_signature(tmp_path: Path, name: str) -> None:
    signed = signing.sign(RECEIPT, keys.signer(tmp_path))
    stranger = keys.create(tmp_path / "other").public
    value: Any = stranger if name == "key" else OTHER.get(name, "other")
    changed: dict[str, Any] = {name: value}
    with pytest.raises(CheckFailed, match="VM "):
        signing.check(replace(signed, **changed))


def test_a_key_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    keys.create(tmp_path)
    (tmp_path / keys.KEY).chmod(0o640)
    with pytest.raises(MtvError, match="can be read by others"):
        keys.signer(tmp_path)
    (tmp_path / keys.KEY).chmod(0o600)
    (tmp_path / keys.KEY).write_text("no key")
    with pytest.raises(MtvError, match="holds no private key"):
        keys.signer(tmp_path)
    with pytest.raises(Refused, match="there is a key already"):
        keys.create(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"run": 1}', b"[" * 100_000, b'"' + b"x" * (17 << 20)])
def test_what_is_no_receipt_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "receipt.json"
    path.write_bytes(data)
    with pytest.raises(Refused):
        signing.read(path)
