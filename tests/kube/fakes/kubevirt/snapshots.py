"""A fake of KubeVirt's snapshot controller, by its own source (pkg/storage/snapshot, 1.9), for K9 does not tell of it.
No status at first; InProgress, with the VM locked; Succeeded before it is ready to use; disks without a snapshot class
left out of a success; what fails is repeated until the deadline, and Failed then; a finalizer until it lets go. Laxer:
nothing is copied, there are neither contents nor VolumeSnapshots, and a locked VM may be changed and stopped."""

import datetime
import json
import threading
import time
from collections.abc import Callable

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS, Machines
from tests.kube.fakes.kubevirt.state import condition, says
from tests.kube.fakes.pace import LOOK_S, PACE, take
from tests.kube.fakes.storage import CLASSES, CSI, make
from tests.kube.fakes.watching import Key, Watched, key_of

SNAPSHOTS = "snapshot.kubevirt.io/v1beta1/virtualmachinesnapshots"
SNAPSHOT_CLASSES = "snapshot.storage.k8s.io/v1/volumesnapshotclasses"
PROFILES = "cdi.kubevirt.io/v1beta1/storageprofiles"
FINALIZER = "snapshot.kubevirt.io/vmsnapshot-protection"
DEFAULT = "snapshot.storage.kubernetes.io/is-default-class"
STORAGE = "fakes.test/storage"  # an annotation of the VM: {"fails": TEXT}, or {"ready_s": SECONDS}
DEADLINE_S = 300.0  # where none is said
LOCKED, READY_S = 1.0, 2.0


class Over(Exception):  # noqa: N818
    """It is deleted, or its deadline is over."""


class Snapshots:
    """A thread for each. Of storage classes csi and csi-wffc have a snapshot class, local and odd have none."""

    def __init__(self, api: Api, machines: Machines) -> None:
        self.api, self.machines = api, machines
        self.living: set[str] = set()
        self.watched = Watched(api, SNAPSHOTS, self.see)

    def start(self) -> None:
        made = {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass", "driver": CSI,
                "deletionPolicy": "Delete", "metadata": {"name": "csi"}}  # fmt: skip
        make(self.api, SNAPSHOT_CLASSES, made)
        self.watched.start().listed.wait()

    def see(self, event: str, found: Object) -> None:
        meta = found["metadata"]
        if event == "DELETED" or meta["uid"] in self.living:
            return
        if "status" not in found or "deletionTimestamp" in meta:
            self.living.add(meta["uid"])
            threading.Thread(target=self.live, args=(key_of(found), meta["uid"]), daemon=True).start()

    def live(self, key: Key, uid: str) -> None:
        try:
            if "status" not in self.now(key):
                Taking(self, key).take()
        except Over:
            pass
        except Answer as answer:
            if answer.status not in (404, 409):
                raise
        finally:
            self.living.discard(uid)
        if found := self.watched.get(*key):
            self.let_go(found)

    def let_go(self, found: Object) -> None:
        """A deleted one waits for us."""
        if found["metadata"]["uid"] not in self.living and "deletionTimestamp" in found["metadata"]:
            self.api.patch(SNAPSHOTS, *key_of(found), {"metadata": {"finalizers": None}})

    def now(self, key: Key) -> Object:
        """Raises Over."""
        found = self.watched.get(*key)
        if found is None or "deletionTimestamp" in found["metadata"]:
            raise Over
        return found

    def has_class(self, claim: Object) -> bool | None:
        """None: several would do, and KubeVirt takes none of them."""
        name = claim["spec"].get("storageClassName", "")
        of_driver = (self.api.find(CLASSES, None, name) or {}).get("provisioner")
        profile = self.api.find(PROFILES, None, name) or {}
        known = self.api.items(SNAPSHOT_CLASSES)
        if named := profile.get("status", {}).get("snapshotClass"):
            return any(one["metadata"]["name"] == named for one in known)
        fitting = [one for one in known if one["driver"] == of_driver]
        if len(fitting) < 2:
            return bool(fitting)
        return any(DEFAULT in one["metadata"].get("annotations", {}) for one in fitting) or None


