"""A fake of KubeVirt's controllers: which VirtualMachines run. Laxer: nothing is emulated (a disk that holds data has a
guest with an agent), and nothing migrates."""

import threading

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.kubevirt.disks import Locks
from tests.kube.fakes.kubevirt.life import Ended, Life
from tests.kube.fakes.watching import Key, Watched, key_of

VMS = "kubevirt.io/v1/virtualmachines"


class Machines:
    """A thread for each that shall run. `started`, `stopped` and `restarted` are uids: what subresources asked for,
    where the strategy leaves it to them."""

    def __init__(self, api: Api) -> None:
        self.api, self.locks = api, Locks()
        self.running: dict[Key, Life] = {}
        self.started: set[str] = set()
        self.stopped: set[str] = set()
        self.restarted: set[str] = set()
        self.claims = Watched(api, "persistentvolumeclaims")
        self.volumes = Watched(api, "persistentvolumes")
        self.data_volumes = Watched(api, "cdi.kubevirt.io/v1beta1/datavolumes")
        self.pods = Watched(api, "pods")
        self.vms = Watched(api, VMS, self.see)

    def start(self) -> None:
        for watched in (self.claims, self.volumes, self.data_volumes, self.pods, self.vms):
            watched.start().listed.wait()

    def see(self, event: str, vm: Object) -> None:
        key = key_of(vm)
        if event == "DELETED":
            return
        if "status" not in vm:
            self.say(key, "Stopped")
        if key not in self.running and self.shall_run(vm):
            self.running[key] = Life(self, key)
            threading.Thread(target=self.live, args=(key,), daemon=True).start()

    def shall_run(self, vm: Object) -> bool:
        spec, uid = vm["spec"], vm["metadata"]["uid"]
        strategy = spec.get("runStrategy") or ("Always" if spec.get("running") else "Halted")
        if "deletionTimestamp" in vm["metadata"] or uid in self.stopped or strategy == "Halted":
            return False
        return strategy != "Manual" or uid in self.started

    def live(self, key: Key) -> None:
        life = self.running[key]
        try:
            life.live()
        except Ended:
            life.end()
        finally:
            self.locks.release(key)
            del self.running[key]
        if vm := self.vms.get(*key):  # it may have been asked for again in between
            self.see("MODIFIED", vm)

    def say(self, key: Key, printable: str, *conditions: Object, created: bool = False, ready: bool = False) -> None:
        """Only what is new: a status that is written for ever wakes everybody."""
        status = {"printableStatus": printable, "created": created, "ready": ready, "conditions": list(conditions)}
        now = (self.vms.get(*key) or {}).get("status", {})
        if any(now.get(part) != value for part, value in status.items()):
            try:
                self.api.patch(VMS, key[0], key[1], {"status": status}, "status")
            except Answer as answer:
                if answer.status != 404:
                    raise
