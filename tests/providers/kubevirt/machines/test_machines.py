"""VMs of ours in the real cluster: made halted, started, stopped, removed; and a stranger's, which stay as they are."""

import pytest

from mtv.errors import CheckFailed, MtvError
from mtv.providers.kubevirt.machines import turning
from mtv.settings import Settings
from tests.kube.api import Answer, Object
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.test_machines import CLAIMS, disk
from tests.kube.fakes.kubevirt.vms import vm as stranger
from tests.providers.kubevirt.machines.made import KEY, MAC, RUN, create, do, document, service


def there(kube: Namespace, kind: str = VMS, name: str = "db01") -> Object:
    return kube.api.get(kind, kube.name, name)


def names(kube: Namespace, kind: str) -> set[str]:
    return {one["metadata"]["name"] for one in kube.api.items(kind, kube.name)} - {"kube-root-ca.crt"}


def test_from_papers_to_a_guest_that_answers_and_back_to_nothing(kube: Namespace) -> None:
    disk(kube, "root", data=b"a guest")
    made = create(kube, service("db01"), document("db01", "root"))
    assert (made.state, made.started_at, made.path) == ("halted", "", f"{kube.name}/db01")
    assert create(kube, service("db01"), document("db01", "root")) == made, "made again, it is the same"
    labels = there(kube)["metadata"]["labels"]
    assert (labels["mtv/run"], labels["mtv/role"]) == (RUN, "machine")
    assert there(kube)["metadata"]["annotations"]["mtv/vm-key"] == KEY
    papers = there(kube, "configmaps", "db01-mtv-papers")
    assert (papers["data"]["README.txt"], papers["binaryData"]["receipt.hashes"]) == ("moved\n", "AP8B")
    assert do(kube, lambda found: found.guest("db01")) == {}

    do(kube, lambda found: found.start_machine("db01"))
    do(kube, lambda found: found.start_machine("db01"))
    running = do(kube, lambda found: found.machine("db01"))
    assert (running.state, there(kube)["spec"]["runStrategy"]) == ("running", "RerunOnFailure")
    assert running.started_at
    while not (told := do(kube, lambda found: found.guest("db01"))):
        pass
    assert told["hostname"] == "db01"
    assert told["interfaces"] == [{"name": "net0", "mac": MAC, "addresses": [], "agent": True}]
    assert told["filesystems"][0]["serials"] == ["01234567890123456789"]  # type: ignore[index, call-overload]
    with pytest.raises(MtvError, match="cannot be removed"):
        do(kube, lambda found: found.remove_machine("db01"))

    for _ in range(2):
        do(kube, lambda found: found.stop_machine("db01"))
    stopped = do(kube, lambda found: found.machine("db01"))
    assert (stopped.state, stopped.started_at) == ("halted", running.started_at)
    assert kube.api.find(VMIS, kube.name, "db01") is None
    for _ in range(2):
        do(kube, lambda found: found.remove_machine("db01"))
    assert do(kube, lambda found: found.machine("db01")).state == "absent"
    assert (names(kube, "services"), names(kube, "configmaps"), names(kube, CLAIMS)) == (set(), set(), {"root"})


def test_a_strangers_vm_is_named_and_never_touched(kube: Namespace) -> None:
    kube.api.create(VMS, kube.name, stranger("db01"))
    before = there(kube)["metadata"]["resourceVersion"]
    with pytest.raises(CheckFailed, match=f"VirtualMachine {kube.name}/db01 is there and not ours") as refused:
        create(kube, service("db01"), document("db01"))
    assert refused.value.fault.code == "kubevirt.foreign"
    with pytest.raises(CheckFailed):
        do(kube, lambda found: found.start_machine("db01"))
    do(kube, lambda found: found.stop_machine("db01"))
    do(kube, lambda found: found.remove_machine("db01"))
    after = there(kube)["metadata"]
    assert after["generation"] == 1
    assert after["resourceVersion"] == before or "status" in there(kube)
    assert names(kube, "services") == set(), "nothing was made beside it"


def test_another_runs_vm_is_a_strangers_too(kube: Namespace) -> None:
    create(kube, document("db01"), run="p-1")
    with pytest.raises(CheckFailed, match="of run p-1"):
        create(kube, document("db01"), run="p-2")
    do(kube, lambda found: found.remove_machine("db01"), run="p-2")
    assert there(kube)["metadata"]["annotations"]["mtv/run-name"] == "p-1"


def test_a_field_that_the_cluster_does_not_know_is_refused(kube: Namespace) -> None:
    with pytest.raises(MtvError, match="colour: field not declared"):
        create(kube, document("db01") | {"spec": {**document("db01")["spec"], "colour": "red"}})
    assert kube.api.find(VMS, kube.name, "db01") is None


def test_a_vm_that_was_started_by_hand_stays_as_it_is(kube: Namespace) -> None:
    create(kube, document("db01"))
    kube.api.patch(VMS, kube.name, "db01", {"spec": {"runStrategy": "Always"}})
    create(kube, document("db01"))
    assert there(kube)["spec"]["runStrategy"] == "Always"


@pytest.mark.parametrize("way", ["claim", "datavolume"])
def test_disks_that_a_vm_owns_outlive_it(kube: Namespace, way: str) -> None:
    """Kubernetes would delete them within milliseconds."""
    disk(kube, "root", data=b"a guest")
    create(kube, document("db01", "root"))
    owner = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "db01",
             "uid": there(kube)["metadata"]["uid"]}  # fmt: skip
    if way == "datavolume":
        between = kube.api.create("cdi.kubevirt.io/v1beta1/datavolumes", kube.name, {
            "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume",
            "metadata": {"name": "root", "ownerReferences": [owner],
                         "annotations": {"cdi.kubevirt.io/allowClaimAdoption": "true"}},
            "spec": {"pvc": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "100Mi"}}},
                     "source": {"upload": {}}},
        })  # fmt: skip
        owner = {"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "name": "root",
                 "uid": between["metadata"]["uid"]}  # fmt: skip
    kube.api.patch(CLAIMS, kube.name, "root", {"metadata": {"ownerReferences": [owner]}})
    do(kube, lambda found: found.remove_machine("db01"))
    kube.api.delete("configmaps", kube.name, "nothing")
    uids = {one["uid"] for one in there(kube, CLAIMS, "root")["metadata"].get("ownerReferences", [])}
    assert uids == ({owner["uid"]} if way == "datavolume" else set())
    with pytest.raises(Answer):
        there(kube)


def test_a_vm_that_cannot_run_is_said_so(kube: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turning, "settings", lambda: Settings(machine_start_s=1.0))
    create(kube, document("db01", cpu={"model": "Nonesuch"}))
    with pytest.raises(MtvError, match="it is ErrorUnschedulable") as failed:
        do(kube, lambda found: found.start_machine("db01"))
    assert failed.value.fault.code == "kubevirt.not-running"
    do(kube, lambda found: found.stop_machine("db01"))
    assert do(kube, lambda found: found.machine("db01")).started_at == ""
