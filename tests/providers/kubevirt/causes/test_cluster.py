"""Causes that are made to happen, side by side, in the real cluster and its fakes."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mtv.model.estate import Finding
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.labels import Owner
from tests.kube.api import Object
from tests.kube.cluster import Cluster, Namespace
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.test_machines import BREAKS, CLAIMS, disk, printed
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.pods import claim, pod
from tests.kube.waiting import until

RUN, WAIT_S = "p-1", 90.0
DATA_VOLUMES = "cdi.kubevirt.io/v1beta1/datavolumes"
BROKEN = {
    "no-memory": "vm.refused", "memory-zero": "vm.sync", "uuid": "vm.firmware", "mac-multicast": "vm.mac",
    "cpu-model": "unschedulable.selector", "cpu-many": "unschedulable.room", "gpu": "unschedulable.device",
    "tpm": "vm.state-storage", "instancetype": "vm.instancetype", "preference": "vm.instancetype",
    "secret": "secret.missing", "network": "network.missing", "priority": "priority.missing",
    "memory-tiny": "guest.no-agent",
}  # fmt: skip
"""What breaks as KubeVirt was seen to break it, and the cause that is told."""
OTHERS = (
    "claim.missing", "configmap.missing", "image.pull", "pod.crashes", "disk.locked", "storage.no-class",
    "storage.no-consumer", "security.pod", "webhook.down", "storage.no-profile",
    "datavolume.waits", "quota.exceeded", "quota.range",
)  # fmt: skip


def owned(name: str) -> Object:
    return {"name": name, "labels": Owner(RUN, name).labels()}


def job(kube: Namespace, name: str, script: str = "exit 0", **changes: Any) -> None:
    """A worker's, as far as causes go."""
    made = pod(name, script)["spec"]
    made["containers"][0] |= {key: value for key, value in changes.items() if key in ("image", "envFrom", "resources")}
    made |= {key: value for key, value in changes.items() if key not in ("image", "envFrom", "resources")}
    template = {"metadata": {"labels": owned(name)["labels"]}, "spec": made}
    spec = {"backoffLimit": 0, "template": template}
    kube.api.create("batch/v1/jobs", kube.name, {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": owned(name), "spec": spec,
    })  # fmt: skip


def data_volume(kube: Namespace, name: str, part: Object, source: Object) -> None:
    room = {"resources": {"requests": {"storage": "10Mi"}}}
    kube.api.create(DATA_VOLUMES, kube.name, {
        "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume",
        "metadata": owned(name),
        "spec": {"source": source, **{key: {**room, **value} for key, value in part.items()}},
    })  # fmt: skip


@pytest.fixture(scope="module")
def trouble(one_cluster: Cluster) -> Iterator[Namespace]:
    with one_cluster.namespace("trouble") as kube:
        for name in BROKEN:
            broken = vm(name, strategy="Always")
            BREAKS[name][0](broken)
            kube.api.create(VMS, kube.name, broken, fieldValidation="Strict")
        kube.api.create(VMS, kube.name, vm("claim.missing", claim="absent", strategy="Always"))
        job(kube, "configmap.missing", envFrom=[{"configMapRef": {"name": "absent"}}])
        job(kube, "image.pull", image="localhost/absent:1")
        job(kube, "pod.crashes", "exit 3")
        job(kube, "security.pod", hostNetwork=True)
        disk(kube, "shared", data=b"a guest")
        kube.api.create(VMS, kube.name, vm("holder", claim="shared", strategy="Always"))
        printed(kube, "holder", "Running")
        kube.api.create(VMS, kube.name, vm("disk.locked", claim="shared", strategy="Always"))
        for name, class_ in (("storage.no-class", "absent"), ("storage.no-consumer", "local-wffc")):
            made = claim(name, "10Mi", "Filesystem", class_)
            kube.api.create(CLAIMS, kube.name, {**made, "metadata": owned(name)})
        local = {"pvc": {"accessModes": ["ReadWriteOnce"], "storageClassName": "local", "volumeMode": "Filesystem"}}
        data_volume(kube, "datavolume.waits", local, {"upload": {}})
        data_volume(kube, "storage.no-profile", {"storage": {"storageClassName": "odd"}}, {"upload": {}})
        yield kube


