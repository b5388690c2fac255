"""What a VM's disks lie in: a PersistentVolumeClaim each, or, where a plan asks for them, DataVolumes of the VM's."""

from mtv.converters.manifests.parts import labels
from mtv.converters.manifests.quantities import request
from mtv.converters.manifests.shape import DiskShape, Shape
from mtv.model.estate import Json

_NOW = {"cdi.kubevirt.io/storage.bind.immediate.requested": ""}  # else no upload where claims wait for a consumer
UPLOAD = {
    **_NOW,
    "cdi.kubevirt.io/storage.contentType": "kubevirt",
    "cdi.kubevirt.io/storage.upload.target": "",  # CDI offers `virtctl image-upload` for it
}
TEMPLATE = {**_NOW, "cdi.kubevirt.io/allowClaimAdoption": "true"}  # of a claim that holds the disk already


def metadata(shape: Shape, name: str, annotations: dict[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {"labels": labels.own(shape), "name": name}
    if annotations:
        found["annotations"] = annotations
    if shape.namespace:
        found["namespace"] = shape.namespace
    return found


def claim(shape: Shape, disk: DiskShape) -> dict[str, Json]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(shape, disk.claim, {**UPLOAD, "mtv/disk": disk.file or disk.name}),
        "spec": _spec(disk),
    }


def template(shape: Shape, disk: DiskShape) -> dict[str, Json]:
    """A DataVolume that the VM makes and owns. Its size is ours to say: `storage` would add to it. Never `blank`, which
    was seen to leave on a device what was there before."""
    return {
        "metadata": {
            "annotations": {**TEMPLATE, "mtv/disk": disk.file or disk.name},
            "labels": labels.own(shape),
            "name": disk.claim,
        },
        "spec": {"contentType": "kubevirt", "pvc": _spec(disk), "source": {"upload": {}}},
    }


def volume(shape: Shape, disk: DiskShape) -> dict[str, Json]:
    if shape.wanted.claims == "datavolumes":
        return {"dataVolume": {"name": disk.claim}, "name": disk.name}
    return {"name": disk.name, "persistentVolumeClaim": {"claimName": disk.claim}}


def _spec(disk: DiskShape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "accessModes": [disk.access],
        "resources": {"requests": {"storage": str(request(disk.size_bytes, disk.mode))}},
        "volumeMode": disk.mode,
    }
    if disk.storage_class:
        spec["storageClassName"] = disk.storage_class
    return spec