class Taking:
    def __init__(self, world: Snapshots, key: Key) -> None:
        self.world, self.key, self.api = world, key, world.api
        self.began = time.monotonic()
        spec = world.now(key)["spec"]
        self.deadline_s = float(spec.get("failureDeadline", f"{DEADLINE_S}s").removesuffix("s")) * PACE
        self.source: Key = key[0], spec["source"]["name"]

    def take(self) -> None:
        """Raises Over."""
        self.api.patch(SNAPSHOTS, *self.key, {"metadata": {"finalizers": [FINALIZER]}})
        self.say(
            readyToUse=False,
            phase="InProgress",
            conditions=[progresses("False", "Source does not exist"), condition("Ready", "False", "", "Not ready")],
        )
        self.until(lambda: self.vm() is not None)
        vm = self.vm() or {}
        self.lock(self.key[1])
        try:
            self.locked(vm)
        finally:
            self.lock(None)
        storage = json.loads(vm["metadata"].get("annotations", {}).get(STORAGE, "{}"))
        take(storage.get("ready_s", READY_S))
        self.say(readyToUse=True, conditions=[progresses("False", "Operation complete"), condition("Ready", "True")])

    def locked(self, vm: Object) -> None:
        self.say(
            sourceUID=vm["metadata"]["uid"],
            indications=self.indications(),
            conditions=[progresses("True", "Source locked and operation in progress")],
        )
        take(LOCKED)
        storage = json.loads(vm["metadata"].get("annotations", {}).get(STORAGE, "{}"))
        if text := storage.get("fails"):
            told = progresses("False", "In error state")
            self.say(error={"message": f"VolumeSnapshot vmsnapshot-volume-disk0 error: {text}"}, conditions=[told])
            self.until(lambda: False)
        volumes: dict[str, bool] = {}
        for one in vm["spec"]["template"]["spec"].get("volumes", []):
            name = one.get("persistentVolumeClaim", {}).get("claimName") or one.get("dataVolume", {}).get("name")
            claim = self.world.machines.claims.get(self.key[0], name) if name else None
            has = self.world.has_class(claim) if claim else False
            if has is None:
                self.until(lambda: False)
            volumes[one["name"]] = bool(has)
        self.say(
            phase="Succeeded", creationTime=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            snapshotVolumes={"includedVolumes": [name for name, has in volumes.items() if has],
                             "excludedVolumes": [name for name, has in volumes.items() if not has]},
            conditions=[progresses("False", "Operation complete"), condition("Ready", "False", "", "Not ready")],
        )  # fmt: skip

    def indications(self) -> list[str]:
        vmi = self.api.find(VMIS, *self.source)
        if not vmi:
            return []
        has_agent = says(vmi, "AgentConnected").get("status") == "True"
        return ["GuestAgent" if has_agent else "NoGuestAgent", "Online"]

    def vm(self) -> Object | None:
        return self.world.machines.vms.get(*self.source)

    def lock(self, name: str | None) -> None:
        try:
            self.api.patch(VMS, *self.source, {"status": {"snapshotInProgress": name}}, "status")
        except Answer as answer:
            if answer.status != 404:
                raise

    def until(self, there: Callable[[], bool]) -> None:
        """Raises Over, with Failed said where the deadline is over."""
        while not there():
            self.world.now(self.key)
            if time.monotonic() - self.began > self.deadline_s:
                told = [condition("Failure", "True", "", "snapshot deadline exceeded"),
                        progresses("False", "Operation failed")]  # fmt: skip
                self.say(phase="Failed", conditions=told)
                raise Over
            time.sleep(LOOK_S)

    def say(self, **status: object) -> None:
        """Raises Over."""
        self.world.now(self.key)
        self.api.patch(SNAPSHOTS, *self.key, {"status": status}, "status")


def progresses(status: str, message: str) -> Object:
    return condition("Progressing", status, "", message)
