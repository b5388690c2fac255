"""python -m tests.kube.crds.trim FILE.yaml...: makes crds.json.gz. All stays but prose and what a server wrote."""

import gzip
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from tests.kube.api import Object
from tests.kube.crds import FILE

KEPT_ANNOTATIONS = ("api-approved.kubernetes.io",)  # without it a name under k8s.io is refused


def trimmed(crd: Object) -> Object:
    annotations = crd["metadata"].get("annotations") or {}
    kept = {key: value for key, value in annotations.items() if key in KEPT_ANNOTATIONS}
    metadata = {"name": crd["metadata"]["name"], **({"annotations": kept} if kept else {})}
    spec = {key: value for key, value in crd["spec"].items() if key != "conversion"}  # no webhook of theirs runs here
    for version in spec["versions"]:
        version["schema"] = without_prose(version.get("schema", {}))
    return {"apiVersion": crd["apiVersion"], "kind": crd["kind"], "metadata": metadata, "spec": spec}


def without_prose(node: object, names: bool = False) -> object:
    """A property may itself be called description."""
    if isinstance(node, list):
        return [without_prose(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_prose(value, key == "properties" and not names)
        for key, value in node.items()
        if names or key != "description" or not isinstance(value, str)
    }


def read(files: Iterable[Path]) -> list[Object]:
    """The last of a name counts."""
    found = {}
    for file in files:
        for one in yaml.load_all(file.read_text(), yaml.CSafeLoader):
            if one and one.get("kind") == "CustomResourceDefinition":
                found[one["metadata"]["name"]] = trimmed(one)
    return [found[name] for name in sorted(found)]


if __name__ == "__main__":
    text = json.dumps(read(map(Path, sys.argv[1:])), separators=(",", ":"))
    FILE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
