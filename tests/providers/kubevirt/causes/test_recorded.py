"""Causes from objects and words as they were recorded."""

import pytest

from mtv.providers.kubevirt.causes.scene import Near, Scene
from mtv.providers.kubevirt.causes.table import CAUSES, findings, found
from tests.kube.api import Object
from tests.providers.kubevirt.causes.scenes import (
    claim,
    container,
    event,
    machine,
    meta,
    node,
    on_pod,
    pod,
    running,
    scene,
)  # fmt: skip

FIT = "0/3 nodes are available: "
RECORDED: dict[str, Object] = {
    "attach.limit": on_pod("FailedScheduling", FIT + "3 node(s) exceed max volume count."),
    "attach.multi": on_pod("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already exclusively '
                           "attached to one node and can't be attached to another"),
    "attach.failed": on_pod("FailedMount", 'MountVolume.SetUp failed for volume "pvc-1" : rpc error: code = Internal'),
    "claim.lost": {"claims": [claim("db01-disk0", "Lost", volumeName="pv-1")]},
    "datavolume.scratch": {
        "machines": [machine("root")],
        "claims": [claim("root", "Bound"), claim("root-scratch")],
    },
    "datavolume.retries": {
        "data_volumes": [
            {
                "metadata": meta("d", labels={"mtv/vm": "0123456789"}),
                "status": {
                    "phase": "ImportInProgress",
                    "restartCount": 3,
                    "conditions": [
                        {"type": "Running", "status": "False", "reason": "Error", "message": "got status 404 Not Found"}
                    ],
                },
            }
        ]
    },
    "disk.full": on_pod("Failed", "write /scratch/journal: no space left on device"),
    "job.failed": {"jobs": [{"metadata": meta("j", labels={"mtv/vm": "0123456789"}), "status": {"conditions": [
        {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has reached its limit"},
    ]}}]},
    "node.lost": {"pods": [pod(phase="Running")], "nodes": [node(ready="Unknown")]},
    "node.none": {**on_pod("FailedScheduling", FIT + "3 node(s) didn't match Pod's node affinity/selector."),
                  "nodes": [node(**{"kubevirt.io/schedulable": "false"})]},
    "pod.evicted": {"pods": [pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory.")]},
    "pod.memory": {"pods": [pod(phase="Failed", **container(terminated={"reason": "OOMKilled", "exitCode": 137}))]},
    "right.missing": {"jobs": [{"metadata": meta("j", labels={"mtv/vm": "0123456789"})}], "events": [
        event("Job", "j", "FailedCreate", 'pods is forbidden: User "system:serviceaccount:a:b" cannot create resource'),
    ]},
    "security.scc": {"jobs": [{"metadata": meta("j", labels={"mtv/vm": "0123456789"})}], "events": [
        event("Job", "j", "FailedCreate", 'pods "j-" is forbidden: unable to validate against any security context '
              "constraint: [provider restricted-v2: .spec.securityContext.fsGroup: 107 is not an allowed group]"),
    ]},
    "storage.provisioning": {"claims": [claim("c")], "events": [
        event("PersistentVolumeClaim", "c", "ProvisioningFailed", "failed to provision volume: pool is full"),
    ]},
    "storage.unbound": on_pod("FailedScheduling", FIT + "pod has unbound immediate PersistentVolumeClaims."),
    "unschedulable.apart": on_pod("FailedScheduling", FIT + "3 node(s) didn't match pod anti-affinity rules."),
    "unschedulable.cordoned": on_pod("FailedScheduling", FIT + "3 node(s) were unschedulable."),
    "unschedulable.full": on_pod("FailedScheduling", FIT + "3 Too many pods."),
    "unschedulable.taint": on_pod("FailedScheduling", FIT + "3 node(s) had untolerated taint {gpu: only}."),
    "unschedulable.volume-node": on_pod("FailedScheduling", FIT + "3 node(s) had volume node affinity conflict."),
    "vm.mac-twice": {
        "machines": [machine()],
        "everywhere": [{**machine(), "metadata": {"name": "old", "namespace": "lab", "uid": "other"}}],
    },
    "vm.paused": {"machines": [machine(status="Paused")], "instances": [running(
        {"type": "Paused", "status": "True", "reason": "PausedIOError", "message": "low-level IO error"},
    )]},
    "vm.crashes": {"machines": [machine(status="CrashLoopBackOff", startFailure={"consecutiveFailCount": 3})]},
}  # fmt: skip


@pytest.mark.parametrize("cause", RECORDED)
def test_it_is_found_with_its_evidence(cause: str) -> None:
    told = found(scene(**RECORDED[cause]))
    assert cause in told
    assert all(line and len(line) <= 500 for line in told[cause])
    others = set(told) - {cause}
    assert others <= {"claim.missing", "guest.no-agent", "unschedulable.selector"}, "one trouble is told as one"


def test_nothing_is_wrong_with_what_is_well() -> None:
    told = scene(
        machines=[machine("root", "Running")], claims=[claim("root", "Bound")],
        instances=[running({"type": "AgentConnected", "status": "True"}, {"type": "Synchronized", "status": "True"})],
        pods=[pod(phase="Succeeded")], nodes=[node(**{"kubevirt.io/schedulable": "true"})],
        events=[event("Pod", "worker", "FailedScheduling", FIT + "3 Insufficient memory."),
                event("PersistentVolumeClaim", "root", "ProvisioningFailed", "object has been modified"),
                event("Pod", "another", "FailedMount", 'secret "x" not found')],
    )  # fmt: skip
    assert found(told) == {}


def test_our_own_scratch_claim_that_waits_for_its_worker_is_not_cdis() -> None:
    waits = claim("mtv-0123456789-scratch")
    waits["metadata"]["labels"] = {**waits["metadata"]["labels"], "app.kubernetes.io/managed-by": "mtv"}
    assert found(scene(claims=[waits])) == {}


def test_nothing_known_is_nothing_said() -> None:
    assert found(Scene(Near(gaps=("claims", "machines")), "db01")) == {}


def test_a_strangers_text_is_one_line_and_short() -> None:
    told = scene(**on_pod("FailedMount", "rpc error\n\x1b[31m" + "x" * 5000))
    (line,) = found(told)["attach.failed"]
    assert "\n" not in line
    assert "\x1b" not in line
    assert len(line) == 500


def test_a_finding_names_the_vm_in_its_fix() -> None:
    (one,) = findings(scene(**RECORDED["vm.paused"]), "finance")[:1]
    assert (one.name, one.ok) == ("vm.paused", False)
    assert one.text.startswith("the VM was paused: by somebody, or for an error of its disk\n")
    assert "virtctl unpause vm -n finance db01" in one.fix


def test_causes_have_names_of_their_own_and_know_each_other() -> None:
    ids = [one.id for one in CAUSES]
    assert len(ids) == len(set(ids)) >= 25
    assert {other for one in CAUSES for other in one.unless} <= set(ids)
