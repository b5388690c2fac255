"""A fake of KubeVirt's API server: start, stop and restart, what a guest says, expand-vm-spec, and the webhook that
fills in a VirtualMachine. Its refusals are not played."""

import base64
import json

from tests.kube.api import Api, Object
from tests.kube.fakes.kubevirt import instances
from tests.kube.fakes.kubevirt.life import VMIS, find_kind
from tests.kube.fakes.kubevirt.machines import VMS, Machines
from tests.kube.fakes.kubevirt.state import guest, says
from tests.kube.fakes.serving import PORT, Answerer, Asked, Routes, Said, aggregate, discoverable
from tests.kube.fakes.storage import make
from tests.kube.inside.network import NODE

GROUP, VERSION = "subresources.kubevirt.io", "v1"
NAMED = f"/apis/{GROUP}/{VERSION}/namespaces/{{namespace}}"
WEBHOOKS = "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
SERIAL = 20  # characters of it that a guest sees, on virtio and on SATA
VERBS = ("start", "stop", "restart")
LOOKS = ("guestosinfo", "filesystemlist", "userlist")


class KubeVirt:
    def __init__(self, api: Api, machines: Machines) -> None:
        self.api, self.machines = api, machines

    def offer(self, routes: Routes) -> None:
        for verb in VERBS:
            routes.add("PUT", f"{NAMED}/virtualmachines/{{name}}/{verb}", self.steering(verb))
        for look in LOOKS:
            routes.add("GET", f"{NAMED}/virtualmachineinstances/{{name}}/{look}", self.looking(look))
        routes.add("PUT", f"{NAMED}/expand-vm-spec", self.expand)
        routes.add("POST", "/mutate", mutate)
        listed = [
            *({"name": f"virtualmachines/{verb}", "kind": "VirtualMachine", "namespaced": True, "verbs": ["update"]}
              for verb in VERBS),
            *({"name": f"virtualmachineinstances/{look}", "kind": look, "namespaced": True, "verbs": ["get"]}
              for look in LOOKS),
            {"name": "expand-vm-spec", "kind": "VirtualMachine", "namespaced": True, "verbs": ["update"]},
        ]  # fmt: skip
        for one in listed:
            one["singularName"] = ""
        discoverable(routes, GROUP, VERSION, listed)

    def register(self, authority: str) -> None:
        aggregate(self.api, "kubevirt", "virt-api", GROUP, VERSION, authority)
        rule = {"apiGroups": ["kubevirt.io"], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["virtualmachines"]}  # fmt: skip
        hook = {
            "name": "mutate.fakes.test", "rules": [rule], "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "clientConfig": {"url": f"https://{NODE}:{PORT}/mutate", "caBundle": authority}, "timeoutSeconds": 5,
        }  # fmt: skip
        make(self.api, WEBHOOKS, {"metadata": {"name": "virt-api-mutator"}, "webhooks": [hook]})

    def steering(self, verb: str) -> Answerer:
        def answer(asked: Asked) -> Said:
            if "application/json" in asked.headers.get("accept", ""):
                return Said(406, b"")  # its answer has no body, and so no type that would do
            namespace, name = asked.parts["namespace"], asked.parts["name"]
            vm = self.api.find(VMS, namespace, name)
            if not vm:
                return Said.error(404, f'virtualmachine.kubevirt.io "{name}" not found')
            return self.steer(verb, vm, bool(self.api.find(VMIS, namespace, name)))

        return answer

    def steer(self, verb: str, vm: Object, runs: bool) -> Said:
        """By the strategy where it says whether it runs, else by a request beside it."""
        strategy, uid = vm["spec"].get("runStrategy"), vm["metadata"]["uid"]
        key = vm["metadata"]["namespace"], vm["metadata"]["name"]
        if (verb == "start") == runs:
            return Said.error(409, f"VM is {'already' if runs else 'not'} running")
        if verb == "restart":
            self.machines.restarted.add(uid)
        elif strategy in ("Always", "Halted"):
            self.api.patch(VMS, *key, {"spec": {"runStrategy": "Always" if verb == "start" else "Halted"}})
        else:
            (self.machines.started if verb == "start" else self.machines.stopped).add(uid)
            (self.machines.stopped if verb == "start" else self.machines.started).discard(uid)
            self.machines.see("MODIFIED", vm)
        return Said(202)

    def looking(self, look: str) -> Answerer:
        def answer(asked: Asked) -> Said:
            namespace, name = asked.parts["namespace"], asked.parts["name"]
            vmi, vm = self.api.find(VMIS, namespace, name), self.api.find(VMS, namespace, name)
            if not vmi or not vm:
                return Said.error(404, f'virtualmachineinstance.kubevirt.io "{name}" not found')
            if says(vmi, "AgentConnected").get("status") != "True":
                return Said.error(409, "VMI does not have guest agent connected")
            told = guest(vm)
            return Said(200, {
                "guestosinfo": {"os": told["os"], "hostname": told.get("hostname", name)},
                "filesystemlist": {"items": told.get("filesystems") or filesystems(vmi)},
                "userlist": {"items": told.get("users", [])},
            }[look])  # fmt: skip

        return answer

    def expand(self, asked: Asked) -> Said:
        """With instancetype and preference put in: what it would run as, free of charge."""
        vm = asked.object
        spec = vm["spec"]["template"]["spec"]
        for part, apply in (("instancetype", instances.sized), ("preference", instances.preferred)):
            if named := vm["spec"].pop(part, None):
                found = find_kind(self.api, asked.parts["namespace"], part, named)
                if not found:
                    return Said.error(404, f'{part} "{named["name"]}" not found')
                spec = apply(spec, found)
        vm["spec"]["template"]["spec"] = spec
        return Said(200, vm)


def filesystems(vmi: Object) -> list[Object]:
    """One on each disk, with as much of the disk's serial as the guest sees."""
    return [
        {"diskName": f"vd{chr(97 + number)}1", "mountPoint": "/" if not number else f"/mnt/{number}",
         "fileSystemType": "ext4", "usedBytes": 1 << 28, "totalBytes": 1 << 30,
         "disk": [{"serial": disk.get("serial", "")[:SERIAL], "busType": disk.get("disk", {}).get("bus", "virtio")}]}
        for number, disk in enumerate(vmi["spec"]["domain"]["devices"].get("disks", []))
    ]  # fmt: skip


def mutate(asked: Asked) -> Said:
    """A patch that replaces the spec."""
    review = asked.object
    made = instances.mutated(review["request"]["object"])
    patch = [{"op": "replace", "path": "/spec", "value": made["spec"]}]
    response = {
        "uid": review["request"]["uid"], "allowed": True, "patchType": "JSONPatch",
        "patch": base64.b64encode(json.dumps(patch).encode()).decode(),
    }  # fmt: skip
    return Said(200, {"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response})
