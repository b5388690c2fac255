"""The lease from the worker's side: taken once, by one Pod, and renewed; that somebody else has it is final."""

from mtv.errors import MtvError
from mtv.model.tasks import Task, worker_name
from mtv.providers.kubevirt.fields import Object
from mtv.providers.kubevirt.jobs import leases
from mtv.providers.kubevirt.jobs.leases import Lease
from mtv.providers.kubevirt.jobs.places import leases as lease_path
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

TRIES = 5  # at one renewal: the engine writes its wishes now and then


class Lost(MtvError):
    """It is another's, or gone: nothing may be written any more."""


class Holding:
    def __init__(self, api: Api, namespace: str, name: str, task: Task, pod: str) -> None:
        self._api, self._path, self._where = api, lease_path(namespace, name), f"{namespace}/{name}"
        self._me = worker_name(task.run, task.vm, task.step, task.attempt)
        self._epoch, self._pod = task.epoch, pod
        self._found: Object | None = None

    def renew(self) -> Lease:
        """The lease as it is afterwards, the engine's wishes with it. Raises Lost; Status and MtvError where the
        server was not reached, which says nothing about whose it is."""
        return self._put(lambda found: leases.renewed(found, self._pod))

    def release(self) -> None:
        """After nothing of ours can write any more."""
        self._put(leases.released)

    def _put(self, change: "leases.Change") -> Lease:
        for _ in range(TRIES):
            found = self._found or self._read()
            self._check(leases.read(found))
            try:
                self._found = self._api.replace(self._path, change(found))
                return leases.read(self._found)
            except Status as status:
                self._found = None
                if status.code == 404:
                    raise self._lost("is gone") from status
                if status.code != 409:
                    raise
        raise Status(409, "Conflict", f"lease {self._where} changes all the time")

    def _read(self) -> Object:
        try:
            return self._api.get(self._path)
        except Status as status:
            if status.code == 404:
                raise self._lost("is gone") from status
            raise

    def _check(self, lease: Lease) -> None:
        if lease.holder != self._me:
            raise self._lost(f"is held by '{lease.holder}'")
        if lease.epoch > self._epoch:
            raise self._lost(f"is of epoch {lease.epoch}, the task of {self._epoch}")
        if lease.pod not in ("", self._pod):
            raise self._lost(f"was taken by Pod {lease.pod}")

    def _lost(self, how: str) -> Lost:
        return Lost("worker.lease", f"worker {self._me}: lease {self._where} {how}: nothing is written without it")
