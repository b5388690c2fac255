"""Causes that lie in the VM: what its manifest says, what libvirt makes of it, what its guest does."""

import re
from collections.abc import Iterator

from mtv.providers.kubevirt.causes.cause import Cause, Look, matching, saying
from mtv.providers.kubevirt.causes.scene import Scene, is_up
from mtv.providers.kubevirt.fields import Object, rows, text, whole
from mtv.providers.kubevirt.machines.states import holds, strategy

_FIRMWARE = r"(?i)malformed uuid|firmware|ovmf|loader|secure ?boot|nvram|\bsmm\b"
_MAC = r"(?i)multicast|mac address"


def macs(vm: Object) -> set[str]:
    found = rows(vm, "spec", "template", "spec", "domain", "devices", "interfaces")
    return {text(one, "macAddress").lower().replace("-", ":") for one in found} - {""}


def shared_mac(scene: Scene) -> Iterator[str]:
    """In one VM or two."""
    mine = macs(scene.vm)
    for other in scene.near.everywhere or scene.near.machines:
        if other == scene.vm or text(other, "metadata", "uid") == text(scene.vm, "metadata", "uid"):
            continue
        for mac in sorted(mine & macs(other)):
            where = f"{text(other, 'metadata', 'namespace')}/{text(other, 'metadata', 'name')}"
            yield f"{mac} is VM {where}'s, too" + ("" if strategy(other) == "Halted" else ", which runs")
    yield from scene.said("failed to allocate requested mac address")


def silent(scene: Scene) -> Iterator[str]:
    if is_up(scene.instance) and not holds(scene.instance, "AgentConnected"):
        yield f"VirtualMachineInstance/{scene.name} runs, and nobody answers in it: AgentConnected is not True"


def no_network(scene: Scene) -> Iterator[str]:
    """KubeVirt says nothing of it: the instance waits in Scheduling."""
    yield from scene.said("failed to locate network attachment", "cannot find a network-attachment-definition")
    if text(scene.instance, "status", "phase") != "Scheduling":
        return
    if any(text(pod, "status", "phase") == "Running" for pod in scene.pods):
        named = [text(one, "multus", "networkName") for one in rows(scene.instance, "spec", "networks")]
        for name in filter(None, named):
            yield f"its Pod runs and the VM still waits: does network {name} exist?"


def paused(scene: Scene) -> Iterator[str]:
    if holds(scene.instance, "Paused"):
        told = [one for one in rows(scene.instance, "status", "conditions") if text(one, "type") == "Paused"]
        why = f"{text(told[0], 'reason')} {text(told[0], 'message')}".strip()
        yield f"VirtualMachineInstance/{scene.name} is paused: {why}"


def crashes(scene: Scene) -> Iterator[str]:
    if text(scene.vm, "status", "printableStatus") == "CrashLoopBackOff":
        count = whole(scene.vm, "status", "startFailure", "consecutiveFailCount")
        yield f"VirtualMachine/{scene.name} is CrashLoopBackOff" + (f", {count} times" if count else "")


def unsynced(scene: Scene) -> Iterator[str]:
    yield from (one for one in scene.sayings if re.search(r"SyncFailed|Synchronizing with the Domain failed", one))


def of_libvirt(pattern: str) -> Look:
    found = re.compile(pattern)
    return lambda scene: (one for one in unsynced(scene) if found.search(one))


CAUSES = (
    Cause("vm.instancetype", "the VM names an instance type or a preference that is not there",
          matching(r"(instancetype|preference)\S* \"[^\"]+\" not found"),
          "`kubectl get virtualmachineclusterinstancetypes,virtualmachineclusterpreferences`"),
    Cause("vm.state-storage", "NVRAM or a TPM shall outlive a start, and there is no class for its claim",
          saying(reason="FailedBackendStorageCreate"),
          "set vmStateStorageClass in KubeVirt's configuration, or label a claim of your own "
          "`persistent-state-for={vm}`"),
    Cause("vm.refused", "KubeVirt took the VM and makes no instance of it",
          matching(r"^VirtualMachine/[^:]+: FailedCreate: "),
          "`mtv check manifest` on `kubectl get vm -n {namespace} {vm} -o yaml` names the rule",
          ("vm.instancetype", "vm.state-storage", "priority.missing", "quota.exceeded", "webhook.down", "quota.range")),
    Cause("vm.firmware", "the VM's firmware cannot be what its manifest says", of_libvirt(_FIRMWARE),
          "compare `firmware` of `kubectl get vm -n {namespace} {vm} -o yaml` with the source: `mtv describe vm`"),
    Cause("vm.mac", "a network card has an address that libvirt does not take", of_libvirt(_MAC),
          "give the NIC an even first byte: `mac` in the plan's `nics`"),
    Cause("vm.mac-twice", "another VM has the same MAC address", shared_mac,
          "is the source off and fenced? stop the other VM, or give one NIC another `mac`"),
    Cause("vm.sync", "libvirt refuses the VM", unsynced,
          "the text is libvirt's own; `kubectl logs -n {namespace} -l vm.kubevirt.io/name={vm} -c compute`",
          ("vm.firmware", "vm.mac", "disk.locked")),
    Cause("vm.crashes", "the VM starts and ends, again and again", crashes,
          "`virtctl console -n {namespace} {vm}` shows how far it comes",
          ("vm.sync", "vm.firmware", "vm.mac", "disk.locked")),
    Cause("vm.paused", "the VM was paused: by somebody, or for an error of its disk", paused,
          "PausedIOError: its storage is full or gone; then `virtctl unpause vm -n {namespace} {vm}`"),
    Cause("network.missing", "a network of the VM's is not there", no_network,
          "`kubectl get network-attachment-definitions -A`; `mtv export gitops` writes those that the plan makes"),
    Cause("guest.no-agent", "the VM runs and nobody answers in it: no agent, or no guest", silent,
          "`virtctl vnc -n {namespace} {vm}`: a login prompt lacks qemu-guest-agent only; GRUB, a blue or a black "
          "screen is a guest that did not boot"),
)  # fmt: skip
