"""Pods as Pod Security restricted wants them."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kube.api import Object
from tests.kube.waiting import until

if TYPE_CHECKING:
    from tests.kube.cluster import Namespace

IMAGE = "localhost/busybox:1"
WRITER = 107  # as whom KubeVirt and CDI write disks


def pod(name: str, script: str, claims: Sequence[tuple[str, str]] = ()) -> Object:
    """It runs that script of a shell. Claims are (name, mode): Filesystem ones at /NAME, Block ones at /dev/NAME."""
    volumes = [{"name": claim, "persistentVolumeClaim": {"claimName": claim}} for claim, _ in claims]
    container: Object = {
        "name": "main", "image": IMAGE, "imagePullPolicy": "Never", "command": ["sh", "-c", script],
        "volumeMounts": [{"name": claim, "mountPath": f"/{claim}"} for claim, mode in claims if mode != "Block"],
        "volumeDevices": [{"name": claim, "devicePath": f"/dev/{claim}"} for claim, mode in claims if mode == "Block"],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }  # fmt: skip
    security = {
        "runAsNonRoot": True, "runAsUser": WRITER, "fsGroup": WRITER, "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip
    spec = {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "securityContext": security,
        "containers": [container], "volumes": volumes,
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def claim(name: str, size: str, mode: str, storage_class: str, access: str = "ReadWriteOnce") -> Object:
    spec = {
        "accessModes": [access], "volumeMode": mode, "storageClassName": storage_class,
        "resources": {"requests": {"storage": size}},
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def claimed(kube: "Namespace", name: str, files: Sequence[Path]) -> None:
    """A claim that holds these files, for Pods to read."""
    size_bytes = sum(file.stat().st_size for file in files) + (1 << 20)
    kube.api.create("persistentvolumeclaims", kube.name, claim(name, str(size_bytes), "Filesystem", "local"))
    folder = place(kube, name)
    for file in files:
        shutil.copy(file, folder / file.name)
        (folder / file.name).chmod(0o644)


def place(kube: "Namespace", name: str) -> Path:
    """A claim's folder or device on this machine."""
    found = until(kube.api, "persistentvolumeclaims", kube.name, name, lambda one: one["status"]["phase"] == "Bound")
    volume = kube.api.get("persistentvolumes", None, found["spec"]["volumeName"])
    return Path(volume["spec"]["local"]["path"])
