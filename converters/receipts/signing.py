"""Receipts as bytes: one canonical form that is signed, one for people that is kept."""

import base64
import json
from dataclasses import replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature

from mtv import codec
from mtv.converters.receipts.keys import Signer, public_key
from mtv.errors import CheckFailed, Refused
from mtv.model.receipts import Receipt

LIMIT_BYTES = 16 << 20
CONTEXT = b"mtv receipt 1\n"


def sign(receipt: Receipt, signer: Signer) -> Receipt:
    named = replace(receipt, key=signer.public, signature="")
    return replace(named, signature=base64.b64encode(signer.private.sign(_canonical(named))).decode())


def check(receipt: Receipt) -> None:
    """The key that the receipt names has signed these very words. Raises CheckFailed `receipt.signature`. Whether that
    key is trusted is another question."""
    try:
        signature = base64.b64decode(receipt.signature, validate=True)
        public_key(receipt.key).verify(signature, _canonical(replace(receipt, signature="")))
    except (InvalidSignature, ValueError, Refused) as error:
        text = f"the receipt of VM '{receipt.name}' was changed after it was signed, or never was signed"
        raise CheckFailed("receipt.signature", text, "take it from a copy") from error


def _canonical(receipt: Receipt) -> bytes:
    words = json.dumps(codec.dump(receipt), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return CONTEXT + words.encode()


def write(receipt: Receipt) -> bytes:
    """As it is kept: readable, and the same words."""
    return (json.dumps(codec.dump(receipt), indent=2, ensure_ascii=False) + "\n").encode()


def read(path: Path) -> Receipt:
    """Raises Refused `receipt.missing`, `receipt.damaged`: it is a stranger's file."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            raise Refused("receipt.damaged", f"{path} is larger than {LIMIT_BYTES >> 20} MiB: that is no receipt")
        return codec.load(Receipt, json.loads(data), f"receipt {path}")
    except OSError as error:
        raise Refused("receipt.missing", f"{path}: {(error.strerror or 'cannot be read').lower()}",
                      "name a run, or a bundle's receipt.json") from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise Refused("receipt.damaged", f"{path} is no receipt: {error}"[:300], "take it from a copy") from error
