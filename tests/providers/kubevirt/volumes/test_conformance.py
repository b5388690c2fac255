"""Claims of a real cluster keep every promise that volumes make."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mtv.providers.base import Readies, Volumes, capabilities
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.labels import Owner
from mtv.providers.testing import TargetBench
from mtv.providers.testing.targets import TARGET_CHECKS
from tests.kube.cluster import Namespace
from tests.kube.waiting import until
from tests.providers.kubevirt.volumes.conftest import Spec

PROMISES = [check for needs, check in TARGET_CHECKS if not needs]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda check: check.__name__)
def test_claims(promise: Any, kube: Namespace, spec: Spec, targets: Callable[[], KubeVirt]) -> None:
    wanted = replace(spec(), access="ReadWriteOnce", mode="Filesystem")
    name = f"mtv-{Owner(wanted.run, wanted.vm).hash10}-scratch"

    def folder(told: str) -> Path:
        assert told == "/scratch"
        found = until(kube.api, "persistentvolumeclaims", kube.name, name, lambda one: "volumeName" in one["spec"])
        volume = found["spec"]["volumeName"]
        until(kube.api, "persistentvolumes", None, volume, lambda one: one["status"]["phase"] == "Bound")
        return kube.cluster.layout.volumes / str(volume)

    def is_gone(where: Path) -> bool:
        until(kube.api, "persistentvolumes", None, where.name, None)
        return kube.api.find("persistentvolumeclaims", kube.name, name) is None

    bench = TargetBench(open=targets, spec=wanted, folder=folder, is_gone=is_gone)
    asyncio.run(promise(bench, capabilities(targets())))


def test_a_cluster_is_a_target_for_volumes() -> None:
    made = KubeVirt("lab", "")
    assert isinstance(made, Volumes)
    assert isinstance(made, Readies)
