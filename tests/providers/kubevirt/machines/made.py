"""A target in a namespace of the real cluster, and the documents of a small VM as mtv makes them."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mtv.model.estate import VM, Json
from mtv.model.volumes import Machine
from mtv.providers.kubevirt import KubeVirt
from tests.kube.api import Object
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt import vms

T = TypeVar("T")
RUN, KEY = "p-1", "lab/vm-7"
EXTRAS = {"receipt.json": b"{}\n", "receipt.hashes": b"\x00\xff\x01", "README.txt": b"moved\n"}
MAC = "52:54:00:00:00:07"


def document(name: str, claim: str | None = None, strategy: str = "RerunOnFailure", **domain: object) -> Object:
    """The fakes' own small VM, with what mtv notes at one."""
    made = vms.vm(name, claim=claim, **domain)  # type: ignore[arg-type]
    made["metadata"] |= {
        "labels": {"app.kubernetes.io/managed-by": "mtv", "app.kubernetes.io/name": name},
        "annotations": {"mtv/vm": KEY, "mtv/name": name, "mtv/run-strategy": strategy},
    }
    made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 180
    return made


def service(name: str) -> Object:
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name}},
        "spec": {"ports": [{"name": "tcp-22", "port": 22, "protocol": "TCP", "targetPort": 22}],
                 "selector": {"app.kubernetes.io/name": name}},
    }  # fmt: skip


@contextmanager
def target(kube: Namespace, run: str = RUN) -> Iterator[KubeVirt]:
    made = KubeVirt("lab", str(kube.cluster.kubeconfig))
    made.house(kube.name, run)
    try:
        yield made
    finally:
        asyncio.run(made.close())


def do(kube: Namespace, act: Callable[[KubeVirt], Awaitable[T]], run: str = RUN) -> T:
    async def work(found: KubeVirt) -> T:
        return await act(found)

    with target(kube, run) as found:
        return asyncio.run(work(found))


def create(kube: Namespace, *documents: Object, name: str = "db01", run: str = RUN) -> Machine:
    extras: dict[str, bytes] = dict(EXTRAS)
    made: list[dict[str, Json]] = [copy.deepcopy(one) for one in documents]
    return do(kube, lambda found: found.create_machine(name, made, extras), run)


def vm(name: str = "db01") -> VM:
    return VM(source="lab", id="vm-7", name=name)
