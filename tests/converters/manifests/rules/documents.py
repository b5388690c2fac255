"""Sound documents to start from, and places in them by name."""

import copy
from collections.abc import Mapping
from typing import Any

MACHINE: Mapping[str, Any] = {
    "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "web"},
    "spec": {"runStrategy": "Halted", "template": {"metadata": {"labels": {"app": "web"}}, "spec": {
        "domain": {
            "cpu": {"sockets": 2, "cores": 1},
            "memory": {"guest": "1Gi"},
            "devices": {"disks": [{"name": "d0", "disk": {"bus": "virtio"}}],
                        "interfaces": [{"name": "n0", "masquerade": {}}]},
        },
        "networks": [{"name": "n0", "pod": {}}],
        "volumes": [{"name": "d0", "persistentVolumeClaim": {"claimName": "d0"}}],
    }}},
}  # fmt: skip
INSTANCE: Mapping[str, Any] = {
    "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "web"},
    "spec": MACHINE["spec"]["template"]["spec"],
}  # fmt: skip
VOLUME: Mapping[str, Any] = {
    "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "metadata": {"name": "d0"},
    "spec": {"source": {"blank": {}}, "storage": {"resources": {"requests": {"storage": "1Gi"}}}},
}  # fmt: skip
CLAIM: Mapping[str, Any] = {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "d0"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}  # fmt: skip
SNAPSHOT: Mapping[str, Any] = {
    "apiVersion": "snapshot.kubevirt.io/v1beta1", "kind": "VirtualMachineSnapshot", "metadata": {"name": "first"},
    "spec": {"source": {"apiGroup": "kubevirt.io", "kind": "VirtualMachine", "name": "web"}},
}  # fmt: skip
ATTACHMENT: Mapping[str, Any] = {
    "apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": {"name": "vlan-120"},
    "spec": {"config": '{"cniVersion": "0.3.1", "type": "bridge", "bridge": "br1"}'},
}  # fmt: skip
SIZE: Mapping[str, Any] = {
    "apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterInstancetype",
    "metadata": {"name": "u1.small"}, "spec": {"cpu": {"guest": 1}, "memory": {"guest": "2Gi"}},
}  # fmt: skip
TASTE: Mapping[str, Any] = {
    "apiVersion": "instancetype.kubevirt.io/v1beta1", "kind": "VirtualMachineClusterPreference",
    "metadata": {"name": "windows.11"},
    "spec": {"requirements": {"cpu": {"guest": 2}, "memory": {"guest": "4Gi"}}, "firmware": {"preferredUseEfi": True}},
}  # fmt: skip
SOUND = (MACHINE, INSTANCE, VOLUME, CLAIM, SNAPSHOT, ATTACHMENT, SIZE, TASTE)


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`spec/...` and `metadata/...` are places in the document; others are in a machine's instance: `cpu/cores` in its
    domain, `disks` among its devices, `.hostname` in its spec. A value of ... removes what is there."""
    found: dict[str, Any] = copy.deepcopy(dict(document))
    for place, value in changes.items():
        *way, last = _way(place)
        at = found
        for key in way:
            at = at.setdefault(key, {})
        if value is ...:
            at.pop(last, None)
        else:
            at[last] = value
    return found


DEVICES = {"disks", "interfaces", "inputs", "filesystems", "gpus", "hostDevices", "watchdog", "sound", "video", "tpm",
           "panicDevices", "autoattachVSOCK", "autoattachGraphicsDevice", "autoattachPodInterface",
           "downwardMetrics"}  # fmt: skip


def _way(place: str) -> list[str]:
    parts = place.split("/")
    instance = ["spec", "template", "spec"]
    if place.startswith("."):
        return [*instance, place[1:].split("/")[0], *parts[1:]]
    if parts[0] in ("spec", "metadata", "apiVersion", "kind"):
        return parts
    if parts[0] == "meta":
        return ["spec", "template", "metadata", *parts[1:]]
    return [*instance, "domain", *(["devices"] if parts[0] in DEVICES else []), *parts]
