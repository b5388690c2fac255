"""Claims in a real cluster: what is made, found, adopted and removed, and what is never touched."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.volumes import Volume
from mtv.providers.kubevirt.connect.address import read_address
from mtv.providers.kubevirt.connect.inside import find
from mtv.providers.kubevirt.volumes import readying, scratch
from mtv.providers.kubevirt.volumes.making import Claims
from mtv.providers.kubevirt.volumes.stock import Stock
from mtv.providers.kubevirt.wire.api import Api
from tests.kube.cluster import Namespace
from tests.kube.fakes.quantities import amount
from tests.kube.fakes.storage import CLASSES
from tests.kube.fakes.watching import key_of
from tests.kube.pods import claim, pod
from tests.kube.waiting import until
from tests.providers.kubevirt.fake import Time
from tests.providers.kubevirt.volumes.conftest import MIB, Spec

PVC = "persistentvolumeclaims"
FS, BLOCK = {"access": "ReadWriteOnce", "mode": "Filesystem"}, {"access": "ReadWriteOnce", "mode": "Block"}
ADOPT = {"mtv/adopt": "yes"}


def prepared(kube: Namespace, size: str = "20Mi", mode: str = "Filesystem", **metadata: Any) -> dict[str, Any]:
    made = claim("web-disk0", size, mode, "csi-wffc")
    made["metadata"].update(metadata)
    return kube.api.create(PVC, kube.name, made)


def now(kube: Namespace, name: str = "web-disk0") -> dict[str, Any]:
    return kube.api.get(PVC, kube.name, name)


def code(error: pytest.ExceptionInfo[Any]) -> str:
    return str(error.value.fault.code)


@pytest.mark.parametrize(
    ("given", "size_bytes", "asked", "path", "zeroed"),
    [(FS, 100 * MIB, 111149056, "/disks/0/disk.img", True), (BLOCK, 10 * MIB + 512, 11 * MIB, "/disks/0", False)],
)
def test_a_disk_is_a_plain_claim_of_cdis_size(
    kube: Namespace, claims: Claims, spec: Spec, given: dict[str, str], size_bytes: int, asked: int, path: str,
    zeroed: bool,
) -> None:  # fmt: skip
    made = claims.create(spec(size_bytes=size_bytes, **given))
    found = now(kube)
    assert (made.id, made.path, made.zeroed, made.identity) == (
        f"{kube.name}/web-disk0", path, zeroed, found["metadata"]["uid"],
    )  # fmt: skip
    assert made.size_bytes % MIB == 0
    assert amount(found["spec"]["resources"]["requests"]["storage"]) == asked
    assert (found["spec"]["accessModes"], found["spec"]["volumeMode"]) == ([given["access"]], given["mode"])
    labels = found["metadata"]["labels"]
    assert (labels["app.kubernetes.io/managed-by"], labels["mtv/run"], labels["mtv/disk"]) == ("mtv", "r-1", "0")
    assert found["metadata"]["annotations"]["mtv/vm-key"] == "src/vm-1"


def test_nothing_said_is_the_default_class_and_the_best_of_its_sets(
    kube: Namespace, claims: Claims, spec: Spec
) -> None:
    claims.create(spec(to=""))
    found = now(kube)["spec"]
    assert (found["storageClassName"], found["accessModes"], found["volumeMode"]) == (
        "csi-wffc", ["ReadWriteMany"], "Block",
    )  # fmt: skip


def test_of_two_at_once_one_made_it(claims: Claims, spec: Spec) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: claims.create(spec(**FS)), range(4)))
    assert sorted(one.zeroed for one in made) == [False, False, False, True]
    assert len({one.identity for one in made}) == 1


@pytest.mark.parametrize(
    ("metadata", "whose"),
    [
        ({}, "by no run of mtv"),
        ({"labels": {"app.kubernetes.io/managed-by": "argocd"}}, "it belongs to argocd"),
        ({"labels": {"app.kubernetes.io/managed-by": "mtv", "mtv/run": "r-2", "mtv/vm": "abc"},
          "annotations": {"mtv/vm-key": "src/vm-9", **ADOPT}}, "VM src/vm-9 of run r-2"),
    ],
)  # fmt: skip
def test_a_strangers_claim_is_named_and_left_alone(
    kube: Namespace, claims: Claims, spec: Spec, metadata: dict[str, Any], whose: str
) -> None:
    before = prepared(kube, **metadata)
    with pytest.raises(CheckFailed, match=whose) as error:
        claims.create(spec(to="csi-wffc"))
    assert code(error) == "kubevirt.foreign"
    with pytest.raises(CheckFailed, match=whose):
        readying.check(claims, [spec(to="csi-wffc")], "")
    assert claims.find(spec(to="csi-wffc")) is None
    named = Volume(
        id=f"{kube.name}/web-disk0", disk="2000", index=0, size_bytes=MIB, format="raw", path="/x", identity="?"
    )
    claims.remove(named)  # of another uid: ours is gone
    if "labels" not in metadata or "mtv/run" not in metadata["labels"]:
        with pytest.raises(CheckFailed):
            claims.remove(replace(named, identity=before["metadata"]["uid"]))
    after = now(kube)
    assert after["metadata"].get("deletionTimestamp") is None
    assert after["spec"] == before["spec"]
    assert after["metadata"].get("labels") == metadata.get("labels")


def test_a_claim_that_something_else_owns_is_not_adopted(kube: Namespace, claims: Claims, spec: Spec) -> None:
    """A DataVolume would take it along when it goes."""
    owner = kube.api.get("serviceaccounts", kube.name, "default")["metadata"]
    reference = {"apiVersion": "v1", "kind": "ServiceAccount", "name": "default", "uid": owner["uid"]}
    prepared(kube, annotations=ADOPT, ownerReferences=[reference])
    with pytest.raises(CheckFailed) as error:
        claims.create(spec(to="csi-wffc", **FS))
    assert code(error) == "kubevirt.foreign"


def test_a_prepared_claim_is_adopted_and_given_back(kube: Namespace, claims: Claims, spec: Spec) -> None:
    wanted = spec(to="csi-wffc", **FS)
    uid = prepared(kube, annotations={**ADOPT, "team": "shop"}, labels={"app": "web"})["metadata"]["uid"]
    readying.check(claims, [wanted], "")
    taken = claims.create(wanted)
    assert (taken.identity, taken.zeroed) == (uid, False), "what is in it is anybody's guess"
    assert claims.find(wanted) == claims.create(wanted) == taken
    assert now(kube)["metadata"]["labels"]["mtv/run"] == "r-1"
    claims.remove(taken)
    metadata = now(kube)["metadata"]
    assert (metadata["uid"], metadata["labels"], metadata["annotations"]) == (uid, {"app": "web"}, {"team": "shop"})
    with pytest.raises(CheckFailed):
        claims.create(wanted)


@pytest.mark.parametrize(
    ("size", "mode", "given", "refusal"),
    [
        ("10Mi", "Filesystem", FS, "kubevirt.claim-too-small"), ("9Mi", "Block", BLOCK, "kubevirt.claim-too-small"),
        ("20Mi", "Block", FS, "kubevirt.claim-other"),
        ("20Mi", "Filesystem", {"access": "ReadWriteMany"}, "kubevirt.claim-other"),
    ],
)  # fmt: skip
def test_a_prepared_claim_that_does_not_fit(
    kube: Namespace, claims: Claims, spec: Spec, size: str, mode: str, given: dict[str, str], refusal: str
) -> None:
    prepared(kube, size, mode, annotations=ADOPT)
    for work in (lambda one: readying.check(claims, [one], ""), claims.create):
        with pytest.raises(CheckFailed) as error:
            work(spec(to="csi-wffc", **given))
        assert code(error) == refusal


def test_a_claim_that_a_pod_uses_is_waited_for_and_then_named(kube: Namespace, claims: Claims, spec: Spec) -> None:
    made = claims.create(spec(to="local", **FS, machine="held"))
    kube.api.create("pods", kube.name, pod("reader", "sleep 600", [("held-disk0", "Filesystem")]))
    until(kube.api, "pods", kube.name, "reader", lambda one: one["status"]["phase"] == "Running")
    time = Time()
    claims.api.sleep, claims.api.clock = time.sleep, time.clock
    with pytest.raises(Temporary, match="is not gone after 120 s: used by reader") as error:
        claims.remove(made)
    assert code(error) == "kubevirt.claim-held"
    assert claims.find(spec(to="local", **FS, machine="held")) is None, "it is going"
    with pytest.raises(Temporary, match="is being deleted"):
        claims.create(spec(to="local", **FS, machine="held"))
    kube.api.delete("pods", kube.name, "reader", gracePeriodSeconds="0")
    until(kube.api, PVC, kube.name, "held-disk0", None)
    claims.remove(made)


def test_a_class_that_cdi_does_not_know(kube: Namespace, claims: Claims, spec: Spec) -> None:
    with pytest.raises(CheckFailed) as error:
        readying.check(claims, [spec(to="odd")], "")
    assert code(error) == "kubevirt.no-profile"
    claims.create(spec(to="odd", **BLOCK))
    with pytest.raises(CheckFailed, match="there is no storage class 'silver'; there are: .*csi"):
        claims.create(spec(to="silver"))


def test_a_quota_refuses_beforehand_and_where_it_is_filled_meanwhile(
    kube: Namespace, claims: Claims, spec: Spec
) -> None:
    kube.api.create("resourcequotas", kube.name, {
        "metadata": {"name": "small"}, "spec": {"hard": {"csi.storageclass.storage.k8s.io/requests.storage": "15Mi"}},
    })  # fmt: skip
    until(kube.api, "resourcequotas", kube.name, "small", lambda one: "hard" in one.get("status", {}))
    both = [spec(index, **BLOCK) for index in (0, 1)]
    with pytest.raises(Held, match="need 20 MiB of csi.*allows 15 MiB, of which 0 MiB are used") as error:
        readying.check(claims, both, "")
    assert code(error) == "kubevirt.quota"
    assert kube.api.items(PVC, kube.name) == []
    claims.create(both[0])
    with pytest.raises(Held, match="exceeded quota: small") as error:
        claims.create(both[1])
    assert code(error) == "kubevirt.quota"


@pytest.fixture
def scarce(kube: Namespace) -> Iterator[str]:
    """A class of the test's own whose driver says how much room it has."""
    name = f"{kube.name}-scarce"
    made = {"metadata": {"name": name}, "provisioner": "csi.test"}
    kube.api.create(CLASSES, None, made)
    kube.api.create("storage.k8s.io/v1/csistoragecapacities", kube.name, {
        "metadata": {"name": "here"}, "storageClassName": name, "capacity": "12Mi", "nodeTopology": {},
    })  # fmt: skip
    sets = "cdi.kubevirt.io/v1beta1/storageprofiles"
    until(kube.api, sets, None, name, lambda one: one.get("status", {}).get("claimPropertySets") is not None)
    yield name
    kube.api.delete(CLASSES, None, name)


