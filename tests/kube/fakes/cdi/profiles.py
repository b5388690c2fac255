"""StorageProfiles and CDIConfig: what a claim is like that says neither mode nor access. Laxer: it knows csi.test only,
and the custom resource that is published has no place for a profile's conditions."""

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.serving import PORT
from tests.kube.fakes.storage import CLASSES, CSI, DEFAULT, make
from tests.kube.fakes.watching import Watched
from tests.kube.inside.network import NODE

PROFILES = "cdi.kubevirt.io/v1beta1/storageprofiles"
CONFIGS = "cdi.kubevirt.io/v1beta1/cdiconfigs"
VIRT_DEFAULT = "storageclass.kubevirt.io/is-default-virt-class"
SETS = [
    {"accessModes": ["ReadWriteMany"], "volumeMode": "Block"},
    {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"},
    {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"},
]


class Profiles:
    def __init__(self, api: Api) -> None:
        self.api = api
        self.classes = Watched(api, CLASSES, self.see)
        self.profiles = Watched(api, PROFILES, self.complete)

    def start(self, authority: str) -> None:
        make(self.api, CONFIGS, {
            "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "CDIConfig", "metadata": {"name": "config"}, "spec": {},
        })  # fmt: skip
        overhead = {"global": "0.06", "storageClass": {}}
        status = {"uploadProxyURL": f"{NODE}:{PORT}", "uploadProxyCA": authority, "filesystemOverhead": overhead,
                  "scratchSpaceStorageClass": "local"}  # fmt: skip
        self.api.patch(CONFIGS, None, "config", {"status": status}, "status")
        self.profiles.start().listed.wait()
        self.classes.start().listed.wait()

    def see(self, event: str, found: Object) -> None:
        name = found["metadata"]["name"]
        if event == "DELETED":
            self.api.delete(PROFILES, None, name)
        elif event == "ADDED":
            made = {"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "StorageProfile", "metadata": {"name": name}}
            make(self.api, PROFILES, {**made, "spec": {}})

    def complete(self, event: str, profile: Object) -> None:
        """What its owner said counts, else what is known of the provisioner."""
        name = profile["metadata"]["name"]
        found = self.classes.get("", name) or self.api.find(CLASSES, None, name)
        if event == "DELETED" or not found:
            return
        sets = profile["spec"].get("claimPropertySets") or (SETS if found["provisioner"] == CSI else None)
        status = {"provisioner": found["provisioner"], "storageClass": name, "claimPropertySets": sets}
        now = profile.get("status", {})
        if now.get("claimPropertySets") != sets or "provisioner" not in now:
            try:
                self.api.patch(PROFILES, None, name, {"status": status}, "status")
            except Answer as answer:
                if answer.status != 404:
                    raise

    def storage_class(self, named: str | None) -> Object | None:
        """That, or the default for VMs, or the default."""
        if named:
            return self.classes.get("", named)
        for default in (VIRT_DEFAULT, DEFAULT):
            for found in list(self.classes.objects.values()):
                if found["metadata"].get("annotations", {}).get(default) == "true":
                    return found
        return None

    def fitting(self, storage_class: str, said: Object) -> Object | None:
        """The first set that has what was said; None where something is left open."""
        profile = self.profiles.get("", storage_class) or {}
        asked = {key: said[key] for key in ("accessModes", "volumeMode") if said.get(key)}
        for one in profile.get("status", {}).get("claimPropertySets") or []:
            if all(one.get(key) == value for key, value in asked.items()):
                return {**one, **asked}
        return asked if len(asked) == 2 else None
