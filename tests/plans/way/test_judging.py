"""Papers are judged by the rules, with what the target says that it has, before it is given them."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mtv.converters import manifests
from mtv.errors import CheckFailed
from mtv.model.estate import Json
from mtv.plans.way.judging import judge
from mtv.plans.world import World
from mtv.providers.memory import MemoryTarget
from tests.converters.manifests.estate import WEB, plan
from tests.crash.pair import Case
from tests.plans.way.made import driven, ran

Document = Mapping[str, Json]


class Judging(MemoryTarget):
    """A target that judges, with nothing that it knows."""

    has: Sequence[Document] = ()

    async def standing(self, documents: Sequence[Document]) -> Sequence[Document]:
        return self.has


def machine(**devices: Any) -> dict[str, Any]:
    made: dict[str, Any] = manifests.documents(plan(WEB), None, namespace="finance")[-1]
    made["spec"]["template"]["spec"]["domain"]["devices"] |= devices
    return made


def judged(folder: Path, document: Document, *has: Document) -> list[str]:
    target = Judging("dst", str(folder))
    target.has = has
    found = cast(World, SimpleNamespace(target=target, plan=plan(WEB)))
    return asyncio.run(judge(found, [document]))


def test_what_mtv_makes_is_taken(tmp_path: Path) -> None:
    assert judged(tmp_path, machine()) == []


def test_what_the_cluster_would_refuse_is_refused_by_the_rules_name(tmp_path: Path) -> None:
    wrong = machine(interfaces=[{"name": "net0", "model": "vmxnet3", "masquerade": {}}])
    with pytest.raises(CheckFailed, match=r"web: the cluster would refuse its manifest: .*\(nic\.\S+, VirtualMachine"):
        judged(tmp_path, wrong)


def test_what_breaks_later_is_told(tmp_path: Path) -> None:
    (told,) = judged(tmp_path, machine(video={"type": "qxl"}))
    assert "device.video" in told


def test_a_gate_is_the_clusters_own_where_it_is_known(tmp_path: Path) -> None:
    """Nothing is refused for what nobody knows."""
    wants = machine(hostDevices=[{"name": "card", "deviceName": "vendor.com/card"}])
    assert judged(tmp_path, wants) == []
    said: dict[str, Any] = {"kind": "KubeVirt", "status": {"observedKubeVirtVersion": "v1.9.0"}}
    with pytest.raises(CheckFailed, match="HostDevices"):
        judged(tmp_path, wants, said)
    chosen: dict[str, Any] = {
        "developerConfiguration": {"featureGates": ["HostDevices"]},
        "permittedHostDevices": {"pciHostDevices": [{"resourceName": "vendor.com/card"}]},
    }
    assert judged(tmp_path, wants, {**said, "spec": {"configuration": chosen}}) == []


def test_it_is_judged_before_anything_is_changed(tmp_path: Path) -> None:
    """The memory pair's own papers are none of a cluster's."""
    pair, history = driven(Case("cold", "snapshots", target=Judging), tmp_path, "refused")
    assert history.fault is not None
    assert history.fault.code == "manifest.refused"
    assert ran(pair) == []
