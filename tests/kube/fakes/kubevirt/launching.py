"""The Pod that an instance runs in: a real one, so that nodes, quotas, claims and secrets say what they would say. It
only waits. Laxer: it asks for no KVM device, and Pod Security restricted holds for it, too."""

from collections.abc import Mapping

from tests.kube.api import Object
from tests.kube.fakes.quantities import amount
from tests.kube.pods import pod

MIB = 1 << 20
NODE_LABELS = {
    "kubevirt.io/schedulable": "true",
    **{f"cpu-model.node.kubevirt.io/{model}": "true" for model in ("Haswell", "Skylake-Server", "EPYC")},
    **{f"machine-type.node.kubevirt.io/{machine}": "true" for machine in ("q35", "pc-q35-9.2")},
}
TAKEN_AS_IS = ("host-model", "host-passthrough")


def launcher(vmi: Object, claims: list[tuple[str, str]]) -> Object:
    spec, meta = vmi["spec"], vmi["metadata"]
    made = pod(name_of(vmi), "trap exit TERM; while :; do sleep 0.1; done", claims)
    made["metadata"]["labels"] = {**meta.get("labels", {}), "kubevirt.io": "virt-launcher"}
    made["metadata"]["ownerReferences"] = [owner(vmi)]
    container = made["spec"]["containers"][0]
    container["resources"] = resources(spec["domain"])
    made["spec"]["nodeSelector"] = {**spec.get("nodeSelector", {}), **selector(spec["domain"])}
    for key in ("affinity", "tolerations", "priorityClassName", "schedulerName", "topologySpreadConstraints"):
        if key in spec:
            made["spec"][key] = spec[key]
    more = secret_volumes(spec)
    made["spec"]["volumes"] += more
    container["volumeMounts"] += [{"name": one["name"], "mountPath": f"/given/{one['name']}"} for one in more]
    return made


def name_of(vmi: Object) -> str:
    meta = vmi["metadata"]
    return f"virt-launcher-{meta['name'][:40].rstrip('.-')}-{meta['uid'][:5]}"


def owner(found: Object) -> Object:
    meta = found["metadata"]
    return {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": meta["name"], "uid": meta["uid"],
            "controller": True, "blockOwnerDeletion": True}  # fmt: skip


def resources(domain: Object) -> Object:
    """A tenth of a CPU for each of the guest's, its memory, and what QEMU needs beside it."""
    cpu = domain["cpu"]
    vcpus = cpu["sockets"] * cpu["cores"] * cpu["threads"]
    guest = amount(domain.get("memory", {}).get("guest", 0))
    given = domain.get("resources", {}).get("requests", {})
    memory = given.get("memory", guest)
    overhead = (220 + 8 + 32 + 8 * vcpus) * MIB
    cores = given.get("cpu", f"{vcpus if cpu.get('dedicatedCpuPlacement') else vcpus * 0.1:g}")
    requests = {"cpu": cores, "memory": str(amount(memory) + overhead)}
    devices = domain.get("devices", {})
    asked = {one["deviceName"]: "1" for kind in ("gpus", "hostDevices") for one in devices.get(kind, [])}
    return {"requests": {**requests, **asked}, "limits": asked}


def selector(domain: Object) -> Mapping[str, str]:
    wanted = {"kubevirt.io/schedulable": "true"}
    if (model := domain["cpu"].get("model")) and model not in TAKEN_AS_IS:
        wanted[f"cpu-model.node.kubevirt.io/{model}"] = "true"
    if machine := domain.get("machine", {}).get("type"):
        wanted[f"machine-type.node.kubevirt.io/{machine}"] = "true"
    if "evmcs" in domain.get("features", {}).get("hyperv", {}):
        wanted["hyperv.node.kubevirt.io/evmcs"] = "true"
    return wanted


def secret_volumes(spec: Object) -> list[Object]:
    """One that is missing keeps the Pod from starting, for ever."""
    found: list[Object] = []
    for volume in spec.get("volumes", []):
        for kind in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            if secret := volume.get(kind, {}).get("secretRef"):
                found.append({"name": volume["name"], "secret": {"secretName": secret["name"]}})
        if "secret" in volume:
            found.append({"name": volume["name"], "secret": {"secretName": volume["secret"]["secretName"]}})
        if "configMap" in volume:
            found.append({"name": volume["name"], "configMap": {"name": volume["configMap"]["name"]}})
    return found
