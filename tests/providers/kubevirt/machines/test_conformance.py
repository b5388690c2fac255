"""A cluster keeps what every target promises of machines: made halted, found again, started, stopped, removed."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mtv.model.volumes import VolumeSpec
from mtv.providers.base import Capabilities, capabilities
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.testing import TargetBench
from mtv.providers.testing.targets import TARGET_CHECKS
from tests.kube.cluster import Namespace
from tests.providers.kubevirt.machines.made import KEY, RUN, document

CHECKS = [check for needs, check in TARGET_CHECKS if needs in ("machines", "starts")]
SPEC = VolumeSpec(run=RUN, vm=KEY, machine="web", disk="2000", index=0, size_bytes=10 << 20, to="csi")


@pytest.fixture
def bench(kube: Namespace) -> Iterator[TargetBench]:
    """Each target as a new process would have it."""
    made: list[KubeVirt] = []

    def opened() -> KubeVirt:
        one = KubeVirt("lab", str(kube.cluster.kubeconfig))
        one.house(kube.name, RUN)
        made.append(one)
        return one

    yield TargetBench(open=opened, spec=SPEC, documents=[document("web", "web-disk0")])
    for one in made:
        asyncio.run(one.close())


@pytest.mark.parametrize("promise", CHECKS, ids=lambda check: check.__name__)
def test_a_cluster_keeps_its_promise(bench: TargetBench, promise: Any) -> None:
    asyncio.run(promise(bench, Capabilities(machines=True, starts=True)))


def test_it_makes_and_starts_machines(bench: TargetBench) -> None:
    found = capabilities(bench.open())
    assert (found.machines, found.starts, found.namespaced) == (True, True, True)
