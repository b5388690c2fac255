"""The PersistentVolumeClaims that a VM's disks are uploaded to."""

from mtv.converters.manifests.machine import metadata
from mtv.converters.manifests.quantities import request
from mtv.converters.manifests.shape import DiskShape, Shape
from mtv.model.estate import Json

UPLOAD = {
    "cdi.kubevirt.io/storage.bind.immediate.requested": "",  # else no upload where claims wait for a consumer
    "cdi.kubevirt.io/storage.contentType": "kubevirt",
    "cdi.kubevirt.io/storage.upload.target": "",  # CDI offers `virtctl image-upload` for it
}


def claim(shape: Shape, disk: DiskShape) -> dict[str, Json]:
    spec: dict[str, Json] = {
        "accessModes": [disk.access],
        "resources": {"requests": {"storage": str(request(disk.size_bytes, disk.mode))}},
        "volumeMode": disk.mode,
    }
    if disk.storage_class:
        spec["storageClassName"] = disk.storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(shape, disk.claim, {**UPLOAD, "mtv/disk": disk.file or disk.name}),
        "spec": spec,
    }
