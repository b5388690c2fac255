"""Causes that disks are not there, not bound, not filled or not attached."""

from collections.abc import Iterator

from mtv.providers.kubevirt.causes.cause import Cause, matching, saying
from mtv.providers.kubevirt.causes.scene import Scene, is_false
from mtv.providers.kubevirt.fields import Object, pairs, rows, text, whole
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV
from mtv.providers.kubevirt.machines.states import condition

DEFAULTS = ("storageclass.kubernetes.io/is-default-class", "storageclass.kubevirt.io/is-default-virt-class")
RESTARTS = 3  # CDI itself never gives up


def missing(scene: Scene) -> Iterator[str]:
    there = {text(one, "metadata", "name") for one in (*scene.near.claims, *scene.near.data_volumes)}
    for volume in rows(scene.vm, "spec", "template", "spec", "volumes"):
        name = text(volume, "persistentVolumeClaim", "claimName") or text(volume, "dataVolume", "name")
        if name and name not in there and "claims" not in scene.near.gaps:
            yield f"the VM names claim {name}, and there is none"


def lost(scene: Scene) -> Iterator[str]:
    for one in scene.claims:
        if text(one, "status", "phase") == "Lost":
            yield f"PersistentVolumeClaim/{_name(one)} is Lost: its volume {text(one, 'spec', 'volumeName')} is gone"


def no_class(scene: Scene) -> Iterator[str]:
    """It names one that is not there, or none where none is the default."""
    classes = {_name(one): pairs(one, "metadata", "annotations") for one in scene.near.classes}
    has_default = any(notes.get(key) == "true" for notes in classes.values() for key in DEFAULTS)
    for one in scene.claims:
        asked = text(one, "spec", "storageClassName")
        if text(one, "status", "phase") != "Bound" and classes and not text(one, "spec", "volumeName"):
            if asked and asked not in classes:
                yield f"PersistentVolumeClaim/{_name(one)} asks for class '{asked}'; there are {', '.join(classes)}"
            elif not asked and not has_default:
                yield f"PersistentVolumeClaim/{_name(one)} names no class, and none is the default"


def no_profile(scene: Scene) -> Iterator[str]:
    for one in scene.data_volumes:
        bound = condition(one, "Bound")
        if text(bound, "reason") == "ErrClaimNotValid":
            yield f"DataVolume/{_name(one)}: {text(bound, 'reason')}: {text(bound, 'message')}"


def unconsumed(scene: Scene) -> Iterator[str]:
    """Its class binds when a Pod needs it, and there is no such Pod."""
    late = {_name(one) for one in scene.near.classes if text(one, "volumeBindingMode") == "WaitForFirstConsumer"}
    used = {
        text(volume, "persistentVolumeClaim", "claimName")
        for pod in scene.pods
        for volume in rows(pod, "spec", "volumes")
    }
    for one in scene.claims:
        waits = text(one, "status", "phase") == "Pending" and text(one, "spec", "storageClassName") in late
        if waits and _name(one) not in used:
            yield f"PersistentVolumeClaim/{_name(one)} waits for its first consumer, and no Pod uses it"


def tried_for_ever(scene: Scene) -> Iterator[str]:
    for one in scene.data_volumes:
        times, running = whole(one, "status", "restartCount") or 0, condition(one, "Running")
        if text(running, "reason") == "Error" or times >= RESTARTS:
            why = text(running, "message") or text(one, "status", "phase")
            yield f"DataVolume/{_name(one)} failed {times} times: {why}"


def scratch(scene: Scene) -> Iterator[str]:
    """CDI's room beside a disk: a file system of the disk's size. Ours for a worker has our labels."""
    for one in scene.claims:
        is_ours = pairs(one, "metadata", "labels").get(MANAGED_BY) == MTV
        if _name(one).endswith("-scratch") and not is_ours and text(one, "status", "phase") == "Pending":
            asked = text(one, "spec", "storageClassName") or "the default class"
            yield f"PersistentVolumeClaim/{_name(one)} is Pending: {asked} gives CDI no scratch space"


def unfilled(scene: Scene) -> Iterator[str]:
    """An upload that nobody began."""
    for one in scene.data_volumes:
        if text(one, "status", "phase") in ("UploadReady", "UploadScheduled") and is_false(one, "Ready"):
            yield f"DataVolume/{_name(one)} is {text(one, 'status', 'phase')}: it waits for its data"


def _name(one: Object) -> str:
    return text(one, "metadata", "name")


CAUSES = (
    Cause("claim.missing", "a disk that the VM names is not there", missing,
          "`kubectl get pvc -n {namespace}`; where it was deleted, its data is: `mtv purge RUN`, then run again"),
    Cause("claim.lost", "the volume behind a claim is gone", lost,
          "restore it from a backup; `mtv purge RUN`, run again"),
    Cause("storage.no-class", "there is no such storage class", no_class,
          "`kubectl get storageclass`; name one in the plan's `storage`, or make one the default"),
    Cause("storage.no-profile", "CDI does not know which access and volume mode the class is good for", no_profile,
          "`kubectl patch storageprofile CLASS --type merge -p "
          "'{{\"spec\":{{\"claimPropertySets\":[{{\"accessModes\":[\"ReadWriteOnce\"],\"volumeMode\":\"Block\"}}]}}}}'`"),
    Cause("storage.no-consumer", "the class binds a claim when a Pod needs it, and none does", unconsumed,
          "mtv's worker binds it, and so does the VM's start: `kubectl describe pvc -n {namespace}`"),
    Cause("storage.provisioning", "the class's provisioner could not make the volume",
          saying(reason="ProvisioningFailed"),
          "`kubectl describe pvc -n {namespace}` and the provisioner's log; is the storage full?",
          ("storage.no-class",)),
    Cause("storage.unbound", "a Pod waits for a claim that is not bound",
          saying("unbound immediate PersistentVolumeClaims"),
          "`kubectl describe pvc -n {namespace}`", ("storage.no-class", "storage.provisioning")),
    Cause("attach.multi", "a disk that one node may have is attached to another still", saying("Multi-Attach error"),
          "`kubectl get volumeattachments`; is the other Pod's node gone? then taint it out-of-service"),
    Cause("attach.failed", "a volume could not be attached or mounted",
          matching(r": (FailedAttachVolume|FailedMount|FailedMapVolume): (?!.*(secret|configmap) \")"),
          "`kubectl describe pod -n {namespace}`, and the log of the CSI driver on that node", ("attach.multi",)),
    Cause("disk.locked", "another VM has the same disk open",
          saying('Failed to get "write" lock', "Failed to get shared \"write\" lock"),
          "`kubectl get vmi -A -o wide`; stop the other one: two writers destroy a disk"),
    Cause("disk.full", "the volume, or the node's own disk, is full",
          matching(r"(?i)no space left on device|low on resource: ephemeral-storage|disk pressure"),
          "make room: a larger claim, or images and logs of the node"),
    Cause("datavolume.retries", "CDI tries to fill a disk again and again, and never gives up", tried_for_ever,
          "the text says what fails; mend it, or delete the DataVolume: `kubectl describe dv -n {namespace}`"),
    Cause("datavolume.scratch", "CDI gets no scratch space", scratch,
          "`kubectl patch cdi cdi --type merge -p "
          "'{{\"spec\":{{\"config\":{{\"scratchSpaceStorageClass\":\"CLASS\"}}}}}}'`: "
          "a class with file systems"),
    Cause("datavolume.waits", "a disk waits for an upload", unfilled,
          "`mtv import` or `virtctl image-upload` sends it; a token lives for five minutes"),
)  # fmt: skip
