"""A document against the API's own schema, as a server with strict field validation would read it."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import jsonschema

from mtv.model.estate import Finding, Json

SCHEMAS = {
    ("kubevirt.io/v1", "VirtualMachine"): "kubevirt.io_v1_VirtualMachine.json",
    ("v1", "PersistentVolumeClaim"): "v1_PersistentVolumeClaim.json",
}


def check(document: Mapping[str, Json]) -> list[Finding]:
    """What the API would refuse, by field; [] is sound. Unknown fields are refused, not dropped."""
    kind = (str(document.get("apiVersion")), str(document.get("kind")))
    if kind not in SCHEMAS:
        return [Finding(name="kind", ok=False, text=f"{kind[1]} of {kind[0]} is no kind that mtv writes")]
    errors = sorted(_validator(SCHEMAS[kind]).iter_errors(document), key=lambda error: error.json_path)
    return [Finding(name=error.json_path.removeprefix("$."), ok=False, text=_text(error)) for error in errors]


def _text(error: jsonschema.ValidationError) -> str:
    return error.message if len(error.message) < 300 else f"{error.message[:297]}..."


@cache
def _validator(file: str) -> jsonschema.Draft202012Validator:
    schema = _load(file)
    schema["properties"]["metadata"] = _load("ObjectMeta.json")
    return jsonschema.Draft202012Validator(_strict(schema))


def _load(file: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((resources.files(__package__) / "schemas" / file).read_text())
    return found


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """A structural schema as JSON Schema: whatever it does not name is refused."""
    found = dict(schema)
    if found.pop("x-kubernetes-int-or-string", False):
        found.setdefault("anyOf", [{"type": "integer"}, {"type": "string"}])
        found.pop("type", None)
    if found.pop("nullable", False):
        found["type"] = [found["type"], "null"]
    if found.get("type") == "object" and not found.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    if isinstance(found.get("additionalProperties"), dict):
        found["additionalProperties"] = _strict(found["additionalProperties"])
    if "properties" in found:
        found["properties"] = {name: _strict(part) for name, part in found["properties"].items()}
    if "items" in found:
        found["items"] = _strict(found["items"])
    return found
