"""The custom resources of KubeVirt, CDI and their neighbours, complete with their CEL rules; SOURCES.md says whose."""

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from tests.kube.api import Api, Object

FILE = Path(__file__).with_name("crds.json.gz")
KIND = "apiextensions.k8s.io/v1/customresourcedefinitions"


@cache
def all_of_them() -> tuple[Object, ...]:
    return tuple(json.loads(gzip.decompress(FILE.read_bytes())))


def apply(api: Api) -> None:
    """Four at once: the apiserver compiles each schema, and has two cores."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda crd: api.apply(KIND, None, crd), all_of_them()))


def established(api: Api) -> bool:
    """All of them are served."""
    known = {crd["metadata"]["name"] for crd in api.items(KIND) if _is_established(crd)}
    return {crd["metadata"]["name"] for crd in all_of_them()} <= known


def _is_established(crd: Object) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