def test_a_class_that_is_nearly_full(claims: Claims, spec: Spec, scarce: str) -> None:
    readying.check(claims, [spec(to=scarce, **BLOCK)], "")
    with pytest.raises(CheckFailed, match="need 20 MiB of class .* which has 12 MiB where it has most") as error:
        readying.check(claims, [spec(index, to=scarce, **BLOCK) for index in (0, 1)], "")
    assert code(error) == "kubevirt.no-room"


def test_a_namespace_that_is_not_there_or_going(kube: Namespace, claims: Claims, spec: Spec) -> None:
    nowhere = Claims(claims.api, "nowhere", claims.stock)
    with pytest.raises(CheckFailed) as error:
        readying.check(nowhere, [spec()], "")
    assert code(error) == "kubevirt.no-namespace"
    with pytest.raises(CheckFailed) as error:
        nowhere.create(spec())
    assert code(error) == "kubevirt.no-namespace"
    stuck = {"metadata": {"name": "stuck", "finalizers": ["test.example/stays"]}}
    kube.api.create("configmaps", kube.name, stuck)
    kube.api.delete("namespaces", None, kube.name)
    until(kube.api, "namespaces", None, kube.name, lambda one: one["status"]["phase"] == "Terminating")
    try:
        for work in (lambda: readying.check(claims, [spec()], ""), lambda: claims.create(spec())):
            with pytest.raises(CheckFailed) as error:
                work()
            assert code(error) == "kubevirt.namespace-terminating"
    finally:
        kube.api.patch("configmaps", kube.name, "stuck", {"metadata": {"finalizers": None}})


