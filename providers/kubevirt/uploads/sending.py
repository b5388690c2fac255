"""One disk of a bundle into a claim of its own. CDI fills the claim of a DataVolume, whose deletion takes the data with
it: so the two are parted in the end, and the claim is as plain as a moved VM's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mtv.errors import CheckFailed, Held, MtvError, Temporary
from mtv.model.estate import Json
from mtv.model.volumes import Image
from mtv.providers.kubevirt.fields import Object, mapping, pairs, rows, text
from mtv.providers.kubevirt.labels import Owner
from mtv.providers.kubevirt.uploads.proxy import Tell, UploadProxy
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

CDI = "cdi.kubevirt.io/v1beta1"
DATA_VOLUMES, CLAIMS = f"/apis/{CDI}/namespaces/{{}}/datavolumes", "/api/v1/namespaces/{}/persistentvolumeclaims"
TOKENS = "/apis/upload.cdi.kubevirt.io/v1beta1/namespaces/{}/uploadtokenrequests"
MEANT, UPLOADED = "mtv/image", "mtv/uploaded"  # annotations: which disk it shall hold, and holds whole
SENDINGS = 3  # of one disk, from its beginning each time
STORAGE = "cdi.kubevirt.io/storage."


@dataclass(frozen=True)
class Sending:
    """`limit_s` is how long CDI may take to be ready for a disk, and to be done with it."""

    api: Api
    namespace: str
    owner: Owner
    proxy: Callable[[], UploadProxy]
    sleep: Callable[[float], None]
    waits_s: tuple[float, ...]
    limit_s: float

    def send(self, claim: Mapping[str, Json], image: Image, tell: Tell) -> bool:
        """False where an earlier call had done it all. Raises CheckFailed `kubevirt.foreign`, `import.other-disk`."""
        name = text(claim, "metadata", "name")
        with self.api.said(f"uploading {self.namespace}/{name}"):
            if not self._begin(claim, name, image):
                return False
            for attempt in range(1, SENDINGS + 1):
                if self._phase(name, "UploadReady") == "Succeeded":
                    break
                try:
                    self._pour(name, image, tell)
                except Temporary:
                    if attempt == SENDINGS:
                        raise
            self._phase(name)
            self._part(name, image)
        return True

    def _path(self, kind: str, name: str) -> str:
        return f"{kind.format(self.namespace)}/{name}"

    def _look(self, kind: str, name: str) -> Object | None:
        """None where there is none."""
        try:
            return self.api.get(self._path(kind, name))
        except Status as status:
            if status.code != 404:
                raise
            return None

    def _begin(self, claim: Mapping[str, Json], name: str, image: Image) -> bool:
        made = self._look(DATA_VOLUMES, name)
        there = self._look(CLAIMS, name)
        if made is not None:
            _same(self.owner.check(made, "datavolumes"), MEANT, image)
        elif there is not None:
            _same(self.owner.check(there, "persistentvolumeclaims"), UPLOADED, image)
            return False
        else:
            self.api.create(DATA_VOLUMES.format(self.namespace), self._data_volume(claim, name, image))
        return True

    def _data_volume(self, claim: Mapping[str, Json], name: str, image: Image) -> Object:
        """Its size is the claim's own: `storage` would add to it."""
        noted = {
            key: one for key, one in pairs(claim, "metadata", "annotations").items() if not key.startswith(STORAGE)
        }
        noted |= {MEANT: image.mark, f"{STORAGE}bind.immediate.requested": ""} | self.owner.annotations()
        labels = pairs(claim, "metadata", "labels") | self.owner.labels("disk")
        return {
            "apiVersion": CDI, "kind": "DataVolume",
            "metadata": {"name": name, "annotations": noted, "labels": labels},
            "spec": {"contentType": "kubevirt", "source": {"upload": {}}, "pvc": mapping(claim, "spec")},
        }  # fmt: skip

    def _phase(self, name: str, *enough: str) -> str:
        """The phase once it is one of those, or Succeeded and said to be ready. Phases come back, so none but these
        mean anything."""
        path, said = self._path(DATA_VOLUMES, name), ""
        waits, wait_s, waited_s = iter(self.waits_s), 1.0, 0.0
        while waited_s < self.limit_s:
            found = self.api.get(path)
            said = text(found, "status", "phase")
            ready = {text(one, "type") for one in rows(found, "status", "conditions") if text(one, "status") == "True"}
            if said in enough or (said == "Succeeded" and {"Ready", "Bound"} <= ready):
                return said
            wait_s = next(waits, wait_s)
            self.sleep(wait_s)
            waited_s += wait_s
        told = "; ".join(
            f"{text(one, 'reason')}: {text(one, 'message')}" for one in rows(found, "status", "conditions")
        )
        raise Held(
            "import.waits", f"DataVolume {self.namespace}/{name} is '{said}' for {self.limit_s:.0f} s: {told[:300]}",
            "a class without a StorageProfile's claimPropertySets, or no room? The same command goes on",
        )  # fmt: skip

    def _pour(self, name: str, image: Image, tell: Tell) -> None:
        proxy = self.proxy()
        request = {
            "apiVersion": "upload.cdi.kubevirt.io/v1beta1", "kind": "UploadTokenRequest",
            "metadata": {"name": name, "namespace": self.namespace}, "spec": {"pvcName": name},
        }  # fmt: skip
        token = text(self.api.review(TOKENS.format(self.namespace), request), "status", "token")
        if not token:
            raise MtvError("import.no-token", f"the cluster gave no token for {self.namespace}/{name}")
        if not proxy.is_ready(token):
            raise Temporary("import.not-ready", f"{proxy} is not ready for {self.namespace}/{name}")
        proxy.send(token, image.path, tell)

    def _part(self, name: str, image: Image) -> None:
        """The claim is noted as whole and ours first: a crash between finds the DataVolume, and comes here again."""
        noted = {"labels": self.owner.labels("disk"), "annotations": {UPLOADED: image.mark, **self.owner.annotations()}}
        self.api.patch(self._path(CLAIMS, name), {"metadata": noted})
        made = self._look(DATA_VOLUMES, name) or {}
        self.api.delete(self._path(DATA_VOLUMES, name), uid=text(made, "metadata", "uid"), propagation="Orphan")
        for wait_s in (*self.waits_s, *self.waits_s):
            if self._look(DATA_VOLUMES, name) is None:
                return
            self.sleep(wait_s)
        raise Temporary("import.datavolume", f"DataVolume {self.namespace}/{name} owns the disk's claim, and stays",
                        "the same command goes on")  # fmt: skip


def sending(api: Api, namespace: str, run: str, vm: str, through: str) -> Sending:
    """`through`: the user's word for the proxy."""
    limits = api.limits
    return Sending(
        api, namespace, Owner(run, vm), lambda: UploadProxy(api, through, limits), api.sleep, limits.target_poll_s,
        limits.upload_s,
    )  # fmt: skip


def _same(found: Object, note: str, image: Image) -> None:
    if pairs(found, "metadata", "annotations").get(note, "") != image.mark:
        namespace, name = text(found, "metadata", "namespace"), text(found, "metadata", "name")
        raise CheckFailed(
            "import.other-disk", f"{namespace}/{name} is there for another state of {image.path.name}",
            f"`kubectl -n {namespace} delete dv,pvc {name}` gives its place away, data and all",
        )  # fmt: skip
