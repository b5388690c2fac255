"""What happens to one VirtualMachine that shall run, in its order: its disks are there, an instance and a Pod are made,
it boots, a guest answers, and it ends."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.events import warn
from tests.kube.fakes.kubevirt import booting, instances, launching
from tests.kube.fakes.kubevirt.breaking import libvirt_errors, refusals
from tests.kube.fakes.kubevirt.disks import claims_of, grow, holds_data
from tests.kube.fakes.kubevirt.state import condition, guest, interfaces, persistent, problem_of_volumes, says
from tests.kube.fakes.pace import LOOK_S, take
from tests.kube.fakes.watching import Key

if TYPE_CHECKING:
    from tests.kube.fakes.kubevirt.machines import Machines

VMIS = "kubevirt.io/v1/virtualmachineinstances"
NETWORKS = "k8s.cni.cncf.io/v1/network-attachment-definitions"
TYPES = "instancetype.kubevirt.io/v1beta1/virtualmachine"
SCHEDULED_S, RUNNING_S, AGENT_S = 1.0, 1.0, 30.0


READY = [condition("Ready", "True"), condition("LiveMigratable", "False", "DisksNotLiveMigratable"),
         condition("Synchronized", "True")]  # fmt: skip


class Ended(Exception):  # noqa: N818
    """It shall not run any more, or is not there."""


class Life:
    def __init__(self, world: "Machines", key: Key) -> None:
        self.world, self.key, self.api = world, key, world.api
        self.warned = ""
        self.guest: booting.Guest | None = None

    def live(self) -> None:
        """What breaks is tried again when something changes. Raises Ended."""
        while self.wanted():
            try:
                self.run()
            except Answer as answer:
                self.say("Starting", condition("Failure", "True", "FailedCreate", str(answer)))
            time.sleep(LOOK_S)

    def run(self) -> None:
        spec = self.until_said(self.template)
        self.until(self.has_volumes)
        self.until(lambda vm: self.is_possible(vm, spec))
        self.until(lambda vm: self.has_state(vm, spec))
        vmi = self.make_instance(instances.instance(spec))
        self.say("Starting", created=True)
        self.put(phase="Pending")
        modes = [(name, self.claim(name)["spec"]["volumeMode"]) for _, name in claims_of(vmi["spec"])]
        pod = self.api.create("pods", self.key[0], launching.launcher(vmi, modes))
        self.put(phase="Scheduling")
        self.until(lambda _: self.is_up(vmi, pod))
        take(SCHEDULED_S)
        self.put(phase="Scheduled")
        self.until(lambda vm: self.boots(vm, vmi))
        take(RUNNING_S)
        self.be_up(vmi)
        self.until(lambda vm: self.is_over(vm, vmi, pod))
        self.end()

    def wanted(self) -> Object:
        """Raises Ended."""
        vm = self.world.vms.get(*self.key)
        if not vm or not self.world.shall_run(vm):
            raise Ended
        return vm

    def until(self, there: Callable[[Object], bool]) -> None:
        """Raises Ended."""
        while not there(self.wanted()):
            time.sleep(LOOK_S)

    def until_said(self, there: Callable[[Object], Object | None]) -> Object:
        """Raises Ended."""
        while (found := there(self.wanted())) is None:
            time.sleep(LOOK_S)
        return found

    def template(self, vm: Object) -> Object | None:
        """With instancetype and preference; one that is missing leaves it Stopped, and a condition says why."""
        spec: Object = vm["spec"]["template"]["spec"]
        for part, apply in (("instancetype", instances.sized), ("preference", instances.preferred)):
            if named := vm["spec"].get(part):
                found = find_kind(self.api, self.key[0], part, named)
                if not found:
                    text = f'{part} "{named["name"]}" not found'
                    self.say("Stopped", condition("Failure", "True", "FailedFindSpec", text))
                    return None
                spec = apply(spec, found)
        return spec

    def has_volumes(self, vm: Object) -> bool:
        problem = problem_of_volumes(vm, self.world.claims, self.world.data_volumes)
        if problem:
            self.say(problem)
        return not problem

    def is_possible(self, vm: Object, spec: Object) -> bool:
        refused = next(iter(refusals(spec, instances.labels(vm))), None)
        if refused:
            self.say("Stopped", condition("Failure", "True", "FailedCreate", refused))
        return not refused

    def has_state(self, vm: Object, spec: Object) -> bool:
        """A claim that was made ahead is taken by its label; no class is set for new ones."""
        mine = [
            claim
            for key, claim in list(self.world.claims.objects.items())
            if key[0] == self.key[0] and claim["metadata"].get("labels", {}).get("persistent-state-for") == self.key[1]
        ]
        if persistent(spec) and not mine:
            self.warn(vm, "FailedBackendStorageCreate", "no storage class for the VM's state")
            self.say("Starting")
            return False
        return True

    def make_instance(self, spec: Object) -> Object:
        vm = self.wanted()
        self.end()
        made = {
            "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "spec": spec,
            "metadata": {
                "name": self.key[1], "labels": dict(instances.labels(vm)), "ownerReferences": [launching.owner(vm)],
            },
        }  # fmt: skip
        return self.api.create(VMIS, self.key[0], made)

    def claim(self, name: str) -> Object:
        return self.world.claims.objects[self.key[0], name]

    def is_up(self, vmi: Object, pod: Object) -> bool:
        """Or why it is not: its conditions are the Pod's own."""
        status = (self.world.pods.get(self.key[0], pod["metadata"]["name"]) or {}).get("status", {})
        scheduled = says({"status": status}, "PodScheduled")
        if scheduled.get("status") == "False":
            told = condition("PodScheduled", "False", scheduled["reason"], scheduled["message"])
            self.say("ErrorUnschedulable", told, created=True)
            self.put(conditions=[told])
        elif scheduled:
            self.say("Starting", created=True)
        names = [one["multus"]["networkName"] for one in vmi["spec"].get("networks", []) if "multus" in one]
        return status.get("phase") == "Running" and all(map(self.has_network, names))

    def has_network(self, name: str) -> bool:
        namespace, _, plain = name.rpartition("/")
        return self.api.find(NETWORKS, namespace or self.key[0], plain) is not None

    def boots(self, vm: Object, vmi: Object) -> bool:
        files = list(self.files(vmi).values())
        wrong = next(iter(libvirt_errors(vmi["spec"])), None) or self.world.locks.refusal(files, self.key)
        if wrong:
            failed = condition("Synchronized", "False", "Synchronizing with the Domain failed.", wrong)
            self.warn(vmi, "SyncFailed", f"server error. command SyncVMI failed: {wrong}")
            self.put(conditions=[failed])
            self.say("CrashLoopBackOff", failed)
        return not wrong

    def files(self, vmi: Object) -> dict[str, Path]:
        """By claim: its disk.img, which is there after this, or its device."""
        found = {}
        for _, name in claims_of(vmi["spec"]):
            claim = self.claim(name)
            place = Path(self.world.volumes.objects["", claim["spec"]["volumeName"]]["spec"]["local"]["path"])
            if claim["spec"]["volumeMode"] == "Filesystem":
                place /= "disk.img"
                grow(place, claim)
            found[name] = place
        return found

    def be_up(self, vmi: Object) -> None:
        """Ready says little: an empty disk runs, too. A guest that answers says more."""
        self.put(phase="Running", nodeName="localhost", conditions=READY, interfaces=interfaces(vmi, agent=False))
        self.say("Running", condition("Ready", "True"), ready=True, created=True)
        if booting.wanted(self.wanted()):
            self.guest = booting.Guest(self.api, self.key, booting.hardware(vmi, self.files(vmi)))
            return
        if guest(self.wanted())["agent"] and any(map(holds_data, self.files(vmi).values())):
            take(AGENT_S)
            self.hear(vmi)

    def hear(self, vmi: Object) -> None:
        """An agent answers."""
        told = guest(self.wanted())
        connected = [*READY, condition("AgentConnected", "True")]
        self.put(
            conditions=connected,
            interfaces=interfaces(vmi, agent=True, ports=told.get("ports")),
            guestOSInfo=told["os"],
        )

    def is_over(self, vm: Object, vmi: Object, pod: Object) -> bool:
        """A guest that really boots is heard once, meanwhile."""
        if self.guest and self.guest.answered.is_set() and "hostname" in guest(vm):
            self.guest.answered.clear()
            self.hear(vmi)
        return self.is_gone(vm, pod)

    def is_gone(self, vm: Object, pod: Object) -> bool:
        uid = vm["metadata"]["uid"]
        if uid in self.world.restarted:
            self.world.restarted.discard(uid)
            return True
        found = self.world.pods.get(self.key[0], pod["metadata"]["name"])
        return not found or found["status"].get("phase") in ("Succeeded", "Failed")

    def end(self) -> None:
        """Of the instance and its Pod; nothing holds its disks after that."""
        if self.guest:
            self.guest.end()
            self.guest = None
        vmi = self.api.find(VMIS, *self.key)
        if vmi:
            self.say("Stopping", condition("Ready", "False", "VMINotExists"))
            name = launching.name_of(vmi)
            self.api.delete("pods", self.key[0], name, gracePeriodSeconds=0)
            self.api.delete(VMIS, *self.key)
        self.world.locks.release(self.key)
        self.say("Stopped", condition("Ready", "False", "VMINotExists"))

    def put(self, **status: object) -> None:
        """Into the instance's status, if that is new."""
        self.api.patch(VMIS, self.key[0], self.key[1], {"status": status}, "status")

    def say(self, printable: str, *conditions: Object, created: bool = False, ready: bool = False) -> None:
        self.world.say(self.key, printable, *conditions, created=created, ready=ready)

    def warn(self, found: Object, reason: str, text: str) -> None:
        """Once; the real ones count on."""
        if self.warned != text:
            self.warned = text
            warn(self.api, found, reason, text)


def find_kind(api: Api, namespace: str, part: str, named: Object) -> Object | None:
    """An instancetype or a preference: the cluster's, unless its kind says otherwise."""
    if named.get("kind", "").lower() == f"virtualmachine{part}":
        return api.find(f"{TYPES}{part}s", namespace, named["name"])
    return api.find(f"{TYPES}cluster{part}s", None, named["name"])
