"""The claims of a run, seen by one list for all of its VMs: each of their steps asks for its own, and a run has
hundreds of them at work. Who is not among them is asked for by name."""

import threading

from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV, RUN, short
from mtv.providers.kubevirt.volumes.claims import path_of
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.pages import PAGE, pages

FRESH_S = 2.0  # what others do to our claims is seen so much later at the most; what we do, at once
Key = tuple[str, str]  # namespace and run


class Sightings:
    def __init__(self, api: Api) -> None:
        self.api = api
        self._seen: dict[Key, tuple[float, dict[str, Object]]] = {}
        self._lock = threading.Lock()

    def find(self, namespace: str, run: str, name: str) -> Object | None:
        with self._lock:
            key, now = (namespace, run), self.api.clock()
            at, found = self._seen.get(key, (now - FRESH_S, {}))
            if now - at >= FRESH_S:
                found = self._read(namespace, run)
                self._seen[key] = now, found
            return found.get(name)

    def add(self, namespace: str, run: str, claim: Object) -> None:
        """Just made."""
        with self._lock:
            if seen := self._seen.get((namespace, run)):
                seen[1][text(claim, "metadata", "name")] = claim

    def forget(self) -> None:
        """Something of ours was removed: all is looked at anew."""
        with self._lock:
            self._seen.clear()

    def _read(self, namespace: str, run: str) -> dict[str, Object]:
        found: dict[str, Object] = {}
        with self.api.said(f"claims of run {run} in {namespace}"):
            for page in pages(self.api, path_of(namespace), PAGE, f"{MANAGED_BY}={MTV},{RUN}={short(run)}"):
                found = {**({} if page.begins else found), **{text(one, "metadata", "name"): one for one in page.items}}
        return found
