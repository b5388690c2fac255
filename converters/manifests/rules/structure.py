"""A document against the API's own schema: types, what must be there, what may stand there, what nobody knows."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from mtv.converters.manifests.rules.rule import Book, Complaint, Rule
from mtv.converters.manifests.rules.view import View
from mtv.model.estate import Json

BOOK = Book(
    "field",
    "https://kubernetes.io/docs/reference/using-api/api-concepts/#validation-for-unrecognized-or-duplicate-fields",
)
TYPE = BOOK.refused("type", "the API server takes another type here", "write a value of that type")
MISSING = BOOK.refused("missing", "the API server asks for this field", "set it")
EMPTY = BOOK.broken(
    "empty", "nobody gives this field, and KubeVirt writes nothing or 0 into it: what needs it fails later", "set it"
)
CHOICE = BOOK.refused("choice", "the API server takes none but certain values here", "write one of them")
FORM = BOOK.refused("form", "the API server asks for another form here", "write it in that form")
RANGE = BOOK.refused(
    "range", "the API server takes no number as large or as small here", "write a number within the bounds"
)
TWICE = BOOK.refused("twice", "the API server takes no entry twice in this list", "leave one of them out")
UNKNOWN = BOOK.broken(
    "unknown", "nobody knows this field: the API server drops it with a warning",
    "mend its name, or leave it out; send `fieldValidation=Strict` to be told",
)  # fmt: skip
UNKNOWN_STRICT = BOOK.refused(
    "unknown-datavolume", "nobody knows this field of a DataVolume: strict decoding refuses it",
    "mend its name, or leave it out",
)  # fmt: skip

KIND_BOOK = Book("kind", "https://kubevirt.io/api-reference/")
KIND = KIND_BOOK.refused("unknown", "this API group has no such kind", "mend `kind` or `apiVersion`")
NO_KIND = KIND_BOOK.refused("missing", "a document says its apiVersion and kind", "add both")
VERSION = KIND_BOOK.warning(
    "version", "this version of the kind is older or newer than what is judged here", "write the version that is served"
)

Schema = Mapping[str, Any]
Kind = tuple[str, str]
FILE = "structures.json.gz"
_WORDS = {"object": dict, "array": list, "string": str, "boolean": bool}


@cache
def schemas() -> Mapping[str, Schema]:
    """`apiVersion kind` to the structure of everything but apiVersion, kind, metadata and status."""
    packed = (resources.files("mtv.converters.manifests") / "schemas" / FILE).read_bytes()
    found: dict[str, Schema] = json.loads(gzip.decompress(packed))
    return found


@cache
def _groups() -> Mapping[str, frozenset[str]]:
    """API group to its kinds. The core group has far more kinds than are judged: it is none of these."""
    found: dict[str, set[str]] = {}
    for name in schemas():
        version, kind = name.split()
        found.setdefault(version.rpartition("/")[0], set()).add(kind)
    return {group: frozenset(kinds) for group, kinds in found.items() if group.endswith("kubevirt.io")}


def is_judged(document: View) -> bool:
    return f"{document.text('apiVersion')} {document.text('kind')}" in schemas()


def check(document: View) -> Iterator[Complaint]:
    version, kind = document.text("apiVersion"), document.text("kind")
    if not version or not kind:
        yield NO_KIND.at(document, value=f"{version} {kind}".strip())
        return
    schema = schemas().get(f"{version} {kind}")
    if schema is None:
        yield from _other(document, version, kind)
        return
    unknown = UNKNOWN_STRICT if kind == "DataVolume" else UNKNOWN
    for rule, path, value, text in _walk(schema, document.value, ""):
        yield (rule or unknown).at(View(value, path), text)


def _other(document: View, version: str, kind: str) -> Iterator[Complaint]:
    kinds = _groups().get(version.rpartition("/")[0])
    if kinds is None or kind.endswith("List"):
        return
    if kind in kinds:
        yield VERSION.at(document.at("apiVersion"))
    elif kind not in _UNJUDGED:
        yield KIND.at(document.at("kind"), version)


_UNJUDGED = {
    "KubeVirt", "VirtualMachineInstancePreset", "VirtualMachineInstanceReplicaSet", "VirtualMachinePool", "CDI",
    "CDIConfig", "StorageProfile", "DataImportCron", "ObjectTransfer", "VolumeCloneSource", "OvirtVolumePopulator",
    "OpenstackVolumePopulator", "VirtualMachineSnapshotContent", "MigrationPolicy", "HyperConverged", "Plugin", "SSP",
    "VirtualMachineClone", "VirtualMachineBackup", "VirtualMachineBackupTracker", "ForkliftController",
    "VirtualMachineTemplate", "VirtualMachineTemplateRequest", "NetworkAddonsConfig",
}  # fmt: skip

_NAMES = {"name", "claimName", "image", "secretName"}  # with nothing in them as bad as not there

Found = tuple[Rule | None, str, Json, str]  # the rule, or None for an unknown field


def _walk(schema: Schema, value: Json, path: str) -> Iterator[Found]:
    if value is None:
        if not schema.get("nullable") and schema.get("type"):
            yield TYPE, path, value, f"{schema['type']}, not null"
        return
    if "anyOf" in schema:
        yield from _int_or_string(schema, value, path)
        return
    kind = schema.get("type")
    if not _fits(kind, value):
        yield TYPE, path, value, f"{kind}, not {_name(value)}"
    elif isinstance(value, dict):
        yield from _object(schema, value, path)
    elif isinstance(value, list):
        yield from _list(schema, value, path)
    else:
        yield from _scalar(schema, value, path)


def _int_or_string(schema: Schema, value: Json, path: str) -> Iterator[Found]:
    if isinstance(value, float) and "pattern" in schema and schema.get("x-number"):
        return
    if isinstance(value, bool) or not isinstance(value, int | str):
        yield TYPE, path, value, f"integer or string, not {_name(value)}"
    elif isinstance(value, str):
        yield from _scalar(schema, value, path)


def _fits(kind: str | None, value: Json) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return kind is None or isinstance(value, _WORDS.get(kind, object))


def _name(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    return {dict: "object", list: "array", str: "string", int: "integer"}.get(type(value), "number")


def _object(schema: Schema, value: Mapping[str, Json], path: str) -> Iterator[Found]:
    known: Mapping[str, Schema] = schema.get("properties", {})
    rest = schema.get("additionalProperties")
    loose = schema.get("x-kubernetes-preserve-unknown-fields") or rest is True
    prefix = f"{path}." if path else ""
    for name in schema.get("required", ()):
        if name not in value:
            yield MISSING, f"{prefix}{name}", None, ""
    for name in schema.get("x-filled", ()):
        if name not in value or value[name] == "" and name in _NAMES:
            yield EMPTY, f"{prefix}{name}", None, ""
    for name, one in value.items():
        if name in known:
            yield from _walk(known[name], one, f"{prefix}{name}")
        elif isinstance(rest, dict):
            yield from _walk(rest, one, f"{prefix}{name}")
        elif not loose:
            yield None, f"{prefix}{name}", one, ""


def _list(schema: Schema, value: Sequence[Json], path: str) -> Iterator[Found]:
    items = schema.get("items", {})
    for number, one in enumerate(value):
        yield from _walk(items, one, f"{path}[{number}]")
    kind = schema.get("x-kubernetes-list-type")
    if kind in ("map", "set"):
        keys = schema.get("x-kubernetes-list-map-keys", ()) if kind == "map" else None
        yield from _twice(value, keys, path)
    if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
        yield RANGE, path, None, f"{len(value)} entries"


def _twice(value: Sequence[Json], keys: Sequence[str] | None, path: str) -> Iterator[Found]:
    seen = set()
    for number, one in enumerate(value):
        part: Json = one if keys is None else [one.get(key) for key in keys] if isinstance(one, dict) else None
        mark = json.dumps(part, sort_keys=True, default=str)
        if mark in seen:
            yield TWICE, f"{path}[{number}]", one, ""
        seen.add(mark)


def _scalar(schema: Schema, value: Json, path: str) -> Iterator[Found]:
    if "enum" in schema and value not in schema["enum"]:
        yield CHOICE, path, value, ", ".join(map(str, schema["enum"]))
    if isinstance(value, str):
        if "pattern" in schema and not _pattern(schema["pattern"]).search(value[:1000]):
            yield FORM, path, value, ""
        if len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value)):
            yield RANGE, path, value, f"{len(value)} characters"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        low, high = _bounds(schema)
        if not low <= value <= high:
            yield RANGE, path, value, f"{low} to {high}"


_SIZES = {"int32": (-(1 << 31), (1 << 31) - 1), "int64": (-(1 << 63), (1 << 63) - 1), "uint32": (0, (1 << 32) - 1)}


def _bounds(schema: Schema) -> tuple[float, float]:
    low, high = _SIZES.get(schema.get("format", ""), (float("-inf"), float("inf")))
    return max(low, schema.get("minimum", low)), min(high, schema.get("maximum", high))


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
