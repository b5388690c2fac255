"""What happens to one DataVolume, in its order. A phase may come back, and some are left out."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.kube.api import Answer, Object
from tests.kube.fakes.cdi import claims
from tests.kube.fakes.cdi.filling import PVCS, fill, note
from tests.kube.fakes.events import warn
from tests.kube.fakes.kubevirt.launching import owner
from tests.kube.fakes.kubevirt.state import condition
from tests.kube.fakes.pace import LOOK_S, take
from tests.kube.fakes.storage import SELECTED
from tests.kube.fakes.watching import Key
from tests.kube.pods import pod

if TYPE_CHECKING:
    from tests.kube.fakes.cdi.volumes import DataVolumes

KIND = "cdi.kubevirt.io/v1beta1/datavolumes"
WORKER = "trap exit TERM; while :; do sleep 0.1; done"


class Gone(Exception):  # noqa: N818
    """It was deleted."""


class Life:
    def __init__(self, world: "DataVolumes", key: Key, uid: str) -> None:
        self.world, self.key, self.uid, self.api = world, key, uid, world.api
        self.namespace, self.name = key
        self.populator = False

    @property
    def now(self) -> Object:
        """Raises Gone."""
        found = self.world.objects.get(*self.key)
        if not found or found["metadata"]["uid"] != self.uid or "deletionTimestamp" in found["metadata"]:
            raise Gone
        return found

    @property
    def annotations(self) -> Object:
        found: Object = self.now["metadata"].get("annotations", {})
        return found

    def until(self, there: Callable[[], Any]) -> Any:
        """Raises Gone."""
        while not (found := there()):
            time.sleep(LOOK_S)
            assert self.now
        return found

    def live(self) -> None:
        existing = self.api.find(PVCS, *self.key)
        if existing and self.annotations.get(f"{claims.PREFIX}/allowClaimAdoption") == "true":
            self.api.patch(PVCS, *self.key, {"metadata": {"ownerReferences": [owner(self.now)]}})
            return self.succeed()
        spec = self.until(self.valid_claim)
        self.populator = self.world.populates(spec["storageClassName"], self.annotations)
        claim = self.make_claim(spec)
        self.phase("Pending", condition("Bound", "False", "Pending"), condition("Ready", "False"))
        where = self.prime(claim) if self.populator else self.bind(claim)
        worker = self.work_on(where, spec["volumeMode"])
        fill(self, self.place(where))
        self.api.delete("pods", self.namespace, worker, gracePeriodSeconds=0)
        if self.populator:
            self.until(lambda: not self.world.pods.get(self.namespace, worker))
            self.succeed()
            return self.rebind(where, claim)
        return self.succeed()

    def valid_claim(self) -> Object | None:
        """Where none can be made the phase stays empty, and two conditions say why."""
        found = claims.claim_of(self.now, self.world.profiles)
        if not found and "status" not in self.now:
            told = "Claim not valid: spec is missing accessMode and volumeMode, or its storage class is not there"
            refused = [condition(kind, "False", "ErrClaimNotValid", told) for kind in ("Bound", "Ready")]
            self.put(conditions=[*refused, condition("Running", "False")])
            warn(self.api, self.now, "ErrClaimNotValid", told)
        return found

    def make_claim(self, spec: Object) -> Object:
        """The DataVolume's annotations are copied, all of them."""
        noted = {**self.annotations, f"{claims.PREFIX}/storage.usePopulator": str(self.populator).lower()}
        kind = "VolumeUploadSource" if "upload" in self.source else "VolumeImportSource"
        source = {"apiGroup": "cdi.kubevirt.io", "kind": kind, "name": f"{kind.lower()}-{self.uid}"}
        metadata = {"name": self.name, "annotations": noted, "ownerReferences": [owner(self.now)],
                    "labels": {"app": "containerized-data-importer"}}  # fmt: skip
        made = {**spec, **({"dataSourceRef": source} if self.populator else {})}
        found = self.api.find(PVCS, *self.key)  # made before this process was killed
        return found or self.api.create(PVCS, self.namespace, {"metadata": metadata, "spec": made})

    @property
    def source(self) -> Object:
        found: Object = self.now["spec"].get("source", {})
        return found

    @property
    def immediately(self) -> bool:
        return f"{claims.PREFIX}/storage.bind.immediate.requested" in self.annotations

    def bind(self, claim: Object) -> str:
        """The claim itself, which waits for a consumer where its class does: our worker, if that was asked for."""
        waits = self.world.waits(claim["spec"]["storageClassName"])
        if waits:
            self.phase("WaitForFirstConsumer")
        if not waits or not self.immediately:
            self.until(lambda: self.bound(self.name))
            if claim["spec"]["volumeMode"] == "Filesystem" and not waits:
                self.phase("PVCBound", condition("Bound", "True"))
        return self.name

    def prime(self, claim: Object) -> str:
        """Another claim, which is filled; the one that was asked for gets its volume in the end."""
        name = f"prime-{claim['metadata']['uid']}"
        noted = {}
        if self.world.waits(claim["spec"]["storageClassName"]) and not self.immediately:
            self.phase("PendingPopulation")
            noted = {SELECTED: self.until(lambda: self.noted(self.name).get(SELECTED))}
        spec = {key: value for key, value in claim["spec"].items() if not key.startswith("dataSource")}
        metadata = {"name": name, "annotations": noted, "ownerReferences": [owner({**claim, **CLAIM})]}
        if not self.api.find(PVCS, self.namespace, name):
            self.api.create(PVCS, self.namespace, {"metadata": metadata, "spec": spec})
        self.api.patch(PVCS, *self.key, note({f"{claims.PREFIX}/storage.populator.pvcPrime": name}))
        return name

    def noted(self, name: str) -> Object:
        found = self.world.claims.get(self.namespace, name) or {"metadata": {}}
        noted: Object = found["metadata"].get("annotations", {})
        return noted

    def bound(self, name: str) -> bool:
        found = self.world.claims.get(self.namespace, name) or {}
        return bool(found.get("status", {}).get("phase") == "Bound")

    def work_on(self, where: str, mode: str) -> str:
        """A real Pod binds the claim and counts against quotas; what is written is written by this process."""
        kind = "upload" if "upload" in self.source else "import"
        name = f"{kind}er-{where}"[:63]
        self.phase(f"{kind.capitalize()}Scheduled")
        made = pod(name, WORKER, [(where, mode)])
        made["metadata"]["labels"] = {"app": "containerized-data-importer"}
        try:
            self.api.create("pods", self.namespace, made)
        except Answer as answer:
            if answer.status != 409:
                raise
        self.until(lambda: self.runs(name) and self.bound(where))
        return name

    def runs(self, worker: str) -> bool:
        found = self.world.pods.get(self.namespace, worker) or {}
        return bool(found.get("status", {}).get("phase") == "Running")

    def place(self, where: str) -> Path:
        claim = self.until(lambda: self.world.claims.get(self.namespace, where))
        volume = self.until(lambda: self.world.volumes.get("", claim["spec"]["volumeName"]))
        folder = Path(volume["spec"]["local"]["path"])
        return folder if claim["spec"]["volumeMode"] == "Block" else folder / "disk.img"

    def rebind(self, where: str, claim: Object) -> None:
        """The volume of one claim becomes the other's; Succeeded was said a moment before."""
        take(2)
        volume = self.until(lambda: self.world.claims.get(self.namespace, where))["spec"]["volumeName"]
        meta = {key: claim["metadata"][key] for key in ("namespace", "name", "uid")}
        reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **meta, "resourceVersion": None}
        self.api.patch("persistentvolumes", None, volume, {"spec": {"claimRef": reference}})
        self.api.delete(PVCS, self.namespace, where)
        self.until(lambda: self.bound(self.name))
        self.put(conditions=DONE)

    def succeed(self) -> None:
        """Which is a Warning."""
        bound = condition("Bound", str(self.bound(self.name)))
        self.put(phase="Succeeded", conditions=[bound, *DONE[1:]])
        warn(self.api, self.now, "Completed", "Successfully imported into PVC " + self.name)
        self.until(lambda: self.bound(self.name) or self.populator)
        if not self.populator:
            self.put(conditions=DONE)

    def phase(self, phase: str, *conditions: Object, **more: object) -> None:
        changed = {one["type"] for one in conditions}
        kept = [one for one in self.now.get("status", {}).get("conditions", []) if one["type"] not in changed]
        self.put(phase=phase, claimName=self.name, conditions=[*kept, *conditions], **more)
        take(1)

    def put(self, **status: object) -> None:
        made = self.api.patch(KIND, *self.key, {"status": status}, "status")
        self.world.objects.objects[self.key] = made


CLAIM = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
DONE = [condition("Bound", "True", "Bound"), condition("Ready", "True"), condition("Running", "False", "Completed")]