@pytest.fixture(scope="module")
def tight(one_cluster: Cluster) -> Iterator[Namespace]:
    """A namespace with a quota, a limit range, and a webhook that does not answer."""
    hook = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
    with one_cluster.namespace("tight") as kube:
        kube.api.create("limitranges", kube.name, {"metadata": {"name": "few"}, "spec": {
            "limits": [{"type": "Container", "max": {"memory": "64Mi"}}],
        }})  # fmt: skip
        kube.api.create("resourcequotas", kube.name, {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
        # A quota counts from when it was calculated: a Pod that comes before is let in.
        until(kube.api, "resourcequotas", kube.name, "none", lambda one: bool(one.get("status", {}).get("hard")))
        much = {"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}
        job(kube, "quota.range", resources=much)
        job(kube, "quota.exceeded")
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
        kube.api.create(hook, None, {"metadata": {"name": kube.name}, "webhooks": [{
            "name": "down.example.org", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": "https://127.0.0.1:1/"}, "timeoutSeconds": 1, "failurePolicy": "Fail",
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": kube.name}},
            "objectSelector": {"matchLabels": {"mtv/vm": Owner(RUN, "webhook.down").hash10}},
        }]})  # fmt: skip
        try:
            job(kube, "webhook.down")
            yield kube
        finally:
            kube.api.delete(hook, None, kube.name)


def told(kube: Namespace, name: str) -> dict[str, Finding]:
    async def ask() -> dict[str, Finding]:
        target = KubeVirt("lab", str(kube.cluster.kubeconfig))
        target.house(kube.name, RUN)
        try:
            return {one.name: one for one in await target.why(name, RUN, name)}
        finally:
            await target.close()

    return asyncio.run(ask())


def expect(kube: Namespace, name: str, cause: str) -> Finding:
    """Controllers have their time."""
    end = time.monotonic() + WAIT_S
    while cause not in (found := told(kube, name)):
        assert time.monotonic() < end, f"{name}: {found}"
        time.sleep(0.2)
    assert len(found[cause].text.split("\n")) > 1, "no evidence"
    return found[cause]


@pytest.mark.parametrize("name", BROKEN)
def test_what_breaks_is_told_by_its_cause(trouble: Namespace, name: str) -> None:
    expect(trouble, name, BROKEN[name])


@pytest.mark.parametrize("cause", OTHERS)
def test_a_cause_is_found_where_it_is_made_to_happen(trouble: Namespace, tight: Namespace, cause: str) -> None:
    kube = tight if cause in ("quota.exceeded", "quota.range", "webhook.down") else trouble
    assert expect(kube, cause, cause).fix


def test_a_namespace_that_ends_is_told(one_cluster: Cluster) -> None:
    with one_cluster.namespace("ends") as made:
        held = {"metadata": {"name": "held", "finalizers": ["mtv.test/hold"]}, "data": {}}
        made.api.create("configmaps", made.name, held)
        try:
            made.api.delete("namespaces", None, made.name)
            assert made.name in expect(made, "db01", "namespace.ends").text
        finally:
            made.api.patch("configmaps", made.name, "held", {"metadata": {"finalizers": None}})


def test_what_may_not_be_read_is_left_out(trouble: Namespace) -> None:
    rule = {"apiGroups": ["kubevirt.io"], "resources": ["virtualmachines"], "verbs": ["list"]}

    async def ask() -> list[str]:
        target = KubeVirt("lab", str(trouble.account("few", [rule])))
        target.house(trouble.name, RUN)
        try:
            return [one.name for one in await target.why("claim.missing", RUN, "claim.missing")]
        finally:
            await target.close()

    assert "claim.missing" not in asyncio.run(ask()), "a claim that may not be seen is not missing"
