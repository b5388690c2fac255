"""A DataVolume is played as CDI was measured: which phases it has, in which order, and what is left behind."""

import os
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.kube.api import Object
from tests.kube.cluster import Namespace
from tests.kube.fakes.cdi.contents import blank
from tests.kube.fakes.cdi.filling import CHECKPOINT, FAILS
from tests.kube.fakes.cdi.life import KIND
from tests.kube.fakes.kubevirt.state import says
from tests.kube.pods import claim, pod
from tests.kube.waiting import changes, until

CLAIMS = "persistentvolumeclaims"
PREFIX = "cdi.kubevirt.io"
IMMEDIATE = f"{PREFIX}/storage.bind.immediate.requested"
VDDK = {"vddk": {"url": "https://vc01", "uuid": "u", "backingFile": "[a] b", "thumbprint": "t", "secretRef": "s"}}
BLANK: Object = {"blank": {}}
UPLOAD: Object = {"upload": {}}


def volume(
    source: Object, storage_class: str | None, mode: str = "Filesystem", size: str = "100Mi", **annotations: str
) -> Object:
    storage = {"resources": {"requests": {"storage": size}}, "volumeMode": mode, "accessModes": ["ReadWriteOnce"],
               **({"storageClassName": storage_class} if storage_class else {})}  # fmt: skip
    return {
        "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume",
        "metadata": {"name": "disk0", "annotations": annotations}, "spec": {"source": source, "storage": storage},
    }  # fmt: skip


def phases(kube: Namespace, last: str, since: Object) -> list[str]:
    """All that it had since it was like that, "" where it had none, until that one."""
    seen = [since.get("status", {}).get("phase", "")]
    for found in changes(kube.api, KIND, kube.name, "disk0", since=since["metadata"]["resourceVersion"]):
        phase = (found or {}).get("status", {}).get("phase", "")
        seen += [phase] if seen[-1:] != [phase] else []
        if phase == last:
            return seen
    raise AssertionError("changes only ends by raising")


def make(kube: Namespace, made: Object) -> Object:
    return kube.api.create(KIND, kube.name, made, fieldValidation="Strict")


def done(one: Object) -> bool:
    return one.get("status", {}).get("phase") == "Succeeded" and all(
        says(one, kind).get("status") == "True" for kind in ("Ready", "Bound")
    )


def place(kube: Namespace) -> Path:
    found = kube.api.get(CLAIMS, kube.name, "disk0")
    path: str = kube.api.get("persistentvolumes", None, found["spec"]["volumeName"])["spec"]["local"]["path"]
    return Path(path) if found["spec"]["volumeMode"] == "Block" else Path(path) / "disk.img"


@pytest.mark.parametrize(
    ("source", "storage_class", "mode", "noted", "expected"),
    [
        (BLANK, "local", "Filesystem", {}, ["Pending", "PVCBound", "ImportScheduled", "Succeeded"]),
        (BLANK, "local", "Block", {}, ["Pending", "ImportScheduled", "Succeeded"]),
        (BLANK, "local-wffc", "Block", {IMMEDIATE: ""},
         ["Pending", "WaitForFirstConsumer", "ImportScheduled", "Succeeded"]),
        (VDDK, "csi", "Block", {}, ["Pending", "ImportScheduled", "ImportInProgress", "Succeeded"]),
    ],
    ids=["blank-file", "blank-block", "blank-wffc-immediate", "populator"],
)  # fmt: skip
def test_phases_to_the_end(
    kube: Namespace, source: Object, storage_class: str, mode: str, noted: dict[str, str], expected: list[str]
) -> None:
    made = make(kube, volume(source, storage_class, mode, **noted))
    assert [phase for phase in phases(kube, "Succeeded", made) if phase] == expected
    found = until(kube.api, KIND, kube.name, "disk0", done)
    assert "restartCount" not in found["status"]
    found = kube.api.get(CLAIMS, kube.name, "disk0")
    assert found["metadata"]["ownerReferences"][0]["kind"] == "DataVolume"
    assert noted.items() <= found["metadata"]["annotations"].items()
    assert found["metadata"]["annotations"][f"{PREFIX}/storage.usePopulator"] == str(storage_class == "csi").lower()
    asked = found["spec"]["resources"]["requests"]["storage"]
    assert asked == ("111149056" if mode == "Filesystem" else "104857600")
    events = kube.api.items("events", kube.name, fieldSelector="involvedObject.name=disk0")
    assert ("Warning", "Completed") in [(one["type"], one["reason"]) for one in events]
    file = place(kube)
    if mode == "Filesystem":
        stat = file.stat()
        assert (stat.st_size, stat.st_uid, stat.st_mode & 0o777, stat.st_blocks) == (100 << 20, 107, 0o660, 0)


