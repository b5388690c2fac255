"""How a worker is started: the VM's lease is handed to it once nobody else can have it, then come Job and Secret. Each
object has a name that follows from the task, so that a start that was cut off is taken up again.

Requests: 8 for a VM's first worker, 4 for each further one, and two to follow it and remove it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mtv.errors import Held, Temporary
from mtv.model.tasks import Task, worker_name
from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.jobs import leases, manifests
from mtv.providers.kubevirt.jobs.accounts import account, belongs
from mtv.providers.kubevirt.jobs.desk import Desk
from mtv.providers.kubevirt.jobs.ending import fence
from mtv.providers.kubevirt.jobs.leases import Lease
from mtv.providers.kubevirt.jobs.places import jobs, lease_name, path, scratch_claim
from mtv.providers.kubevirt.jobs.places import leases as lease_path
from mtv.providers.kubevirt.labels import Owner
from mtv.providers.kubevirt.wire.answers import Status


@dataclass(frozen=True)
class Starting:
    desk: Desk
    task: Task

    @property
    def worker(self) -> str:
        return worker_name(self.task.run, self.task.vm, self.task.step, self.task.attempt)

    @property
    def owner(self) -> Owner:
        return Owner(self.task.run, self.task.vm)

    def start(self, secrets: Mapping[str, bytes]) -> str:
        """Raises Temporary `worker.busy`, Held `worker.no-image`, MtvError `worker.task-size`."""
        if not self.desk.choice.image:
            raise Held(
                "worker.no-image", f"{self.task.name}: there is no image for workers",
                "set MTV_WORKER_IMAGE: docs/kubevirt.md says how it is built",
            )  # fmt: skip
        with self.desk.api.said(f"{self.task.name}: starting worker {self.worker}"):
            self._take()
            kvm = self.task.op in ("inspect", "convert") and self.desk.has_kvm()
            body = manifests.job(self.desk.namespace, self.worker, self.task, sorted(secrets), self.desk.choice, kvm)
            made = self._ensure(jobs(self.desk.namespace), body, "job")
            kept = manifests.secret(self.desk.namespace, self.worker, self.task, secrets, made)
            self._ensure(path(self.desk.namespace, "secrets"), kept, "secret")
        return self.worker

    def _take(self) -> None:
        to = Lease(holder=self.worker, epoch=self.task.epoch, duration_s=self.desk.choice.lease_s)
        where = lease_path(self.desk.namespace, lease_name(self.owner.hash10))
        found = self.desk.found(where)
        if found is None:
            self._first(to)
            return
        self.owner.check(found, "lease")
        holder = leases.read(found).holder
        if holder == self.worker:  # this very start was cut off
            self._allow(found)
            return
        if holder:
            self._free(holder)
            found = self.desk.api.get(where)  # renewed since
        try:
            self.desk.api.replace(where, leases.handed(found, to))
        except Status as status:
            if status.code == 409:
                raise self._busy(holder, "it still renews its lease") from status
            raise

    def _free(self, holder: str) -> None:
        """Nobody can write by the lease any more: its holder was seen to end, or is gone and had its time to stop."""
        seen = self.desk.sight.see(holder)
        if not seen.pods and self.desk.job(holder):
            raise self._busy(holder, "its Job has no Pod yet")
        end = seen.end()
        if seen.pods and not end:
            raise self._busy(holder, "its Pod was not seen to end")
        if end != "seen":
            fence(self.desk, holder)

    def _busy(self, holder: str, why: str) -> Temporary:
        return Temporary("worker.busy", f"{self.task.name}: worker {holder} may still write: {why}")

    def _first(self, to: Lease) -> None:
        """The scratch claim owns the lease, and the lease what grants it: all go when the VM is done."""
        name, owner = lease_name(self.owner.hash10), self.owner
        body = dict(leases.made(name, owner.labels("lease"), owner.annotations(), to))
        if claim := self.desk.found(path(self.desk.namespace, "persistentvolumeclaims", scratch_claim(owner.hash10))):
            body["metadata"] = {**_metadata(body), "ownerReferences": [belongs("v1", "PersistentVolumeClaim", claim)]}
        self._allow(self._ensure(lease_path(self.desk.namespace), body, "lease"))

    def _allow(self, lease: Object) -> None:
        for where, body in account(self.desk.namespace, self.owner, lease):
            self._ensure(where, body, text(body, "kind").lower())

    def _ensure(self, where: str, body: Object, kind: str) -> Object:
        """Made, or ours already. Raises CheckFailed `kubevirt.foreign`."""
        try:
            return self.desk.api.create(where, body)
        except Status as status:
            if status.reason != "AlreadyExists":
                raise
        return self.owner.check(self.desk.api.get(f"{where}/{text(body, 'metadata', 'name')}"), kind)


def _metadata(body: Mapping[str, object]) -> dict[str, object]:
    found = body["metadata"]
    assert isinstance(found, dict)
    return found
