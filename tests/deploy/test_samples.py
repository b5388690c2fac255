"""Samples are what Argo CD and Tekton take: their own definitions, in a real API server, under strict validation."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.deploy.charts import CHART, ROOT
from tests.kube.api import Answer, Object
from tests.kube.cluster import Cluster, Namespace
from tests.kube.crds import KIND
from tests.kube.waiting import until

SAMPLES = ROOT / "deploy/samples"
KINDS = {"argocd": "argoproj.io/v1alpha1/applications", "tekton": "tekton.dev/v1/tasks"}


def sample(name: str) -> Object:
    found: Object = yaml.safe_load((SAMPLES / f"{name}.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def defined(one_cluster: Cluster) -> Iterator[None]:
    made = json.loads(gzip.decompress(Path(__file__).with_name("crds.json.gz").read_bytes()))
    for crd in made:
        one_cluster.api.apply(KIND, None, crd)
    for crd in made:
        until(one_cluster.api, KIND, None, crd["metadata"]["name"], is_established)
    yield
    for crd in made:
        one_cluster.api.delete(KIND, None, crd["metadata"]["name"])


def is_established(crd: Object) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)


@pytest.mark.parametrize("name", KINDS)
def test_it_is_taken(kube: Namespace, defined: None, name: str) -> None:
    made = sample(name)
    made["metadata"].pop("namespace", None)
    kube.api.apply(KINDS[name], kube.name, made)
    made["spec"]["typo"] = 1
    with pytest.raises(Answer, match="typo"):
        kube.api.apply(KINDS[name], kube.name, made)


def test_argo_s_names_what_is_there() -> None:
    said = sample("argocd")["spec"]
    assert (ROOT / said["source"]["path"] / "Chart.yaml").exists()
    assert set(said["source"]["helm"]["valuesObject"]) <= set(yaml.safe_load((CHART / "values.yaml").read_text()))
