"""The fake of KubeVirt's snapshots does what its source says, row for row."""

from collections.abc import Callable

import pytest

from tests.kube.api import Object, path
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.snapshots import FINALIZER, SNAPSHOTS, STORAGE
from tests.kube.fakes.kubevirt.state import says
from tests.kube.fakes.kubevirt.test_machines import CLAIMS, connected, disk, make, printed
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.pods import claim
from tests.kube.waiting import changes, until


def snapshot(kube: Namespace, of: str = "db01", name: str = "first", deadline: str = "300s") -> None:
    kube.api.create(SNAPSHOTS, kube.name, {
        "apiVersion": "snapshot.kubevirt.io/v1beta1", "kind": "VirtualMachineSnapshot", "metadata": {"name": name},
        "spec": {"source": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": of},
                 "failureDeadline": deadline},
    }, fieldValidation="Strict")  # fmt: skip


def ended(kube: Namespace, there: Callable[[Object], bool]) -> Object:
    return until(kube.api, SNAPSHOTS, kube.name, "first", there)


def phase(wanted: str) -> Callable[[Object], bool]:
    return lambda one: one.get("status", {}).get("phase") == wanted


def csi(kube: Namespace, name: str) -> None:
    kube.api.create(CLAIMS, kube.name, claim(name, "10Mi", "Filesystem", "csi"))
    until(kube.api, CLAIMS, kube.name, name, lambda one: one["status"]["phase"] == "Bound")


def test_it_succeeds_before_it_is_ready_and_locks_its_vm_meanwhile(kube: Namespace) -> None:
    csi(kube, "root")
    make(kube, vm("db01", claim="root", strategy="Always"))
    printed(kube, "db01", "Running")
    since = kube.api.want("GET", path(SNAPSHOTS, kube.name))["metadata"]["resourceVersion"]
    snapshot(kube)
    seen: list[tuple[str | None, bool | None]] = []
    for found in changes(kube.api, SNAPSHOTS, kube.name, "first", since=since):
        status = (found or {}).get("status", {})
        now = status.get("phase"), status.get("readyToUse")
        seen += [now] if now not in seen else []
        if now == ("Succeeded", True):
            break
    assert seen == [(None, None), ("InProgress", False), ("Succeeded", False), ("Succeeded", True)]
    assert status["snapshotVolumes"] == {"includedVolumes": ["disk0"], "excludedVolumes": []}
    assert status["indications"] == ["NoGuestAgent", "Online"]
    assert status["sourceUID"] == kube.api.get(VMS, kube.name, "db01")["metadata"]["uid"]
    assert found is not None
    assert found["metadata"]["finalizers"] == [FINALIZER]
    locks = []
    for one in changes(kube.api, VMS, kube.name, "db01", since=since):
        lock = (one or {})["status"].get("snapshotInProgress")
        locks += [lock] if lock not in locks else []
        if "first" in locks and lock is None:
            break
    kube.api.delete(SNAPSHOTS, kube.name, "first")
    until(kube.api, SNAPSHOTS, kube.name, "first", None)


def test_a_disk_whose_class_has_no_snapshots_is_left_out_of_a_success(kube: Namespace) -> None:
    disk(kube, "root", data=b"a guest")
    make(kube, vm("db01", claim="root", strategy="Always"))
    until(kube.api, VMIS, kube.name, "db01", connected)
    snapshot(kube)
    status = ended(kube, lambda one: one.get("status", {}).get("readyToUse", False))["status"]
    assert status["snapshotVolumes"] == {"includedVolumes": [], "excludedVolumes": ["disk0"]}
    assert status["indications"] == ["GuestAgent", "Online"]


@pytest.mark.parametrize("why", ["no VM", "storage"])
def test_what_fails_is_repeated_until_the_deadline(kube: Namespace, why: str) -> None:
    if why == "storage":
        csi(kube, "root")
        made = vm("db01", claim="root")
        made["metadata"].setdefault("annotations", {})[STORAGE] = '{"fails": "no room"}'
        make(kube, made)
    snapshot(kube, deadline="60s")
    found = ended(kube, phase("InProgress"))
    assert found["status"]["readyToUse"] is False
    status = ended(kube, phase("Failed"))["status"]
    assert says({"status": status}, "Failure")["message"] == "snapshot deadline exceeded"
    told = "VolumeSnapshot vmsnapshot-volume-disk0 error: no room" if why == "storage" else None
    assert status.get("error", {}).get("message") == told
    kube.api.delete(SNAPSHOTS, kube.name, "first")
    until(kube.api, SNAPSHOTS, kube.name, "first", None)
