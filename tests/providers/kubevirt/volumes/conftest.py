"""Disks to be made in the test's namespace of a real cluster, and the target that makes them."""

from collections.abc import Callable, Iterator

import pytest

from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.connect.address import read_address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.volumes.making import Claims
from mtv.providers.kubevirt.volumes.stock import Stock
from mtv.providers.kubevirt.wire.api import Api
from tests.kube.cluster import Namespace

Spec = Callable[..., VolumeSpec]
MIB = 1 << 20


@pytest.fixture
def spec() -> Spec:
    def make(index: int = 0, size_bytes: int = 10 * MIB, to: str = "csi", **more: str) -> VolumeSpec:
        given = {"run": "r-1", "vm": "src/vm-1", "machine": "web", **more}
        return VolumeSpec(disk=f"200{index}", index=index, size_bytes=size_bytes, to=to, **given)

    return make


@pytest.fixture
def claims(kube: Namespace) -> Iterator[Claims]:
    api = Api(find(read_address(str(kube.cluster.kubeconfig))))
    yield Claims(api, kube.name, Stock(api))
    api.close()


@pytest.fixture
def targets(kube: Namespace) -> Iterator[Callable[[], KubeVirt]]:
    """Each as a new process would have it."""
    made: list[KubeVirt] = []

    def open_() -> KubeVirt:
        one = KubeVirt("lab", str(kube.cluster.kubeconfig))
        one.house(kube.name)
        made.append(one)
        return one

    yield open_
    for one in made:
        if "_api" in vars(one):
            one._api.close()
