"""What a Pod says without a word of its worker's, and what that means: rows as clusters write them."""

import pytest

from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.jobs import fates
from mtv.providers.kubevirt.jobs.sight import Seen, has_ended

NODE = {"nodeName": "n-1"}


def waiting(reason: str, message: str = "") -> Object:
    return {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason, "message": message}}}]}


def terminated(reason: str, code: int, message: str = "") -> Object:
    state = {"terminated": {"reason": reason, "exitCode": code, "message": message}}
    return {"phase": "Failed", "containerStatuses": [{"state": state}]}


def condition(kind: str, status: str, reason: str, message: str = "") -> Object:
    return {"phase": "Pending", "conditions": [{"type": kind, "status": status, "reason": reason, "message": message}]}


STARTS = [
    (waiting("ErrImagePull", "pull access denied"), "worker.image"),
    (waiting("ImagePullBackOff"), "worker.image"),
    (waiting("InvalidImageName"), "worker.image"),
    (waiting("CreateContainerConfigError", 'secret "x" not found'), "worker.config"),
    (waiting("CreateContainerError"), "worker.container"),
    (condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient memory."),
     "worker.unschedulable"),
    (condition("PodScheduled", "False", "Unschedulable", "pod has unbound immediate PersistentVolumeClaims"),
     "worker.claim-unbound"),
    (condition("PodScheduled", "False", "Unschedulable", 'persistentvolumeclaim "web-disk-0" not found'),
     "worker.claim-missing"),
    (condition("PodScheduled", "False", "Unschedulable", "2 node(s) exceed max volume count"), "worker.attach"),
]  # fmt: skip
EVENTS = [
    ("FailedCreate", 'pods "x" is forbidden: exceeded quota: pods, requested: pods=1', "worker.quota"),
    ("FailedCreate", 'pods "x" is forbidden: violates PodSecurity "restricted:latest": seLinux', "worker.pod-security"),
    ("FailedCreate", "unable to validate against any security context constraint", "worker.scc"),
    ("FailedCreate", 'error looking up service account ns/x: serviceaccount "x" not found', "worker.account"),
    ("FailedCreate", "an unknown webhook says no", "worker.refused"),
    ("FailedMount", 'MountVolume.SetUp failed: configmap "ca" not found', "worker.config"),
    ("FailedMount", "timed out waiting for the condition", "worker.mount"),
    ("FailedAttachVolume", "Multi-Attach error for volume", "worker.multi-attach"),
    ("FailedCreatePodSandBox", "cannot find a network-attachment-definition", "worker.network"),
]
ENDS = [
    (terminated("OOMKilled", 137), "worker.memory", "temporary"),
    (terminated("Error", 1, "OSError: [Errno 28] No space left on device"), "worker.disk-full", "hold"),
    (terminated("Error", 86), "worker.lease-lapsed", "temporary"),
    (terminated("Error", 137), "worker.died", "temporary"),
    ({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: ephemeral-storage"},
     "worker.disk-full", "temporary"),
    ({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory"}, "worker.evicted",
     "temporary"),
    ({"phase": "Failed", "reason": "DeadlineExceeded"}, "worker.deadline", "temporary"),
    ({"phase": "Failed", "reason": "OutOfcpu"}, "worker.node-refused", "temporary"),
    ({"phase": "Failed", "reason": "Terminated", "message": "node shutdown"}, "worker.node-down", "temporary"),
    (condition("DisruptionTarget", "True", "PreemptionByScheduler"), "worker.preempted", "temporary"),
    (condition("DisruptionTarget", "True", "EvictionByEvictionAPI"), "worker.evicted", "temporary"),
    (condition("DisruptionTarget", "True", "DeletionByPodGC"), "worker.node-lost", "temporary"),
    ({"phase": "Running"}, "worker.vanished", "temporary"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code"), STARTS)
def test_why_a_pod_does_not_start(status: Object, code: str) -> None:
    found = fates.obstacle(list(fates.of_pod({"status": status})))
    assert found
    assert found[0].code == code


@pytest.mark.parametrize(("reason", "message", "code"), EVENTS)
def test_why_there_is_none_by_its_events(reason: str, message: str, code: str) -> None:
    told = {"type": "Warning", "reason": reason, "message": message}
    found = fates.obstacle(list(fates.of_events([told])))
    assert found
    assert found[0].code == code
    assert not list(fates.of_events([{**told, "type": "Normal"}]))


@pytest.mark.parametrize(("status", "code", "outcome"), ENDS)
def test_how_a_pod_ended(status: Object, code: str, outcome: str) -> None:
    ended = fates.ended("db", "w", fates.end(list(fates.of_pod({"status": status}))))
    assert ended.fault
    assert (ended.fault.code, ended.outcome) == (code, outcome)


def test_a_pod_that_runs_has_no_obstacle() -> None:
    status = {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}
    assert fates.obstacle(list(fates.of_pod({"status": status}))) is None


def test_each_row_is_the_first_for_something() -> None:
    found = {code for _, code in STARTS} | {code for _, _, code in EVENTS} | {code for _, code, _ in ENDS}
    assert {fate.code for fate in fates.FATES} == found - {"worker.lease-lapsed", "worker.died", "worker.vanished"}


def test_a_lost_nodes_pod_has_not_ended_though_it_failed() -> None:
    """The control plane says Failed of it; its container may run on."""
    lost = {
        "phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC"}],
        "containerStatuses": [{"state": {"running": {}}}],
    }  # fmt: skip
    pod = {"spec": NODE, "status": lost}
    assert not has_ended(pod)
    assert not has_ended({**pod, "status": {**lost, "containerStatuses": []}})
    assert Seen({"u": pod}).end() == ""
    assert Seen({"u": pod}, {"u"}).end() == "lost"


def test_two_pods_of_one_job_must_both_have_ended() -> None:
    done = {"spec": NODE, "status": terminated("Error", 1)}
    runs = {"spec": NODE, "status": {"phase": "Running", "containerStatuses": [{"state": {"running": {}}}]}}
    assert Seen({"a": done}).end() == "seen"
    assert Seen({"a": done, "b": runs}).end() == ""
    assert Seen({"a": done, "b": runs}, {"b"}).end() == "lost"
    assert Seen({"a": {"spec": {}, "status": {"phase": "Pending"}}}, {"a"}).end() == "seen"  # no node ever had it
