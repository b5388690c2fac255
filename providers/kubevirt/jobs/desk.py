"""What all that concerns workers shares: where, how, the sight of their Pods, and the requests that several need."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mtv.errors import MtvError
from mtv.model.estate import Json
from mtv.model.plans import WorkerChoice
from mtv.providers.kubevirt.fields import Object, mapping, rows, text
from mtv.providers.kubevirt.jobs import leases
from mtv.providers.kubevirt.jobs.places import jobs, lease_name, of_worker, path
from mtv.providers.kubevirt.jobs.places import leases as lease_path
from mtv.providers.kubevirt.jobs.pods import GRACE_S, KVM
from mtv.providers.kubevirt.jobs.sight import Sight
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

NODES = 50  # that are looked at for KVM: they are alike


@dataclass(frozen=True)
class Waits:
    """Each has a name and an end."""

    start_s: float = 1800.0  # a Pod that nothing is said against starts within it: images are large
    patience: float = 1.0  # of what each obstacle may take to pass by itself
    events_s: float = 10.0  # between two looks at why one does not
    end_s: float = GRACE_S + 30.0  # what was told to end is seen to have ended
    look_s: float = 5.0  # without a change
    lapse_s: float = 5.0  # beyond a lease's time
    silence_s: float = 60.0  # of a log, before its worker's lease is looked at


@dataclass
class Desk:
    api: Api
    namespace: str
    choice: WorkerChoice
    sight: Sight
    waits: Waits = field(default_factory=Waits)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _kvm: bool | None = None

    def found(self, where: str) -> Object | None:
        """None where there is none."""
        try:
            return self.api.get(where)
        except Status as status:
            if status.code != 404:
                raise
            return None

    def job(self, worker: str) -> Object | None:
        return self.found(jobs(self.namespace, worker))

    def remove(self, worker: str) -> None:
        """The Job, and by it its Pod and its Secret."""
        self.api.delete(jobs(self.namespace, worker), propagation="Background")

    def lease_path(self, worker: str) -> str:
        return lease_path(self.namespace, lease_name(of_worker(worker)))

    def wish(self, worker: str, control: Mapping[str, Json]) -> None:
        self.api.patch(self.lease_path(worker), leases.wanting(control))

    def latest_event(self, name: str) -> list[Object]:
        """The last one about that object: what was said before it is over."""
        told = self.api.get(path(self.namespace, "events"), {"fieldSelector": f"involvedObject.name={name}"})
        return sorted(rows(told, "items"), key=_when)[-1:]

    def has_kvm(self) -> bool:
        if self._kvm is None:
            self._kvm = self.choice.kvm == "auto" and self._look_for_kvm()
        return self._kvm

    def _look_for_kvm(self) -> bool:
        """Who may not list nodes goes without it."""
        try:
            told = self.api.get("/api/v1/nodes", {"limit": NODES})
        except (Status, MtvError):
            return False
        return any(text(mapping(one, "status", "allocatable"), KVM) not in ("", "0") for one in rows(told, "items"))


def _when(event: Object) -> str:
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "metadata", "creationTimestamp")