def test_scratch_space_has_a_class_of_its_own_and_only_ours_is_tidied(
    kube: Namespace, claims: Claims, spec: Spec
) -> None:
    disks = [spec(index, **BLOCK) for index in (0, 1)]
    other = claims.create(disks[0])
    assert scratch.make(claims, disks, "csi") == "/scratch"
    (made,) = [one for one in kube.api.items(PVC, kube.name) if one["metadata"]["name"] != "web-disk0"]
    asked = made["spec"]
    assert (asked["storageClassName"], asked["volumeMode"], asked["accessModes"]) == (
        "csi", "Filesystem", ["ReadWriteOnce"],
    )  # fmt: skip
    scratch.remove(claims, "r-2", "web")
    scratch.remove(claims, "r-1", "db")
    assert kube.api.find(PVC, *key_of(made))
    scratch.remove(claims, "r-1", "web")
    assert not kube.api.find(PVC, *key_of(made))
    assert claims.find(disks[0]) == replace(other, zeroed=False)


def test_a_right_that_is_missing_is_named(kube: Namespace, spec: Spec) -> None:
    reads = [{"apiGroups": ["storage.k8s.io"], "resources": ["storageclasses"], "verbs": ["list"]}]
    api = Api(find(read_address(str(kube.account("reader", cluster_rules=reads)))))
    try:
        with pytest.raises(MtvError, match="cannot create resource") as error:
            Claims(api, kube.name, Stock(api)).create(spec(**FS))
    finally:
        api.close()
    assert code(error) == "kubevirt.forbidden"
