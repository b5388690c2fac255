"""A provisioner of volumes on this machine: a folder for a Filesystem claim, a loop device for a Block one. It is real,
but for three things: a folder does not run full, a volume may be claimed ReadWriteMany, and nothing is expanded or
snapshotted."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.quantities import amount
from tests.kube.fakes.watching import Watched

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"
CLASSES = "storage.k8s.io/v1/storageclasses"
DRIVERS = "storage.k8s.io/v1/csidrivers"
LOCAL, CSI, ODD = "local.test", "csi.test", "odd.test"  # provisioners: without a CSIDriver, with one, that nobody plays
BINDING = {"": "Immediate", "-wffc": "WaitForFirstConsumer"}
DEFAULT = "storageclass.kubernetes.io/is-default-class"
BY = "pv.kubernetes.io/provisioned-by"
SELECTED = "volume.kubernetes.io/selected-node"


def classes() -> list[Object]:
    """local, local-wffc, csi, csi-wffc (the default) and odd."""
    made = [
        {"metadata": {"name": f"{provisioner.partition('.')[0]}{suffix}"}, "provisioner": provisioner,
         "volumeBindingMode": mode, "reclaimPolicy": "Delete"}
        for provisioner in (LOCAL, CSI) for suffix, mode in BINDING.items()
    ]  # fmt: skip
    made[-1]["metadata"]["annotations"] = {DEFAULT: "true"}  # type: ignore[index]
    return [*made, {"metadata": {"name": "odd"}, "provisioner": ODD}]


class Provisioner:
    def __init__(self, api: Api, folder: Path) -> None:
        self.api, self.folder = api, folder
        self.devices: dict[str, int] = {}  # open: a device goes with this process
        self.provided: set[str] = set()

    def start(self) -> None:
        for made in classes():
            make(self.api, CLASSES, made)
        make(self.api, DRIVERS, {"metadata": {"name": CSI}, "spec": {"attachRequired": False}})
        self.known = {made["metadata"]["name"]: made for made in classes() if made["provisioner"] != ODD}
        Watched(self.api, CLAIMS, self.claim).start().listed.wait()
        Watched(self.api, VOLUMES, self.volume).start().listed.wait()

    def claim(self, event: str, claim: Object) -> None:
        """A claim that something else populates is that one's to bind."""
        spec, annotations = claim["spec"], claim["metadata"].get("annotations", {})
        found = self.known.get(spec.get("storageClassName", ""))
        if event == "DELETED" or not found or spec.get("volumeName") or spec.get("dataSourceRef"):
            return
        if found["volumeBindingMode"] == "Immediate" or SELECTED in annotations:
            self.provide(claim, found)

    def provide(self, claim: Object, storage_class: Object) -> None:
        name = f"pvc-{claim['metadata']['uid']}"
        mode = claim["spec"].get("volumeMode", "Filesystem")
        size = claim["spec"]["resources"]["requests"]["storage"]
        if name in self.provided:
            return
        place = self.block(name, amount(size)) if mode == "Block" else self.filesystem(name)
        meta = {key: claim["metadata"][key] for key in ("namespace", "name", "uid")}
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["localhost"]}
        spec = {
            "capacity": {"storage": size}, "accessModes": claim["spec"]["accessModes"], "volumeMode": mode,
            "persistentVolumeReclaimPolicy": "Delete", "storageClassName": claim["spec"]["storageClassName"],
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **meta}, "local": {"path": str(place)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        }  # fmt: skip
        made = {"metadata": {"name": name, "annotations": {BY: storage_class["provisioner"]}}, "spec": spec}
        make(self.api, VOLUMES, made)
        self.provided.add(name)

    def filesystem(self, name: str) -> Path:
        """As a new file system is: root's, until the kubelet hands it to the Pod's fsGroup."""
        place = self.folder / name
        place.mkdir(0o755, exist_ok=True)  # asked again where the server did not answer
        return place

    def block(self, name: str, size_bytes: int) -> Path:
        """The device is detached when we close it, and we keep it open: none is left when this process is killed."""
        file = self.folder / name
        if earlier := self.devices.pop(name, None):
            os.close(earlier)
        with file.open("wb") as made:
            made.truncate(size_bytes)
        argv = ["losetup", "--find", "--show", str(file)]
        device = Path(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip())
        self.devices[name] = os.open(device, os.O_RDONLY)
        subprocess.run(["losetup", "--detach", str(device)], check=True)
        return device

    def volume(self, event: str, volume: Object) -> None:
        name = volume["metadata"]["name"]
        released = volume.get("status", {}).get("phase") == "Released"
        if BY not in volume["metadata"].get("annotations", {}):
            return
        if event != "DELETED" and released and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
            self.api.delete(VOLUMES, None, name)
        if event == "DELETED":
            self.remove(name)

    def remove(self, name: str) -> None:
        if device := self.devices.pop(name, None):
            os.close(device)
        place = self.folder / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def make(api: Api, kind: str, made: Object, namespace: str | None = None) -> None:
    """Made already is made."""
    try:
        api.create(kind, namespace, made)
    except Answer as answer:
        if answer.status != 409:
            raise
