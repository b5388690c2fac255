"""Causes that a Pod has no node, or lost the one that it had."""

from collections.abc import Iterator

from mtv.providers.kubevirt.causes.cause import Cause, matching, saying
from mtv.providers.kubevirt.causes.scene import Scene
from mtv.providers.kubevirt.fields import pairs, text
from mtv.providers.kubevirt.machines.states import condition

SCHEDULABLE = "kubevirt.io/schedulable"


def lost(scene: Scene) -> Iterator[str]:
    """A Pod of the VM's on a node that does not say anything any more."""
    silent = {text(one, "metadata", "name"): text(condition(one, "Ready"), "message") for one in scene.near.nodes
              if text(condition(one, "Ready"), "status") != "True"}  # fmt: skip
    for pod in scene.pods:
        node = text(pod, "spec", "nodeName")
        if node in silent and text(pod, "status", "phase") not in ("Succeeded", "Failed"):
            yield f"Pod/{text(pod, 'metadata', 'name')} is on node {node}, which is not Ready: {silent[node]}"


def unfit(scene: Scene) -> Iterator[str]:
    """A launcher waits, and no node takes VMs at all."""
    labels = [pairs(one, "metadata", "labels").get(SCHEDULABLE) for one in scene.near.nodes]
    waits = any(": FailedScheduling: " in one or ": Unschedulable: " in one for one in scene.sayings)
    if labels and "true" not in labels and waits:
        yield f"none of {len(labels)} nodes has the label {SCHEDULABLE}=true"


CAUSES = (
    Cause("node.lost", "the node that the VM's Pod runs on does not answer", lost,
          "`kubectl get nodes`; once it is certain that it is off: "
          "`kubectl taint nodes NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute`"),
    Cause("node.none", "no node takes VMs", unfit,
          "virt-handler runs on nodes that can: `kubectl get pods -A -l kubevirt.io=virt-handler`"),
    Cause("unschedulable.device", "no node has such a device left, or has it at all",
          matching(r"Insufficient [\w.-]+\.[\w.-]+/"),
          "`kubectl get nodes -o json | jq '.items[].status.allocatable'`; a GPU must be in permittedHostDevices, "
          "devices.kubevirt.io/kvm needs virtualization on the node"),
    Cause("unschedulable.room", "no node has enough CPU or memory left",
          matching(r"Insufficient (cpu|memory|ephemeral-storage|hugepages)"),
          "`kubectl describe nodes | grep -A8 'Allocated resources'`; add nodes, or give the VM less"),
    Cause("unschedulable.full", "every node runs as many Pods as it may", saying("Too many pods"),
          "raise maxPods of the kubelets, or add nodes"),
    Cause("unschedulable.selector", "no node has what the VM asks of one: a CPU model, a machine type, a label",
          saying("didn't match Pod's node affinity/selector"),
          "`kubectl get vmi -n {namespace} {vm} -o yaml` shows cpu.model, machine.type and nodeSelector; compare "
          "with `kubectl get nodes --show-labels`", ("node.none",)),
    Cause("unschedulable.taint", "the nodes have taints that the VM does not tolerate", saying("untolerated taint"),
          "put `tolerations` into the plan's `machine`, or remove the taint: `kubectl describe nodes | grep Taints`"),
    Cause("unschedulable.cordoned", "the nodes are cordoned", saying("node(s) were unschedulable"),
          "`kubectl uncordon NODE`"),
    Cause("unschedulable.apart", "a rule keeps VMs apart, and there are too few nodes for that",
          saying("anti-affinity rules", "pod affinity rules"),
          "add nodes, or make the rule one that should hold: `rules` in the plan's `machine`"),
    Cause("unschedulable.volume-node", "its disks are on storage of one node, and it may not or cannot run there",
          saying("volume node affinity conflict", "didn't match PersistentVolume's node affinity"),
          "disks that must be together need one topology: bind them by one Pod, or use a class of shared storage"),
    Cause("attach.limit", "the node has as many volumes attached as its driver can", saying("exceed max volume count"),
          "`kubectl get csinode -o yaml` shows the limits; use fewer, larger disks or more nodes"),
)  # fmt: skip