def test_a_block_claim_s_size_comes_back_in_thousands(kube: Namespace) -> None:
    make(kube, volume(BLANK, "local-wffc", "Block", "1500Mi"))
    found = until(kube.api, CLAIMS, kube.name, "disk0", lambda _: True)
    assert found["spec"]["resources"]["requests"]["storage"] == "1572864k"


def test_a_blank_one_waits_for_its_consumer(kube: Namespace) -> None:
    made = make(kube, volume(BLANK, "local-wffc"))
    assert phases(kube, "WaitForFirstConsumer", made)[-1] == "WaitForFirstConsumer"
    assert kube.api.items("pods", kube.name) == []


def test_a_populator_waits_for_a_consumer_and_hands_its_volume_over(kube: Namespace) -> None:
    made = make(kube, volume(BLANK, "csi-wffc"))
    assert phases(kube, "PendingPopulation", made)[-1] == "PendingPopulation"
    kube.api.create("pods", kube.name, pod("consumer", "ls -l /disk0/disk.img", [("disk0", "Filesystem")]))
    assert phases(kube, "Succeeded", made)[-2:] == ["ImportScheduled", "Succeeded"]
    found = until(kube.api, KIND, kube.name, "disk0", lambda one: one["status"]["phase"] == "Succeeded")
    assert says(found, "Ready")["status"] == "True"
    until(kube.api, KIND, kube.name, "disk0", done)
    found = kube.api.get(CLAIMS, kube.name, "disk0")
    prime = found["metadata"]["annotations"][f"{PREFIX}/storage.populator.pvcPrime"]
    assert prime == f"prime-{found['metadata']['uid']}"
    until(kube.api, CLAIMS, kube.name, prime, None)
    until(kube.api, "pods", kube.name, "consumer", lambda one: one["status"]["phase"] == "Succeeded")


def test_a_volume_that_is_there_is_adopted(kube: Namespace) -> None:
    kube.api.create(CLAIMS, kube.name, claim("disk0", "1Mi", "Filesystem", "local"))
    made = make(kube, volume(BLANK, "local", **{f"{PREFIX}/allowClaimAdoption": "true"}))
    assert [phase for phase in phases(kube, "Succeeded", made) if phase] == ["Succeeded"]
    owner = kube.api.get(CLAIMS, kube.name, "disk0")["metadata"]["ownerReferences"][0]
    assert owner["kind"] == "DataVolume"
    kube.api.delete(KIND, kube.name, "disk0")
    until(kube.api, CLAIMS, kube.name, "disk0", None)


def test_a_warm_one_pauses_between_its_checkpoints(kube: Namespace) -> None:
    made = volume(VDDK, "local")
    made["spec"]["checkpoints"] = [{"current": "snap-1", "previous": ""}]
    made = make(kube, made)
    assert phases(kube, "Paused", made)[-3:] == ["ImportScheduled", "ImportInProgress", "Paused"]
    more = [*made["spec"]["checkpoints"], {"current": "snap-2", "previous": "snap-1"}]
    made = kube.api.patch(KIND, kube.name, "disk0", {"spec": {"checkpoints": more, "finalCheckpoint": True}})
    seen = phases(kube, "Succeeded", made)
    assert seen == ["Paused", "ImportScheduled", "ImportInProgress", "Paused", "Succeeded"]
    noted = kube.api.get(CLAIMS, kube.name, "disk0")["metadata"]["annotations"]
    assert noted[f"{CHECKPOINT}.final"] == "true"
    assert noted.keys() >= {f"{CHECKPOINT}.copied.snap-1", f"{CHECKPOINT}.copied.snap-2"}


