"""A moved VM's papers, receipt first, in a ConfigMap beside it: who has the cluster has the proof. Objects have 1 MiB;
what does not fit stays in mtv's own store, and the ConfigMap says so."""

import base64
from collections.abc import Iterator, Mapping

from mtv.model.estate import Json

LIMIT_BYTES = 900 << 10  # of all papers as JSON: base64 is a third more
LEFT_OUT = "mtv/left-out"
FIRST = ("receipt.json", "README.txt")


def name_of(machine: str) -> str:
    return f"{machine}-mtv-papers"


def documents(machine: str, extras: Mapping[str, bytes]) -> Iterator[dict[str, Json]]:
    """None where there are no papers."""
    if not extras:
        return
    texts: dict[str, Json] = {}
    rest: dict[str, Json] = {}
    left, room = [], LIMIT_BYTES
    for name in sorted(extras, key=lambda one: (one not in FIRST, one)):
        plain = _plain(extras[name])
        told = base64.b64encode(extras[name]).decode() if plain is None else plain
        size = len(told.encode())
        if size > room:
            left.append(name)
            continue
        room -= size
        (rest if plain is None else texts)[name] = told
    metadata: dict[str, Json] = {"name": name_of(machine)}
    if left:
        metadata["annotations"] = {LEFT_OUT: ", ".join(left)}
    made: dict[str, Json] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    yield made | ({"data": texts} if texts else {}) | ({"binaryData": rest} if rest else {})


def _plain(data: bytes) -> str | None:
    """Text that JSON and YAML carry unharmed."""
    try:
        found = data.decode()
    except UnicodeDecodeError:
        return None
    return found if "\0" not in found else None
