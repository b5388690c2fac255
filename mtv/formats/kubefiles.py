"""Files of Kubernetes documents as people have them, YAML or JSON, several documents or a List, read within bounds."""

import json
from collections.abc import Sequence

from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.model.estate import Json

YAML_LIMIT_BYTES = 4 << 20
JSON_LIMIT_BYTES = 64 << 20  # ten thousand VMs, as `kubectl get -o json` writes them
DOCUMENTS_LIMIT = 50_000
Document = dict[str, Json]


def load(text: bytes, what: str) -> list[Document]:
    """Every document, those of a List one by one. Raises Refused `manifest.unreadable`."""
    is_json = text.lstrip()[:1] in (b"{", b"[")
    found = _json(text, what) if is_json else None
    if found is None:
        found = kubeyaml.load(text, what, YAML_LIMIT_BYTES)
    documents = [one for document in found for one in _listed(document, what)]
    if len(documents) > DOCUMENTS_LIMIT:
        raise Refused("manifest.unreadable", f"{what} has {len(documents)} documents, and {DOCUMENTS_LIMIT} are read")
    return documents


def _listed(document: Document, what: str) -> Sequence[Document]:
    items = document.get("items")
    kind = document.get("kind")
    if not isinstance(kind, str) or not kind.endswith("List") or not isinstance(items, list):
        return [document]
    found = [one for one in items if isinstance(one, dict)]
    if len(found) != len(items):
        raise Refused("manifest.unreadable", f"{what} is a {kind} of something else than documents")
    return found


def _json(text: bytes, what: str) -> list[Document] | None:
    """None for what is none, and may be YAML in braces."""
    if len(text) > JSON_LIMIT_BYTES:
        raise Refused("manifest.unreadable", f"{what} has more than {JSON_LIMIT_BYTES} bytes, and that many are read")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError:
        return None
    except RecursionError as error:
        raise Refused("manifest.unreadable", f"{what} is nested too deep") from error
    except ValueError as error:  # UnicodeDecodeError is one, and numbers of thousands of digits
        raise Refused("manifest.unreadable", f"{what} is no JSON: {' '.join(str(error).split())[:200]}") from error
    documents = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in documents) or _depth(documents) > kubeyaml.LIMIT_DEPTH:
        raise Refused("manifest.unreadable", f"{what} holds something else than documents, or is nested too deep")
    return documents


def _once(pairs: list[tuple[str, Json]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no number")


def _depth(value: Json | list[Document]) -> int:
    """Without recursion: how deep is what this asks."""
    deep, level = 0, [value]
    while level:
        deep += 1
        level = [one for part in level if isinstance(part, dict | list) for one in
                 (part.values() if isinstance(part, dict) else part)]  # fmt: skip
    return deep
