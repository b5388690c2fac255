"""All workers' Pods of a namespace, by one watch: whoever waits for one is woken when something becomes of it."""

import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.fields import Object, mapping, pairs, rows, text
from mtv.providers.kubevirt.jobs.fates import containers
from mtv.providers.kubevirt.jobs.places import WORKER, path
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV, ROLE
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.watching import Watch

SELECTOR = f"{MANAGED_BY}={MTV},{ROLE}=worker"
AGAIN_S = 2.0  # after the watch failed
FIRST_S = 60.0  # for the first whole list
End = Literal["", "seen", "lost"]


@dataclass
class Seen:
    """A worker's Pods by their uid, as they were last told; there is one, but for rare races of the Job controller."""

    pods: dict[str, Object] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    changes: int = 0

    @property
    def pod(self) -> Object | None:
        """The newest."""
        return next(reversed(self.pods.values()), None)

    def end(self) -> End:
        """Seen: nothing of it runs any more. Lost: its Pod is gone and nobody said that it ended. Without a Pod
        nothing is known."""
        ends = {_end(pod, uid in self.gone) for uid, pod in self.pods.items()}
        return "" if not ends or "" in ends else "lost" if "lost" in ends else "seen"


def _end(pod: Object, is_gone: bool) -> End:
    if has_ended(pod) or (is_gone and not text(pod, "spec", "nodeName")):
        return "seen"
    return "lost" if is_gone else ""


def has_ended(pod: Object) -> bool:
    """Its node says so: each container has terminated, or was never started. That a Pod has failed is not enough: of a
    lost node's the control plane says it, too, while its containers may run."""
    states = [mapping(one, "state") for one in containers(pod)]
    if any("running" in one for one in states):
        return False
    if any("terminated" in mapping(one, "state") for one in rows(pod, "status", "containerStatuses")):
        return True
    lost = any(text(one, "reason").startswith("DeletionBy") for one in rows(pod, "status", "conditions"))
    return text(pod, "status", "phase") in ("Succeeded", "Failed") and not lost


def has_started(pod: Object) -> bool:
    return any(
        {"running", "terminated"} & mapping(one, "state").keys() for one in rows(pod, "status", "containerStatuses")
    )


class Sight:
    """The watch begins with the first question."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._path = api, path(namespace, "pods")
        self._seen: dict[str, Seen] = {}
        self._changed = threading.Condition()
        self._watch: Watch | None = None
        self._closed = self._listed = False
        self._error: MtvError | None = None

    def see(self, worker: str) -> Seen:
        """What is known of it, once all Pods that there are were told. Raises what keeps them from being told."""
        with self._changed:
            self._begin()
            if not self._changed.wait_for(lambda: self._listed or self._error or self._closed, FIRST_S) or self._error:
                raise self._error or Temporary("kubevirt.timeout", "the cluster's Pods were not listed in time")
            return self._seen.setdefault(worker, Seen())

    def wait(self, worker: str, changes: int, limit_s: float) -> Seen:
        """Until something else is known than after so many changes, or that time is over."""
        seen = self.see(worker)
        with self._changed:
            self._changed.wait_for(lambda: seen.changes > changes or self._closed, limit_s)
            return seen

    def forget(self, worker: str) -> None:
        with self._changed:
            self._seen.pop(worker, None)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            if self._watch:
                self._watch.close()
            self._changed.notify_all()

    def _begin(self) -> None:
        if self._watch is None and not self._closed:
            self._watch = self._api.watch(self._path, {"labelSelector": SELECTOR})
            threading.Thread(target=self._follow, args=(self._watch,), name="pods", daemon=True).start()

    def _follow(self, watch: Watch) -> None:
        while not self._closed:
            try:
                for kind, pod in watch:
                    self._tell(kind, pod)
                return
            except Status as status:
                self._fail(status)
            except MtvError as error:
                self._fail(error)
            time.sleep(AGAIN_S)

    def _fail(self, error: MtvError | Status) -> None:
        """Whoever asks hears it, until the server is back."""
        try:
            with self._api.said("the Pods of workers"):
                raise error
        except MtvError as said:
            with self._changed:
                self._error = said
                self._changed.notify_all()

    def _tell(self, kind: str, pod: Object) -> None:
        with self._changed:
            self._error = None
            if kind == "LISTED":
                self._listed = True
            else:
                self._note(kind, pod)
            self._changed.notify_all()

    def _note(self, kind: str, pod: Object) -> None:
        uid, worker = text(pod, "metadata", "uid"), pairs(pod, "metadata", "labels").get(WORKER)
        if kind == "DELETED" and not worker:  # of what went while nobody looked, this is all that is told
            worker = next((name for name, seen in self._seen.items() if uid in seen.pods), None)
        if not worker:
            return
        seen = self._seen.setdefault(worker, Seen())
        if kind == "DELETED":
            seen.gone.add(uid)
        if kind != "DELETED" or "status" in pod:
            seen.pods[uid] = pod
        seen.changes += 1
