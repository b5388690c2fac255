"""`mtv export gitops`: each object a file of its own, fit for any order."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.manifests import rules
from mtv.errors import Refused
from mtv.formats import kubeyaml
from mtv.model.estate import Network, Revision
from mtv.settings import settings
from mtv.store import inventory
from mtv.store.store import Store
from mtv.verbs import ends, exporting
from tests.converters.manifests.estate import PLACED
from tests.kube.cluster import Namespace
from tests.kube.waiting import until

ROOT = Path(__file__).parents[2]
SYNC = "argocd.argoproj.io/sync-options"
CORE = {"v1", "apps/v1", "scheduling.k8s.io/v1"}
KINDS = {  # as the API server names them in its paths
    "NetworkAttachmentDefinition": "k8s.cni.cncf.io/v1/network-attachment-definitions",
    "NodeNetworkConfigurationPolicy": "nmstate.io/v1/nodenetworkconfigurationpolicies",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "PriorityClass": "scheduling.k8s.io/v1/priorityclasses",
    "Route": "route.openshift.io/v1/routes",
    "Service": "services",
    "VirtualMachine": "kubevirt.io/v1/virtualmachines",
}
PLAN = """\
apiVersion: mtv/v1
name: p
source: lab
target: kubevirt:lab
namespace: finance
vms: [web]
networks: [{from: VM Network, to: "nad:net/vlan-120", make: {kind: bridge, name: br-vmdata, port: bond1}}]
storage: [{from: "*", to: ceph-rbd}]
machine: {priorities: [{from: high, to: vm-high, value: 1000}], services: [{port: 443, route: web.example.org}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTV_STORE", str(tmp_path / "store"))
    return tmp_path


@pytest.fixture
def plan(folder: Path) -> Path:
    ends.add("lab", "memory", str(folder / "lab"))
    with Store(settings().store) as store:
        work = inventory.Refresh(store, "lab", full=True)
        for one in (PLACED.vm, Network(source="lab", id="n", name="VM Network", vlan="120"), Revision("1")):
            work.take(one)
        work.finish()
    (folder / "plan.yaml").write_text(PLAN)
    return folder / "plan.yaml"


def written(folder: Path) -> dict[str, Any]:
    """The object of each file but the list."""
    found = {str(path.relative_to(folder)): kubeyaml.load(path.read_bytes()) for path in folder.rglob("*.yaml")}
    listed: Any = found.pop("kustomization.yaml")
    assert listed[0]["resources"] == sorted(found)
    assert all(len(documents) == 1 for documents in found.values())
    return {path: documents[0] for path, documents in found.items()}


def test_all_that_the_plan_makes(plan: Path) -> None:
    done = exporting.gitops(plan.parent / "out", plan, "")
    objects = written(plan.parent / "out")
    assert done.vms == 1
    assert sorted(f"{one['kind']} {one['metadata'].get('namespace', '')}" for one in objects.values()) == [
        "NetworkAttachmentDefinition net", "NodeNetworkConfigurationPolicy ", "PersistentVolumeClaim finance",
        "PriorityClass ", "Route finance", "Service finance", "VirtualMachine finance",
    ]  # fmt: skip
    assert rules.check([one for one in objects.values() if one["apiVersion"] not in CORE]) == []


def test_claims_outlive_their_files_and_offer_themselves_to_nobody(plan: Path) -> None:
    exporting.gitops(plan.parent / "out", plan, "")
    (claim,) = (one for one in written(plan.parent / "out").values() if one["kind"] == "PersistentVolumeClaim")
    noted = claim["metadata"]["annotations"]
    assert noted[SYNC] == "Prune=false,Delete=false"
    assert not [key for key in noted if key.startswith("cdi.kubevirt.io/")]
    assert rules.check([claim]) == []


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.yaml")))
def test_each_example_from_an_empty_store(folder: Path, example: str) -> None:
    shutil.copytree(ROOT / "examples", folder / "examples")
    done = exporting.gitops(folder / "out", folder / "examples" / example, "finance")
    objects = written(folder / "out")
    assert done.vms == sum(one["kind"] == "VirtualMachine" for one in objects.values()) > 0
    assert {one["metadata"]["namespace"] for one in objects.values()} == {"finance"}
    assert rules.check(list(objects.values())) == []


def test_a_folder_that_holds_anything_is_left_alone(plan: Path) -> None:
    with pytest.raises(Refused) as told:
        exporting.gitops(plan.parent, plan, "")
    assert told.value.fault.code == "export.not-empty"
    (plan.parent / "empty").mkdir()
    exporting.gitops(plan.parent / "empty", plan, "")


@pytest.mark.parametrize("namespace", ["A", "a b", "../x", "n" * 64])
def test_a_namespace_that_is_none(plan: Path, namespace: str) -> None:
    with pytest.raises(Refused) as told:
        exporting.gitops(plan.parent / "out", plan, namespace)
    assert told.value.fault.code == "export.namespace"
    assert not (plan.parent / "out").exists()


def test_one_bridge_on_two_ports(plan: Path) -> None:
    with Store(settings().store) as store:
        work = inventory.Refresh(store, "lab", full=False)
        work.take(Network(source="lab", id="m", name="other", vlan="7"))
        work.finish()
    row = '{from: other, to: "nad:net/other", make: {kind: bridge, name: br-vmdata, port: bond2}}'
    plan.write_text(PLAN.replace("port: bond1}}]", f"port: bond1}}}}, {row}]"))
    with pytest.raises(Refused) as told:
        exporting.gitops(plan.parent / "out", plan, "")
    assert told.value.fault.code in ("export.twice", "plan.invalid")


def test_a_folder_that_cannot_be_made(plan: Path) -> None:
    (plan.parent / "file").write_text("")
    for bad in (plan.parent / "file", plan.parent / "file" / "below"):
        with pytest.raises(Refused) as told:
            exporting.gitops(bad, plan, "")
        assert told.value.fault.code in ("export.not-empty", "file.no-access")


class TestInACluster:
    @pytest.fixture
    def objects(self, kube: Namespace, plan: Path) -> Iterator[list[dict[str, Any]]]:
        """Of that plan, in the test's namespace; what is the cluster's own goes with the test."""
        text = PLAN.replace("finance", kube.name).replace("nad:net/", f"nad:{kube.name}/")
        row = "to: local, access: ReadWriteOnce, volume: Filesystem"
        plan.write_text(text.replace("to: ceph-rbd", row))
        exporting.gitops(plan.parent / "out", plan, "")
        made = list(written(plan.parent / "out").values())
        yield made
        for one in made:
            if "namespace" not in one["metadata"]:
                kube.api.delete(KINDS[one["kind"]], None, one["metadata"]["name"])

    @pytest.mark.parametrize("backwards", [False, True])
    def test_each_file_alone_in_either_order(
        self, kube: Namespace, objects: list[dict[str, Any]], backwards: bool
    ) -> None:
        for one in reversed(objects) if backwards else objects:
            where = one["metadata"].get("namespace")
            assert where in (None, kube.name)
            applied = kube.api.apply(KINDS[one["kind"]], where, one)
            assert applied["metadata"]["name"] == one["metadata"]["name"]

    @pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.yaml")))
    def test_the_examples(self, kube: Namespace, folder: Path, example: str) -> None:
        shutil.copytree(ROOT / "examples", folder / "examples")
        exporting.gitops(folder / "out", folder / "examples" / example, kube.name)
        for one in reversed(written(folder / "out").values()):
            kube.api.apply(KINDS[one["kind"]], one["metadata"]["namespace"], one)

    def test_claims_survive_the_vm_and_the_application(self, kube: Namespace, objects: list[dict[str, Any]]) -> None:
        """It goes as Argo CD deletes one: all of its objects in the foreground, but those that say not to."""
        for one in objects:
            kube.api.apply(KINDS[one["kind"]], one["metadata"].get("namespace"), one)
        (claim,) = (one for one in objects if one["kind"] == "PersistentVolumeClaim")
        kind, name = KINDS[claim["kind"]], claim["metadata"]["name"]
        before = until(kube.api, kind, kube.name, name, lambda one: one["status"].get("phase") == "Bound")
        gone = [one for one in objects if "Delete=false" not in one["metadata"].get("annotations", {}).get(SYNC, "")]
        assert len(gone) == len(objects) - 1
        for one in gone:
            where = one["metadata"].get("namespace")
            kube.api.delete(KINDS[one["kind"]], where, one["metadata"]["name"], propagationPolicy="Foreground")
            until(kube.api, KINDS[one["kind"]], where, one["metadata"]["name"], None)
        after = kube.api.get(kind, kube.name, name)
        assert (after["metadata"]["uid"], after["status"]["phase"]) == (before["metadata"]["uid"], "Bound")
        assert "deletionTimestamp" not in after["metadata"]
        assert "ownerReferences" not in after["metadata"]
