"""A VirtualMachine is played as KubeVirt was measured: how it starts and ends, and what of it breaks where."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kube.api import Object, path
from tests.kube.cluster import Cluster, Namespace
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.state import says
from tests.kube.fakes.kubevirt.vms import vm
from tests.kube.pods import claim
from tests.kube.waiting import changes, until

CLAIMS = "persistentvolumeclaims"
GIB = 1 << 30


def put(kube: Namespace, what: str, accept: str = "*/*") -> tuple[int, bytes]:
    where = f"/apis/subresources.kubevirt.io/v1/namespaces/{kube.name}/virtualmachines/{what}"
    reply = kube.api.ask("PUT", where, b"{}", {"Accept": accept})
    return reply.status, reply.body


def look(kube: Namespace, what: str) -> Any:
    return kube.api.want(
        "GET", f"/apis/subresources.kubevirt.io/v1/namespaces/{kube.name}/virtualmachineinstances/{what}"
    )


def make(kube: Namespace, made: Object) -> Object:
    return kube.api.create(VMS, kube.name, made, fieldValidation="Strict")


def disk(kube: Namespace, name: str, mode: str = "Filesystem", size: str = "100Mi", data: bytes = b"") -> Path:
    """A claim that is bound, and its disk.img or device."""
    kube.api.create(CLAIMS, kube.name, claim(name, size, mode, "local"))
    found = until(kube.api, CLAIMS, kube.name, name, lambda one: one["status"]["phase"] == "Bound")
    place: Path = kube.cluster.layout.volumes / found["spec"]["volumeName"]
    if mode == "Block":
        place = Path(kube.api.get("persistentvolumes", None, place.name)["spec"]["local"]["path"])
    else:
        place /= "disk.img"
    if data:
        place.write_bytes(data)
    return place


def printed(kube: Namespace, name: str, status: str) -> Object:
    return until(kube.api, VMS, kube.name, name, lambda one: one.get("status", {}).get("printableStatus") == status)


def connected(one: Object) -> bool:
    return bool(says(one, "AgentConnected").get("status") == "True")


def events(kube: Namespace, name: str) -> list[tuple[str, str]]:
    found = kube.api.items("events", kube.name, fieldSelector=f"involvedObject.name={name}")
    return [(one["type"], one["reason"]) for one in found]


def test_from_halted_to_a_guest_that_answers_and_back(kube: Namespace) -> None:
    disk(kube, "root", data=b"a guest")
    made = make(kube, vm("db01", claim="root"))
    domain = made["spec"]["template"]["spec"]["domain"]
    assert (domain["machine"]["type"], made["spec"]["template"]["spec"]["architecture"]) == ("q35", "amd64")
    assert domain["firmware"].keys() == {"uuid", "serial"}
    printed(kube, "db01", "Stopped")
    assert put(kube, "db01/start", "application/json")[0] == 406
    since = kube.api.want("GET", path(VMIS, kube.name))["metadata"]["resourceVersion"]
    assert put(kube, "db01/start") == (202, b"")
    phases = []
    for found in changes(kube.api, VMIS, kube.name, "db01", since=since):
        phase = (found or {}).get("status", {}).get("phase")
        if phase not in phases:
            phases.append(phase)
        if found and connected(found):
            break
    assert phases == [None, "Pending", "Scheduling", "Scheduled", "Running"]
    assert found is not None
    assert found["status"]["interfaces"][0]["infoSource"] == "domain, guest-agent"
    assert look(kube, "db01/guestosinfo")["os"]["id"] == "debian"
    (filesystem,) = look(kube, "db01/filesystemlist")["items"]
    assert filesystem["disk"][0]["serial"] == "01234567890123456789", "a guest sees 20 characters"
    assert put(kube, "db01/start")[0] == 409
    assert put(kube, "db01/stop")[0] == 202
    printed(kube, "db01", "Stopped")
    assert kube.api.find(VMIS, kube.name, "db01") is None
    assert kube.api.get(VMS, kube.name, "db01")["spec"]["runStrategy"] == "Halted"


def test_what_is_not_said_of_an_instance_is_filled_in(kube: Namespace) -> None:
    made = vm("web.x", strategy="Always", memory={"guest": "1Gi"}, features={"hyperv": {"synictimer": {}}})
    spec = made["spec"]["template"]["spec"]
    del spec["networks"], spec["domain"]["devices"]["interfaces"]
    make(kube, made)
    found = until(kube.api, VMIS, kube.name, "web.x", lambda one: bool(one.get("status", {}).get("phase")))
    domain = found["spec"]["domain"]
    assert (domain["cpu"]["model"], domain["cpu"]["maxSockets"], domain["memory"]["maxGuest"]) == (
        "host-model",
        4,
        "4Gi",
    )
    assert found["spec"]["evictionStrategy"] == "None"
    assert found["spec"]["networks"] == [{"name": "default", "pod": {}}]
    assert domain["devices"]["interfaces"][0]["bridge"] == {}, "of the pod network, which is not what anybody wants"
    assert domain["features"]["hyperv"].keys() == {"synictimer", "synic", "vpindex"}
    assert found["metadata"]["labels"]["vm.kubevirt.io/name"] == "web", "and so would web.y"


@pytest.mark.parametrize(
    ("preference", "firmware", "tpm"),
    [
        ({"firmware": {"preferredEfi": {"secureBoot": True}}}, {"efi": {"secureBoot": True}}, None),
        ({"firmware": {"preferredEfi": {"persistent": True}}, "devices": {"preferredTPM": {"persistent": True}}},
         {"efi": {"persistent": True}}, {"persistent": True}),
    ],
)  # fmt: skip
def test_a_preference_changes_the_firmware_where_none_is_said(
    kube: Namespace, preference: Object, firmware: Object, tpm: Object | None
) -> None:
    kind = "instancetype.kubevirt.io/v1beta1/virtualmachinepreferences"
    kube.api.create(kind, kube.name, {
        "apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachinePreference",
        "metadata": {"name": "os"}, "spec": preference,
    })  # fmt: skip
    where = f"/apis/subresources.kubevirt.io/v1/namespaces/{kube.name}/expand-vm-spec"

    def expanded(**domain: Any) -> Object:
        made = vm("db01", **domain)
        made["spec"]["preference"] = {"kind": "VirtualMachinePreference", "name": "os"}
        found: Object = kube.api.want("PUT", where, made)["spec"]["template"]["spec"]["domain"]
        return found

    changed = expanded()
    assert (changed["firmware"]["bootloader"], changed["devices"].get("tpm")) == (firmware, tpm)
    kept = expanded(firmware={"bootloader": {"bios": {}}}, devices={"tpm": {"enabled": False}})
    assert (kept["firmware"]["bootloader"], kept["devices"]["tpm"]) == ({"bios": {}}, {"enabled": False})


def test_a_claim_made_by_hand_grows_the_disk(kube: Namespace) -> None:
    file = disk(kube, "root", size="3Gi", data=b"\0" * 4096)
    make(kube, vm("db01", claim="root", strategy="Always"))
    printed(kube, "db01", "Running")
    assert file.stat().st_size == 3027238912


def test_an_empty_disk_runs_and_is_ready_and_nobody_answers(kube: Namespace) -> None:
    file = disk(kube, "root")
    make(kube, vm("db01", claim="root", strategy="Always"))
    printed(kube, "db01", "Running")
    found = kube.api.get(VMIS, kube.name, "db01")
    assert says(found, "Ready")["status"] == "True"
    assert not connected(found)
    assert (file.stat().st_uid, file.stat().st_mode & 0o777) == (107, 0o660)


def test_a_file_has_one_writer_and_a_device_has_none_to_guard_it(kube: Namespace) -> None:
    disk(kube, "file")
    disk(kube, "device", "Block")
    for name, of in (("f1", "file"), ("d1", "device")):
        make(kube, vm(name, claim=of, strategy="Always"))
        printed(kube, name, "Running")
    make(kube, vm("f2", claim="file", strategy="Always"))
    make(kube, vm("d2", claim="device", strategy="Always"))
    printed(kube, "d2", "Running")
    found = printed(kube, "f2", "CrashLoopBackOff")
    assert 'Failed to get "write" lock' in says(found, "Synchronized")["message"]
    assert ("Warning", "SyncFailed") in events(kube, "f2")
    put(kube, "f1/stop")
    printed(kube, "f2", "Running")


def gpu(made: Object) -> None:
    made["spec"]["template"]["spec"]["domain"]["devices"]["gpus"] = [{"name": "g", "deviceName": "nvidia.com/T4"}]


def cloud_init(made: Object) -> None:
    spec = made["spec"]["template"]["spec"]
    spec["volumes"].append({"name": "init", "cloudInitNoCloud": {"secretRef": {"name": "absent"}}})
    spec["domain"]["devices"]["disks"] = [{"name": "init", "disk": {"bus": "virtio"}}]


def multus(made: Object) -> None:
    spec = made["spec"]["template"]["spec"]
    spec["networks"] = [{"name": "net0", "multus": {"networkName": "absent"}}]
    spec["domain"]["devices"]["interfaces"] = [{"name": "net0", "bridge": {}}]


def set_to(**spec: object) -> Callable[[Object], None]:
    return lambda made: made["spec"].update(spec)


def template(**spec: object) -> Callable[[Object], None]:
    return lambda made: made["spec"]["template"]["spec"].update(spec)


def domain(**said: object) -> Callable[[Object], None]:
    def change(made: Object) -> None:
        for key, value in said.items():
            found = made["spec"]["template"]["spec"]["domain"]
            found[key] = {**found.get(key, {}), **value} if isinstance(value, dict) else value

    return change


def mac(address: str) -> Callable[[Object], None]:
    return domain(devices={"interfaces": [{"name": "net0", "masquerade": {}, "macAddress": address}]})


def no_memory(made: Object) -> None:
    del made["spec"]["template"]["spec"]["domain"]["memory"]


NOTHING: Object = {"requests": {}}
LONG = {"metadata": {"labels": {"app": "x" * 64}}}

# what is changed, how that is printed in the end, and of which condition the text is that says why
BREAKS: dict[str, tuple[Callable[[Object], None], str, str, str]] = {
    "no-memory": (no_memory, "Stopped", "Failure", "must be set"),
    "memory-zero": (domain(memory={"guest": "0"}), "CrashLoopBackOff", "Synchronized", "memory"),
    "memory-tiny": (domain(memory={"guest": "512Ki"}), "Running", "Ready", ""),
    "video-qxl": (domain(devices={"video": {"type": "qxl"}}), "Stopped", "Failure", "qxl is not supported"),
    "video-vmvga": (domain(devices={"video": {"type": "vmvga"}}), "Stopped", "Failure", "vmvga is not supported"),
    "diag288": (domain(devices={"watchdog": {"name": "w", "diag288": {}}}), "Stopped", "Failure", "diag288"),
    "hyperv-both": (domain(features={"hyperv": {}, "hypervPassthrough": {}}), "Stopped", "Failure", "together"),
    "architecture": (template(architecture="vax"), "Stopped", "Failure", "vax is not supported"),
    "label-long": (lambda made: made["spec"]["template"].update(LONG), "Stopped", "Failure", "no more than 63"),
    "uuid": (domain(firmware={"uuid": "xyz"}), "CrashLoopBackOff", "Synchronized", "malformed uuid"),
    "mac-multicast": (mac("01:00:5e:00:00:01"), "CrashLoopBackOff", "Synchronized", "multicast"),
    "mac-zero": (mac("00:00:00:00:00:00"), "Running", "Ready", ""),
    "cpu-model": (domain(cpu={"model": "Nonesuch"}), "ErrorUnschedulable", "PodScheduled", "node affinity/selector"),
    "cpu-many": (domain(cpu={"sockets": 1000}, resources=NOTHING), "ErrorUnschedulable", "PodScheduled", "cpu"),
    "gpu": (gpu, "ErrorUnschedulable", "PodScheduled", "Insufficient nvidia.com/T4"),
    "evmcs": (domain(features={"hyperv": {"evmcs": {}}}), "ErrorUnschedulable", "PodScheduled", "selector"),
    "machine": (domain(machine={"type": "pc-q35-rhel9.6.0"}), "ErrorUnschedulable", "PodScheduled", "selector"),
    "tpm": (domain(devices={"tpm": {"persistent": True}}), "Starting", "", "FailedBackendStorageCreate"),
    "instancetype": (set_to(instancetype={"name": "absent"}), "Stopped", "Failure", 'instancetype "absent" not found'),
    "preference": (set_to(preference={"name": "absent"}), "Stopped", "Failure", 'preference "absent" not found'),
    "secret": (cloud_init, "Starting", "", ""),
    "network": (multus, "Starting", "", ""),
    "priority": (template(priorityClassName="absent"), "Starting", "Failure", "no PriorityClass with name absent"),
}  # fmt: skip


@pytest.fixture(scope="module")
def breaking(one_cluster: Cluster) -> Iterator[Namespace]:
    """All of them side by side, each accepted."""
    with one_cluster.namespace("breaking") as made:
        for name, (change, *_) in BREAKS.items():
            broken = vm(name, strategy="Always")
            change(broken)
            make(made, broken)
        yield made


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_accepted_breaks_where_it_was_seen_to(breaking: Namespace, name: str) -> None:
    _, status, kind, text = BREAKS[name]
    found = until(breaking.api, VMS, breaking.name, name, lambda one: settled(one, status, kind, text))
    assert found["status"]["printableStatus"] == status
    if name == "tpm":
        assert ("Warning", text) in events(breaking, name)
    if name == "mac-zero":
        (interface,) = breaking.api.get(VMIS, breaking.name, name)["spec"]["domain"]["devices"]["interfaces"]
        assert interface["macAddress"].startswith("52:54:")


def settled(one: Object, status: str, kind: str, text: str) -> bool:
    now = one.get("status", {})
    return now.get("printableStatus") == status and (not kind or text in says(one, kind).get("message", ""))


def test_what_is_missing_is_waited_for(kube: Namespace) -> None:
    for name in ("secret", "network"):
        broken = vm(name, strategy="Always")
        BREAKS[name][0](broken)
        make(kube, broken)
        until(kube.api, VMIS, kube.name, name, lambda one: one.get("status", {}).get("phase") == "Scheduling")
    kube.api.create("secrets", kube.name, {"metadata": {"name": "absent"}, "stringData": {"userdata": ""}})
    printed(kube, "secret", "Running")
    assert kube.api.get(VMS, kube.name, "network")["status"]["printableStatus"] == "Starting"
    kube.api.create("k8s.cni.cncf.io/v1/network-attachment-definitions", kube.name, {
        "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": {"name": "absent"},
        "spec": {"config": "{}"},
    })  # fmt: skip
    printed(kube, "network", "Running")


def test_a_disk_that_is_not_there_is_printed(kube: Namespace) -> None:
    make(kube, vm("db01", claim="absent", strategy="Always"))
    printed(kube, "db01", "ErrorPvcNotFound")
    disk(kube, "absent")
    printed(kube, "db01", "Running")


def test_state_that_was_laid_down_ahead_is_taken(kube: Namespace) -> None:
    made = claim("seeded", "10Mi", "Filesystem", "local")
    made["metadata"]["labels"] = {"persistent-state-for": "db01"}
    kube.api.create(CLAIMS, kube.name, made)
    make(kube, vm("db01", strategy="Always", devices={"tpm": {"persistent": True}}))
    printed(kube, "db01", "Running")


def test_a_restart_makes_another_instance(kube: Namespace) -> None:
    make(kube, vm("db01", strategy="Manual"))
    assert put(kube, "db01/restart")[0] == 409
    assert put(kube, "db01/start")[0] == 202
    printed(kube, "db01", "Running")
    before = kube.api.get(VMIS, kube.name, "db01")["metadata"]["uid"]
    assert put(kube, "db01/restart")[0] == 202
    for found in changes(kube.api, VMIS, kube.name, "db01"):
        if found and found["metadata"]["uid"] != before:
            break
    assert kube.api.ask("PUT", path("x", kube.name)).status == 404
