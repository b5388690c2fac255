"""What all disks share and each would ask for again: classes, profiles, CDI's configuration, nodes' limits. Kept for
as long as a VM's preparation takes, so that a thousand VMs do not ask a thousand times."""

import threading
from collections.abc import Callable, Sequence

from mtv.errors import MtvError
from mtv.providers.kubevirt.fields import NOTHING, Object, text
from mtv.providers.kubevirt.volumes.classes import Class, read_class
from mtv.providers.kubevirt.volumes.sightings import Sightings
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api
from mtv.providers.kubevirt.wire.pages import pages

KEPT_S = 30.0
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
PROFILES = "/apis/cdi.kubevirt.io/v1beta1/storageprofiles"
CONFIGS = "/apis/cdi.kubevirt.io/v1beta1/cdiconfigs"
CSI_NODES = "/apis/storage.k8s.io/v1/csinodes"
CAPACITIES = "/apis/storage.k8s.io/v1/csistoragecapacities"


class Stock:
    def __init__(self, api: Api) -> None:
        self.api = api
        self._kept: dict[str, tuple[float, Sequence[Object]]] = {}
        self._lock = threading.Lock()
        self.sightings = Sightings(api)

    def classes(self) -> list[Class]:
        profiles = {text(one, "metadata", "name"): one for one in self.listed(PROFILES, optional=True)}
        config, nodes = self.config(), self.listed(CSI_NODES, optional=True)
        return [
            read_class(one, profiles.get(text(one, "metadata", "name"), NOTHING), config, nodes)
            for one in self.listed(CLASSES)
        ]

    def config(self) -> Object:
        """CDI's; empty where there is no CDI."""
        return next(iter(self.listed(CONFIGS, optional=True)), NOTHING)

    def listed(self, path: str, *, optional: bool = False, kept_s: float = KEPT_S) -> Sequence[Object]:
        """All of them; an optional kind may be absent, or not ours to read."""
        return self._known(path, kept_s, lambda: self._read(path, optional))

    def one(self, path: str, kept_s: float) -> Object:
        """Raises Status."""
        return self._known(path, kept_s, lambda: [self.api.get(path)])[0]

    def _known(self, path: str, kept_s: float, read: Callable[[], Sequence[Object]]) -> Sequence[Object]:
        with self._lock:
            at, found = self._kept.get(path, (0.0, ()))
            if path in self._kept and self.api.clock() - at < kept_s:
                return found
            found = read()
            self._kept[path] = self.api.clock(), found
            return found

    def _read(self, path: str, optional: bool) -> Sequence[Object]:
        try:
            with self.api.said(path):
                found: list[Object] = []
                for page in pages(self.api, path):
                    found = [*([] if page.begins else found), *page.items]
                return found
        except MtvError as error:
            if optional and isinstance(error.__cause__, Status) and error.__cause__.code in (403, 404):
                return ()
            raise
