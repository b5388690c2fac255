"""The claim that a DataVolume asks for."""

from tests.kube.api import Object
from tests.kube.fakes.cdi.profiles import Profiles
from tests.kube.fakes.quantities import amount, said, with_overhead

PREFIX = "cdi.kubevirt.io"
SCRATCH = "local"


def claim_of(made: Object, profiles: Profiles) -> Object | None:
    """Its spec, or None while its class is not known or says too little. `pvc` is taken word for word; of `storage`
    the size is made to fit a file system, and comes back as Go writes decimal numbers."""
    if verbatim := made["spec"].get("pvc"):
        default = profiles.storage_class(verbatim.get("storageClassName"))
        named = {"storageClassName": default["metadata"]["name"]} if default else {}
        return {"volumeMode": "Filesystem", **verbatim, **named}
    storage: Object = made["spec"]["storage"]
    storage_class = profiles.storage_class(storage.get("storageClassName"))
    fitting = storage_class and profiles.fitting(storage_class["metadata"]["name"], storage)
    if not storage_class or not fitting:
        return None
    size_bytes = amount(storage["resources"]["requests"]["storage"])
    asked = said(size_bytes) if fitting["volumeMode"] == "Block" else str(with_overhead(size_bytes))
    name = storage_class["metadata"]["name"]
    return {**fitting, "storageClassName": name, "resources": {"requests": {"storage": asked}}}


def size_of(made: Object) -> int:
    """The disk's."""
    asked = made["spec"].get("pvc") or made["spec"]["storage"]
    return amount(asked["resources"]["requests"]["storage"])


def scratch(name: str, size_bytes: int) -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem", "storageClassName": SCRATCH,
            "resources": {"requests": {"storage": str(with_overhead(size_bytes))}}}  # fmt: skip
    return {"metadata": {"name": f"{name}-scratch", "labels": {"app": "containerized-data-importer"}}, "spec": spec}
