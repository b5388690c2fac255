"""What every object of ours carries in a cluster, and how it is told from a stranger's: only what has our label, and
the run's and the VM's, is ever changed or removed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import CheckFailed
from mtv.providers.kubevirt.fields import Object, pairs, text

MANAGED_BY, MTV = "app.kubernetes.io/managed-by", "mtv"
RUN, VM, DISK, ROLE = "mtv/run", "mtv/vm", "mtv/disk", "mtv/role"
RUN_NAME, VM_KEY = "mtv/run-name", "mtv/vm-key"  # annotations: as people know them
LABEL_LIMIT = 63


def hash10(run: str, vm: str) -> str:
    """As in `mtv.model.tasks.worker_name`: all names of a migration's objects share it."""
    return hashlib.sha256(f"{run}\0{vm}".encode()).hexdigest()[:10]


def short(value: str) -> str:
    """As a label's value: a run's id fits as it is; what does not is told by its digest."""
    fits = value and len(value) <= LABEL_LIMIT and value[0].isalnum() and value[-1].isalnum()
    if fits and value.isascii() and all(one.isalnum() or one in "-_." for one in value):
        return value
    return hashlib.sha256(value.encode()).hexdigest()[:40]


@dataclass(frozen=True)
class Owner:
    """The migration that an object was made for. `vm` is a VM's key."""

    run: str
    vm: str

    @property
    def hash10(self) -> str:
        return hash10(self.run, self.vm)

    def labels(self, role: str = "", disk: int | None = None) -> dict[str, str]:
        """`role` tells apart what is made for one VM: disk, scratch, worker, machine, lease."""
        return {
            MANAGED_BY: MTV,
            RUN: short(self.run),
            VM: self.hash10,
            **({ROLE: role} if role else {}),
            **({DISK: str(disk)} if disk is not None else {}),
        }

    def annotations(self) -> dict[str, str]:
        return {RUN_NAME: self.run, VM_KEY: self.vm}

    def owns(self, found: Object) -> bool:
        has = pairs(found, "metadata", "labels")
        return all(has.get(name) == value for name, value in self.labels().items())

    def check(self, found: Object, kind: str) -> Object:
        """The same object. Raises CheckFailed `kubevirt.foreign`."""
        if self.owns(found):
            return found
        raise foreign(found, kind)


def foreign(found: Object, kind: str) -> CheckFailed:
    """An object that has the name that ours would have."""
    namespace, name = text(found, "metadata", "namespace"), text(found, "metadata", "name")
    return CheckFailed(
        "kubevirt.foreign", f"{kind} {namespace}/{name} is there and not ours: {_whose(found)}; it is left alone",
        f"remove or rename it, or give the VM another name: `kubectl -n {namespace} get {kind} {name} -o yaml`",
    )  # fmt: skip


def _whose(found: Object) -> str:
    labels, notes = pairs(found, "metadata", "labels"), pairs(found, "metadata", "annotations")
    if labels.get(MANAGED_BY) == MTV and RUN in labels:
        return f"it was made for VM {notes.get(VM_KEY, labels.get(VM, '?'))} of run {notes.get(RUN_NAME, labels[RUN])}"
    if manager := labels.get(MANAGED_BY):
        return f"it belongs to {manager}"
    return f"made at {text(found, 'metadata', 'creationTimestamp') or 'an unknown time'}, by no run of mtv"


def is_managed(labels: Mapping[str, str]) -> bool:
    """Of any run of mtv's."""
    return labels.get(MANAGED_BY) == MTV
