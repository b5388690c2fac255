"""The parts of a worker's Pod, fit for Pod Security restricted: user 107, no capability, nothing written but the VM's
claims and memory. Pure."""

from collections.abc import Iterator, Sequence

from mtv.model.plans import WorkerChoice
from mtv.model.points import Mount
from mtv.model.tasks import Task, TaskDisk
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.jobs.places import CONTAINER, TASK, WORK, lease_name, scratch_claim, task_secret
from mtv.providers.kubevirt.labels import Owner

USER = 107  # as whom KubeVirt and CDI write disks
GRACE_S = 30  # a worker that is told to stop ends within 20
WORK_LIMIT = "64Mi"  # of memory: the worker's log, which grows by what virt-v2v says
LIBRARY = "/opt"  # where an image of VMware's library puts it, as Forklift's does
KVM = "devices.kubevirt.io/kvm"
SECURITY: Object = {
    "runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER,
    "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"},
}  # fmt: skip
CONTAINED: Object = {
    "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
}  # fmt: skip
COPYING = {"cpu": "250m", "memory": "200Mi"}  # a transfer needs less than that; the limit is for what it reads by
COPYING_LIMIT = "512Mi"
APPLIANCE = {"cpu": "500m", "memory": "2Gi"}  # libguestfs' appliance, and virt-v2v beside it
APPLIANCE_LIMIT = "4Gi"
AUTHORITIES = "/etc/mtv/ca"


def container(namespace: str, worker: str, task: Task, choice: WorkerChoice, kvm: bool) -> Object:
    lease = f"{namespace}/{lease_name(Owner(task.run, task.vm).hash10)}"
    return {
        "name": CONTAINER,
        "image": choice.image,
        "imagePullPolicy": choice.pull,
        "command": [*choice.command, "worker", str(WORK), "--lease", lease],
        "env": list(_environment(choice)),
        "resources": _resources(task, choice, kvm),
        "securityContext": CONTAINED,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": list(_mounts(task, choice)),
        **({"volumeDevices": devices} if (devices := list(_devices(task))) else {}),
    }


def _environment(choice: WorkerChoice) -> Iterator[Object]:
    yield {"name": "HOME", "value": "/tmp"}  # noqa: S108 - an emptyDir of its own
    yield {"name": "MTV_PROGRESS_S", "value": "10"}
    for name, value in sorted(choice.proxy.items()):
        yield {"name": name, "value": value}
    if choice.vddk_image:
        yield {"name": "MTV_VDDK", "value": f"{LIBRARY}/vmware-vix-disklib-distrib"}
    if choice.ca_bundle:
        yield {"name": "SSL_CERT_FILE", "value": f"{AUTHORITIES}/ca-bundle.crt"}


def _resources(task: Task, choice: WorkerChoice, kvm: bool) -> Object:
    """An appliance is a VM: where nodes have KVM it is a hundred times as fast."""
    boots = task.op in ("inspect", "convert")
    asked = dict(APPLIANCE if boots else COPYING)
    limits = {"memory": choice.memory or (APPLIANCE_LIMIT if boots else COPYING_LIMIT)}
    if choice.cpu:
        asked["cpu"] = choice.cpu
    if choice.memory:
        asked["memory"] = choice.memory
    if boots and kvm:
        limits[KVM] = asked[KVM] = "1"
    return {"requests": asked, "limits": limits}


def written(task: Task) -> Iterator[tuple[TaskDisk, str, bool]]:
    """Each disk that the worker has, its claim, and whether that is a device."""
    for disk in task.disks:
        if disk.volume:
            yield disk, disk.volume.id.partition("/")[2], disk.volume.format == "block"


def _mounts(task: Task, choice: WorkerChoice) -> Iterator[Object]:
    yield {"name": "work", "mountPath": str(WORK)}
    yield {"name": "task", "mountPath": str(TASK), "readOnly": True}
    yield {"name": "temporary", "mountPath": "/tmp", "subPath": "tmp"}  # noqa: S108 - an emptyDir of its own
    yield {"name": "temporary", "mountPath": "/var/tmp", "subPath": "var"}  # noqa: S108
    if task.scratch:
        yield {"name": "scratch", "mountPath": task.scratch}
    for disk, _, is_device in written(task):
        if disk.volume and not is_device:
            yield {"name": f"disk-{disk.volume.index}", "mountPath": disk.volume.path.rpartition("/")[0]}
    for number, one in enumerate(sources(task)):
        inside = {"subPath": one.inside} if one.inside else {}
        yield {"name": f"source-{number}", "mountPath": one.at, "readOnly": True, **inside}
    if choice.vddk_image:
        yield {"name": "vddk", "mountPath": LIBRARY, "readOnly": True}
    if choice.ca_bundle:
        yield {"name": "authorities", "mountPath": AUTHORITIES, "readOnly": True}


def _devices(task: Task) -> Iterator[Object]:
    for disk, _, is_device in written(task):
        if disk.volume and is_device:
            yield {"name": f"disk-{disk.volume.index}", "devicePath": disk.volume.path}


def volumes(worker: str, task: Task, secrets: Sequence[str], choice: WorkerChoice) -> list[Object]:
    items = [{"key": "TASK.json", "path": "TASK.json"}, *({"key": one, "path": f"secrets/{one}"} for one in secrets)]
    found: list[Object] = [
        {"name": "work", "emptyDir": {"medium": "Memory", "sizeLimit": WORK_LIMIT}},
        {"name": "temporary", "emptyDir": {}},
        {"name": "task", "secret": {"secretName": task_secret(worker), "items": items, "defaultMode": 0o440}},
    ]
    if task.scratch:
        found.append(_claim("scratch", scratch_claim(Owner(task.run, task.vm).hash10)))
    for disk, claim, _ in written(task):
        if disk.volume:
            found.append(_claim(f"disk-{disk.volume.index}", claim))
    for number, one in enumerate(sources(task)):
        found.append(_claim(f"source-{number}", one.claim.partition("/")[2], is_read_only=True))
    if choice.vddk_image:
        found.append({"name": "vddk", "emptyDir": {}})
    if choice.ca_bundle:
        found.append({"name": "authorities", "configMap": {"name": choice.ca_bundle}})
    return found


def sources(task: Task) -> tuple[Mount, ...]:
    """What the worker reads from claims, each once."""
    return tuple(dict.fromkeys(one for disk in task.disks if disk.export for one in disk.export.mounts))


def _claim(name: str, claim: str, is_read_only: bool = False) -> Object:
    asked = {"claimName": claim, "readOnly": True} if is_read_only else {"claimName": claim}
    return {"name": name, "persistentVolumeClaim": asked}


def library(choice: WorkerChoice) -> list[Object]:
    """The user's own image of VMware's library, which copies it to where it is mounted."""
    if not choice.vddk_image:
        return []
    return [
        {
            "name": "vddk", "image": choice.vddk_image, "imagePullPolicy": choice.pull, "securityContext": CONTAINED,
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
            "volumeMounts": [{"name": "vddk", "mountPath": LIBRARY}],
        }
    ]  # fmt: skip
