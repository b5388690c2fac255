"""A claim as it is asked for, and what a found one is. Pure."""

from dataclasses import dataclass
from fractions import Fraction

from mtv.errors import CheckFailed, Held, Temporary
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.kubevirt.fields import Object, pairs, text, value, words
from mtv.providers.kubevirt.labels import Owner
from mtv.providers.kubevirt.objects.quantities import size
from mtv.providers.kubevirt.volumes import sizes
from mtv.providers.kubevirt.volumes.classes import Class, Set

ADOPT, ADOPTED = "mtv/adopt", "mtv/adopted"  # annotations: the user's word, and ours that it was taken
CALL = "mtv/call"  # annotation: which call made it
DISK_KEY = "mtv/disk-key"
DISK, SCRATCH = "disk", "scratch"  # roles
FILE = "disk.img"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A claim as it shall be."""

    name: str
    size_bytes: int
    class_: Class
    set_: Set

    @property
    def request_bytes(self) -> int:
        return sizes.asked(self.size_bytes, self.set_.mode, self.class_.overhead, self.class_.smallest_bytes)


def owner(spec: VolumeSpec) -> Owner:
    return Owner(spec.run, spec.vm)


def name_of(spec: VolumeSpec) -> str:
    """As the VM's documents have it."""
    return spec.name or f"{spec.machine}-disk{spec.index}"


def path_of(namespace: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{namespace}/persistentvolumeclaims" + (f"/{name}" if name else "")


def document(wish: Wish, labels: dict[str, str], annotations: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": wish.name, "labels": labels, "annotations": annotations},
        "spec": {
            "accessModes": [wish.set_.access],
            "resources": {"requests": {"storage": str(wish.request_bytes)}},
            "storageClassName": wish.class_.name,
            "volumeMode": wish.set_.mode,
        },
    }


def volume(found: Object, spec: VolumeSpec, zeroed: bool = False) -> Volume:
    is_block = mode_of(found) == "Block"
    return Volume(
        id=f"{text(found, 'metadata', 'namespace')}/{text(found, 'metadata', 'name')}",
        disk=spec.disk,
        index=spec.index,
        size_bytes=sizes.aligned(spec.size_bytes),
        format="block" if is_block else "raw",
        path=f"/disks/{spec.index}" + ("" if is_block else f"/{FILE}"),
        identity=text(found, "metadata", "uid"),
        zeroed=zeroed,
    )


def mode_of(found: Object) -> str:
    return text(found, "spec", "volumeMode") or "Filesystem"


def uid(found: Object) -> str:
    return text(found, "metadata", "uid")


def is_ending(found: Object) -> bool:
    return bool(text(found, "metadata", "deletionTimestamp"))


def is_adopted(found: Object) -> bool:
    return ADOPTED in pairs(found, "metadata", "annotations")


def may_be_adopted(found: Object) -> bool:
    return pairs(found, "metadata", "annotations").get(ADOPT, "").lower() in ("yes", "true")


def check(found: Object, spec: VolumeSpec, overhead: Fraction) -> None:
    """Whether a claim that is there takes that disk. Raises what `check_there` does, and CheckFailed
    `kubevirt.claim-too-small`, `kubevirt.claim-other`."""
    named = check_there(found, spec.machine)
    _check_room(found, spec, overhead, named)
    for what, wanted, has in (
        ("volume mode", spec.mode, mode_of(found)),
        ("class", spec.to, text(found, "spec", "storageClassName")),
        ("access", spec.access, " ".join(words(found, "spec", "accessModes"))),
    ):
        if wanted and wanted not in has.split():
            raise CheckFailed("kubevirt.claim-other", f"{named} has the {what} {has or 'none'}, the plan says {wanted}",
                              "change the plan's storage map, or remove the claim")  # fmt: skip


def check_there(found: Object, machine: str) -> str:
    """Its name for messages. Raises Temporary `kubevirt.claim-ending`, Held `kubevirt.claim-lost`."""
    named = f"{machine}: claim {text(found, 'metadata', 'namespace')}/{text(found, 'metadata', 'name')}"
    if is_ending(found):
        raise Temporary("kubevirt.claim-ending", f"{named} is being deleted", "it is waited for")
    if text(found, "status", "phase") == "Lost":
        raise Held("kubevirt.claim-lost", f"{named} has lost its volume {text(found, 'spec', 'volumeName')}",
                   "what lay there is gone: `mtv rollback`, then `mtv retry`")  # fmt: skip
    return named


def _check_room(found: Object, spec: VolumeSpec, overhead: Fraction, named: str) -> None:
    bytes_ = room(found)
    if not sizes.fits(bytes_, spec.size_bytes, mode_of(found), overhead):
        needed = sizes.asked(spec.size_bytes, mode_of(found), overhead)
        raise CheckFailed(
            "kubevirt.claim-too-small",
            f"{named} has {bytes_} bytes, and its disk of {spec.size_bytes} bytes needs {needed}",
            "expand it, or remove it and let mtv make one",
        )


def room(found: Object) -> int:
    """Of the volume that it is bound to, else what it asks for."""
    has = size(value(found, "status", "capacity", "storage"))
    return has or size(value(found, "spec", "resources", "requests", "storage")) or 0


def growth(found: Object, spec: VolumeSpec, overhead: Fraction) -> int:
    """By how many bytes KubeVirt will grow the disk when its VM starts; 0 for not at all."""
    if mode_of(found) == "Block":
        return 0
    request = size(value(found, "spec", "resources", "requests", "storage")) or 0
    return max(sizes.grown(request, room(found), overhead) - sizes.aligned(spec.size_bytes), 0)
