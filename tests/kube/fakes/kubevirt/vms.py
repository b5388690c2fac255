"""Small VirtualMachines for the fakes' own tests."""

import copy

from tests.kube.api import Object

DISK = {"name": "disk0", "disk": {"bus": "virtio"}, "serial": "0123456789012345678901234"}
FEW = {"requests": {"cpu": "10m"}}  # so that many run beside each other on two CPUs
NIC = {"name": "net0", "masquerade": {}, "macAddress": "52:54:00:00:00:07"}


def vm(name: str, *, claim: str | None = None, strategy: str = "Halted", **domain: object) -> Object:
    """It has one disk of that claim, and one NIC; `domain` is laid over the rest."""
    devices: Object = {"interfaces": [copy.deepcopy(NIC)], **({"disks": [dict(DISK)]} if claim else {})}
    given = {**domain, "devices": {**devices, **domain.get("devices", {})}}  # type: ignore[dict-item]
    spec: Object = {
        "domain": {"memory": {"guest": "16Mi"}, "resources": FEW, **given},
        "networks": [{"name": "net0", "pod": {}}],
        "volumes": [{"name": "disk0", "persistentVolumeClaim": {"claimName": claim}}] if claim else [],
    }  # fmt: skip
    return {
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": name},
        "spec": {"runStrategy": strategy, "template": {"spec": spec}},
    }  # fmt: skip