def test_an_import_that_fails_is_tried_for_ever_and_never_fails(kube: Namespace) -> None:
    make(kube, volume(VDDK, "local", **{FAILS: "nbdkit: no such VM"}))
    found = until(kube.api, KIND, kube.name, "disk0", lambda one: one.get("status", {}).get("restartCount", 0) > 2)
    assert found["status"]["phase"] == "ImportInProgress"
    failed = says(found, "Running")
    assert (failed["status"], failed["reason"], failed["message"]) == ("False", "Error", "nbdkit: no such VM")


def test_a_class_that_says_too_little_makes_no_claim_until_it_does(kube: Namespace) -> None:
    """And the phase is empty all the while."""
    made = volume(BLANK, "odd")
    del made["spec"]["storage"]["accessModes"]
    make(kube, made)
    found = until(kube.api, KIND, kube.name, "disk0", lambda one: "status" in one)
    assert "phase" not in found["status"]
    assert [says(found, kind)["reason"] for kind in ("Bound", "Ready")] == ["ErrClaimNotValid"] * 2
    assert kube.api.find(CLAIMS, kube.name, "disk0") is None
    profiles = "cdi.kubevirt.io/v1beta1/storageprofiles"
    try:
        sets = [{"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"}]
        kube.api.patch(profiles, None, "odd", {"spec": {"claimPropertySets": sets}})
        until(kube.api, CLAIMS, kube.name, "disk0", lambda _: True)
    finally:
        kube.api.patch(profiles, None, "odd", {"spec": {"claimPropertySets": None}})


def test_a_blank_one_leaves_what_a_device_held(kube: Namespace) -> None:
    kube.api.create(CLAIMS, kube.name, claim("disk0", "1Mi", "Block", "local"))
    until(kube.api, CLAIMS, kube.name, "disk0", lambda one: one["status"]["phase"] == "Bound")
    device = place(kube)
    write(device, b"old" * 100)
    blank(device, 1 << 20)
    assert device.read_bytes()[:300] == b"old" * 100


def write(device: Path, data: bytes) -> None:
    with device.open("r+b") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@pytest.fixture
def served(tmp_path: Path, kube: Namespace) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL at which the cluster reaches it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *said: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield tmp_path, f"http://{kube.cluster.expose(server.server_port)}"
        server.shutdown()
        thread.join()


def test_a_qcow2_goes_by_way_of_scratch_space(kube: Namespace, served: tuple[Path, str]) -> None:
    folder, url = served
    (folder / "raw").write_bytes(b"a disk" + bytes((1 << 20) - 6))
    argv = ["qemu-img", "convert", "-O", "qcow2", str(folder / "raw"), str(folder / "disk.qcow2")]
    subprocess.run(argv, check=True)
    made = make(kube, volume({"http": {"url": f"{url}/disk.qcow2"}}, "local", size="1Mi"))
    assert phases(kube, "Succeeded", made)[-5:] == ["ImportScheduled", "ImportInProgress"] * 2 + ["Succeeded"]
    assert place(kube).read_bytes() == (folder / "raw").read_bytes()
    until(kube.api, CLAIMS, kube.name, "disk0-scratch", None)


def test_an_image_that_is_not_there_says_so_in_a_condition(kube: Namespace, served: tuple[Path, str]) -> None:
    make(kube, volume({"http": {"url": f"{served[1]}/absent"}}, "local"))
    found = until(kube.api, KIND, kube.name, "disk0", lambda one: one.get("status", {}).get("restartCount", 0) > 0)
    assert "404" in says(found, "Running")["message"]
    assert found["status"]["phase"] == "ImportInProgress"
