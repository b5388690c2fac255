"""Where things lie in a worker's Pod, and what they are called in the cluster: both sides go by these names."""

from pathlib import Path

TASK = Path("/task")  # the Secret: TASK.json, secrets/NAME; nothing can be written there
WORK = Path("/work")  # the worker's folder, in memory
LAPSED = 86  # a worker's exit status: its lease was no longer held
CONTAINER = "worker"
WORKER = "mtv/worker"  # label of its Pod, Job and Secret: the worker's name
CONTROL = "mtv/control"  # annotations of the lease: what the engine wants of the worker, JSON
EPOCH = "mtv/epoch"  # of the task that it was given for
POD = "mtv/pod"  # the one that took it


def lease_name(hash10: str) -> str:
    """One for each VM: the name of its ServiceAccount, Role and RoleBinding, too."""
    return f"mtv-{hash10}"


def scratch_claim(hash10: str) -> str:
    return f"mtv-{hash10}-scratch"


def task_secret(worker: str) -> str:
    return f"{worker}-task"


def of_worker(worker: str) -> str:
    """The hash10 in a worker's name."""
    return worker.split("-")[1]


def path(namespace: str, plural: str, name: str = "", group: str = "") -> str:
    base = f"/apis/{group}" if group else "/api/v1"
    return f"{base}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def leases(namespace: str, name: str = "") -> str:
    return path(namespace, "leases", name, "coordination.k8s.io/v1")


def jobs(namespace: str, name: str = "") -> str:
    return path(namespace, "jobs", name, "batch/v1")
