"""A worker's Job and its Secret. One Pod at the most, tried once: who tries again is the engine. Pure."""

import base64
import json
from collections.abc import Mapping, Sequence

from mtv import codec
from mtv.errors import MtvError
from mtv.model.plans import WorkerChoice
from mtv.model.tasks import TASK_LIMIT_BYTES, Task
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.jobs import pods
from mtv.providers.kubevirt.jobs.accounts import belongs
from mtv.providers.kubevirt.jobs.places import WORKER, lease_name, task_secret
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV, ROLE, Owner

SPREAD = {"matchLabels": {MANAGED_BY: MTV, ROLE: "worker"}}


def job(namespace: str, worker: str, task: Task, secrets: Sequence[str], choice: WorkerChoice, kvm: bool) -> Object:
    """`secrets` are names: their values never come into a Job."""
    owner = Owner(task.run, task.vm)
    labels = {**owner.labels("worker"), WORKER: worker}
    meta = {"labels": labels, "annotations": owner.annotations()}
    networks = {"k8s.v1.cni.cncf.io/networks": choice.transfer_network} if choice.transfer_network else {}
    pod = {
        "serviceAccountName": lease_name(owner.hash10),
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": pods.GRACE_S,
        "securityContext": pods.SECURITY,
        "imagePullSecrets": [{"name": one} for one in choice.pull_secrets],
        "nodeSelector": dict(choice.nodes),
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
             "labelSelector": SPREAD},
        ],
        "initContainers": pods.library(choice),
        "containers": [pods.container(namespace, worker, task, choice, kvm)],
        "volumes": pods.volumes(worker, task, secrets, choice),
    }  # fmt: skip
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": worker, "namespace": namespace, **meta},
        "spec": {
            "backoffLimit": 0,
            "completions": 1,
            "parallelism": 1,
            "podReplacementPolicy": "Failed",
            "template": {
                "metadata": {"labels": labels, "annotations": {**owner.annotations(), **networks}},
                "spec": {key: one for key, one in pod.items() if one not in ([], {})},
            },
        },
    }


def secret(namespace: str, worker: str, task: Task, secrets: Mapping[str, bytes], made: Object) -> Object:
    """The task and the secrets, owned by the Job and gone with it. Raises MtvError `worker.task-size`."""
    data = json.dumps(codec.dump(task), separators=(",", ":")).encode()
    if len(data) > TASK_LIMIT_BYTES:
        raise MtvError(
            "worker.task-size", f"{task.name}: the task of {task.step} has {len(data)} bytes, {TASK_LIMIT_BYTES} are"
            " allowed", "its list of extents is too long: let the next pass compare the whole disk",
        )  # fmt: skip
    owner = Owner(task.run, task.vm)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "immutable": False,  # a ticket that was renewed comes by it
        "metadata": {
            "name": task_secret(worker), "namespace": namespace, "labels": {**owner.labels("worker"), WORKER: worker},
            "annotations": owner.annotations(), "ownerReferences": [belongs("batch/v1", "Job", made)],
        },
        "data": {"TASK.json": _text(data), **{name: _text(value) for name, value in sorted(secrets.items())}},
    }  # fmt: skip


def renewing(secrets: Mapping[str, bytes]) -> Object:
    """A merge patch of that Secret."""
    return {"data": {name: _text(value) for name, value in secrets.items()}}


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
