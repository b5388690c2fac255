"""Storage classes with what CDI knows of them, drivers, snapshot classes, and the claims that disks lie in."""

from collections.abc import Iterator

from mtv.model.estate import Datastore, Entity
from mtv.model.values import Json
from mtv.providers.kubevirt.fields import Object, flag, pairs, rows, text, value, words
from mtv.providers.kubevirt.objects.around import Around, Claim, key
from mtv.providers.kubevirt.objects.quantities import size

DEFAULT = "storageclass.kubernetes.io/is-default-class"
DEFAULT_FOR_VMS = "storageclass.kubevirt.io/is-default-virt-class"
SNAPSHOT_DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
SMALLEST = "cdi.kubevirt.io/minimumSupportedPvcSize"


def read_profile(of: Object, around: Around) -> Iterator[Entity]:
    """A StorageProfile. Whether it has sets of properties counts, not whether its provisioner is recognized: classes
    without a provisioner are not, and have two."""
    sets: list[Json] = [
        {"access": list(words(one, "accessModes")), "mode": text(one, "volumeMode")}
        for one in rows(of, "status", "claimPropertySets")
    ]
    around.profiles[text(of, "metadata", "name")] = {
        "sets": sets, "clone": text(of, "status", "cloneStrategy"),
        "snapshot_class": text(of, "status", "snapshotClass"),
        "smallest_bytes": size(pairs(of, "metadata", "annotations").get(SMALLEST)),
        "import_format": text(of, "status", "dataImportCronSourceFormat"),
    }  # fmt: skip
    yield from ()


def read_class(of: Object, around: Around) -> Iterator[Entity]:
    name, marks = text(of, "metadata", "name"), pairs(of, "metadata", "annotations")
    yield Datastore(source=around.source, id=name, name=name, kind=text(of, "provisioner"), cluster=around.cluster)
    yield around.facility("storage-class", of, {
        "provisioner": text(of, "provisioner"), "default": marks.get(DEFAULT) == "true",
        "default_for_vms": marks.get(DEFAULT_FOR_VMS) == "true", "grows": flag(of, "allowVolumeExpansion"),
        "binding": text(of, "volumeBindingMode") or "Immediate", "reclaim": text(of, "reclaimPolicy") or "Delete",
        "profile": name in around.profiles, **around.profiles.get(name, {"sets": []}),
    })  # fmt: skip


def read_driver(of: Object, around: Around) -> Iterator[Entity]:
    yield around.facility("csi-driver", of, {
        "attaches": value(of, "spec", "attachRequired") is not False,
        "counts_capacity": flag(of, "spec", "storageCapacity"), "group_policy": text(of, "spec", "fsGroupPolicy"),
    })  # fmt: skip


def read_snapshot_class(of: Object, around: Around) -> Iterator[Entity]:
    default = pairs(of, "metadata", "annotations").get(SNAPSHOT_DEFAULT) == "true"
    facts: dict[str, Json] = {"driver": text(of, "driver"), "deletion": text(of, "deletionPolicy"), "default": default}
    yield around.facility("snapshot-class", of, facts)


def read_claim(of: Object, around: Around) -> Iterator[Entity]:
    """A bound one has at least what was asked for."""
    class_, access = text(of, "spec", "storageClassName"), words(of, "spec", "accessModes")
    asked = size(value(of, "spec", "resources", "requests", "storage")) or 0
    has = size(value(of, "status", "capacity", "storage"))
    around.claims[key(of)] = Claim(has or asked, class_, "ReadWriteMany" in access)
    yield around.facility("claim", of, {
        "class": class_, "size_bytes": has, "asked_bytes": asked, "access": list(access),
        "mode": text(of, "spec", "volumeMode") or "Filesystem", "phase": text(of, "status", "phase"),
        "volume": text(of, "spec", "volumeName"), "uid": text(of, "metadata", "uid"), "owner": _owner(of),
    })  # fmt: skip


def _owner(of: Object) -> str:
    """Whose deletion takes the data with it."""
    owners = (one for one in rows(of, "metadata", "ownerReferences") if flag(one, "controller"))
    return next((f"{text(one, 'kind')}/{text(one, 'name')}" for one in owners), "")
