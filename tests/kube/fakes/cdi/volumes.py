"""A fake of CDI's controllers: a thread for each DataVolume that is not done."""

import threading
import time
from pathlib import Path

from tests.kube.api import Answer, Api, Object
from tests.kube.fakes.cdi.claims import PREFIX
from tests.kube.fakes.cdi.life import KIND, Gone, Life
from tests.kube.fakes.cdi.profiles import Profiles
from tests.kube.fakes.cdi.uploads import Uploads
from tests.kube.fakes.kubevirt.machines import Machines
from tests.kube.fakes.pace import LOOK_S
from tests.kube.fakes.storage import CLASSES, CSI
from tests.kube.fakes.watching import Watched, key_of


class DataVolumes:
    def __init__(self, api: Api, machines: Machines, uploads: Uploads, folder: Path) -> None:
        self.api, self.uploads, self.folder = api, uploads, folder
        self.claims, self.volumes, self.pods = machines.claims, machines.volumes, machines.pods
        self.profiles = Profiles(api)
        self.objects = Watched(api, KIND, self.see)
        self.lives: set[str] = set()

    def start(self, authority: str) -> None:
        self.profiles.start(authority)
        self.objects.start().listed.wait()

    def see(self, event: str, found: Object) -> None:
        uid, phase = found["metadata"]["uid"], found.get("status", {}).get("phase")
        if event != "DELETED" and phase != "Succeeded" and uid not in self.lives:
            self.lives.add(uid)
            threading.Thread(target=self.live, args=(Life(self, key_of(found), uid),), daemon=True).start()

    def live(self, life: Life) -> None:
        """Again from its beginning where an answer was an error, as controllers do."""
        while True:
            try:
                return life.live()
            except Gone:
                return None
            except Answer:
                time.sleep(LOOK_S * 10)

    def waits(self, storage_class: str) -> bool:
        found = self.profiles.classes.get("", storage_class) or {}
        return found.get("volumeBindingMode") == "WaitForFirstConsumer"

    def populates(self, storage_class: str, annotations: Object) -> bool:
        """Where a CSIDriver serves the class, unless it was said otherwise."""
        found = self.api.find(CLASSES, None, storage_class) or {}
        return found.get("provisioner") == CSI and annotations.get(f"{PREFIX}/storage.usePopulator") != "false"
