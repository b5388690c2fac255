"""Claims made, found again, adopted and removed. Only what carries our labels is ever changed or removed, but for a
claim that its owner marked for us."""

import logging
import secrets
from collections.abc import Sequence

from mtv.errors import Temporary
from mtv.model.volumes import Volume, VolumeSpec
from mtv.providers.kubevirt.fields import Object, pairs, rows, text
from mtv.providers.kubevirt.labels import DISK as DISK_LABEL
from mtv.providers.kubevirt.labels import MANAGED_BY, ROLE, RUN, RUN_NAME, VM, VM_KEY, foreign, is_managed
from mtv.providers.kubevirt.volumes import claims, sizes
from mtv.providers.kubevirt.volumes.claims import Wish
from mtv.providers.kubevirt.volumes.classes import chosen, placed
from mtv.providers.kubevirt.volumes.stock import Stock
from mtv.providers.kubevirt.wire.answers import Status
from mtv.providers.kubevirt.wire.api import Api

LOG = logging.getLogger(__name__)
KIND = "persistentvolumeclaim"


class Claims:
    """Of one namespace. All block."""

    def __init__(self, api: Api, namespace: str, stock: Stock) -> None:
        self.api, self.namespace, self.stock = api, namespace, stock

    def create(self, spec: VolumeSpec) -> Volume:
        wish, owner = self.wish(spec), claims.owner(spec)
        call = secrets.token_hex(8)
        notes = {**owner.annotations(), claims.CALL: call, claims.DISK_KEY: spec.disk}
        made = self.make(claims.document(wish, owner.labels(claims.DISK, spec.index), notes), spec.machine)
        self.stock.sightings.add(self.namespace, spec.run, made)
        if pairs(made, "metadata", "annotations").get(claims.CALL) == call:
            return claims.volume(made, spec, zeroed=wish.class_.is_zeroed(wish.set_.mode))
        found = made if owner.owns(made) else self._adopt(made, spec)
        claims.check(found, spec, wish.class_.overhead)
        if grows := claims.growth(found, spec, wish.class_.overhead):
            LOG.warning(
                "%s: KubeVirt will grow the disk in claim %s by %s when the VM starts",
                spec.machine, wish.name, sizes.told(grows),
            )  # fmt: skip
        return claims.volume(found, spec)

    def wish(self, spec: VolumeSpec) -> Wish:
        """Raises CheckFailed for a class that cannot give it."""
        class_ = chosen(self.stock.classes(), spec.to, spec.machine)
        set_ = placed(class_, spec.access, spec.mode, spec.machine)
        return Wish(name=claims.name_of(spec), size_bytes=spec.size_bytes, class_=class_, set_=set_)

    def make(self, document: Object, machine: str) -> Object:
        """What has that name now, made by this call or before."""
        name = text(document, "metadata", "name")
        with self.api.said(f"{machine}: making claim {self.namespace}/{name}"):
            try:
                return self.api.create(claims.path_of(self.namespace), document)
            except Status as status:
                if status.reason != "AlreadyExists":
                    raise
        found = self.look(name)
        if found is None:
            raise Temporary("kubevirt.claim-ending", f"{machine}: claim {self.namespace}/{name} went just now")
        return found

    def find(self, spec: VolumeSpec) -> Volume | None:
        found = self.seen(spec, claims.name_of(spec)) or self.look(claims.name_of(spec))
        if found is None or claims.is_ending(found) or not claims.owner(spec).owns(found):
            return None
        return claims.volume(found, spec)

    def seen(self, spec: VolumeSpec, name: str) -> Object | None:
        """One of the VM's own that was there a moment ago; None: it is to be asked for."""
        found = self.stock.sightings.find(self.namespace, spec.run, name)
        return found if found and claims.owner(spec).owns(found) and not claims.is_ending(found) else None

    def look(self, name: str) -> Object | None:
        with self.api.said(f"claim {self.namespace}/{name}"):
            try:
                return self.api.get(claims.path_of(self.namespace, name))
            except Status as status:
                if status.code == 404:
                    return None
                raise

    def _adopt(self, found: Object, spec: VolumeSpec) -> Object:
        """Raises CheckFailed `kubevirt.foreign` for one that nobody marked for us."""
        self.check_adoptable(found, spec)
        owner = claims.owner(spec)
        change = {
            "metadata": {
                "resourceVersion": text(found, "metadata", "resourceVersion"),
                "labels": owner.labels(claims.DISK, spec.index),
                "annotations": {**owner.annotations(), claims.ADOPTED: "yes", claims.DISK_KEY: spec.disk},
            }
        }
        with self.api.said(f"{spec.machine}: adopting claim {self.namespace}/{claims.name_of(spec)}"):
            return self.api.patch(claims.path_of(self.namespace, claims.name_of(spec)), change)

    def check_adoptable(self, found: Object, spec: VolumeSpec) -> None:
        labels = pairs(found, "metadata", "labels")
        is_free = not is_managed(labels) and not rows(found, "metadata", "ownerReferences")
        if not claims.may_be_adopted(found) or not is_free:
            raise foreign(found, KIND)

    def remove(self, volume: Volume) -> None:
        namespace, _, name = volume.id.partition("/")
        self.away(namespace, name, volume.identity)

    def away(self, namespace: str, name: str, uid: str) -> None:
        """That very claim is gone, or given back to who prepared it. Raises Temporary `kubevirt.claim-held`."""
        where = Claims(self.api, namespace, self.stock)
        found = where.look(name)
        if found is None or claims.uid(found) != uid:
            return
        if not is_managed(pairs(found, "metadata", "labels")):
            raise foreign(found, KIND)
        with self.api.said(f"removing claim {namespace}/{name}"):
            if claims.is_adopted(found):
                self.api.patch(claims.path_of(namespace, name), _given_back(found))
                self.stock.sightings.forget()
                return
            self.api.delete(claims.path_of(namespace, name), uid=uid)
        try:
            where.wait_gone(name, uid)
        finally:
            self.stock.sightings.forget()

    def wait_gone(self, name: str, uid: str) -> None:
        """What a Pod still uses stays until that has ended."""
        began, looks, waits_s = self.api.clock(), 0, self.api.limits.target_poll_s
        while (found := self.look(name)) is not None and claims.uid(found) == uid:
            if self.api.clock() - began > self.api.limits.removal_s:
                raise Temporary(
                    "kubevirt.claim-held",
                    f"claim {self.namespace}/{name} is not gone after {self.api.limits.removal_s:.0f} s: "
                    f"{self._users(name, found)}",
                    "end what uses it; what holds it is in its finalizers",
                )
            self.api.sleep(waits_s[min(looks, len(waits_s) - 1)])
            looks += 1

    def _users(self, name: str, found: Object) -> str:
        try:
            pods = self.api.get(f"/api/v1/namespaces/{self.namespace}/pods", {"limit": 500})
        except Status:
            pods = {}  # not ours to see: the finalizers say what they can
        users = [text(pod, "metadata", "name") for pod in rows(pods, "items") if _uses(pod, name)]
        if users:
            return f"used by {', '.join(users[:5])}"
        return f"held by {', '.join(_finalizers(found)) or 'nothing that it names'}"


def _uses(pod: Object, claim: str) -> bool:
    ended = text(pod, "status", "phase") in ("Succeeded", "Failed")
    volumes = rows(pod, "spec", "volumes")
    return not ended and any(text(one, "persistentVolumeClaim", "claimName") == claim for one in volumes)


def _finalizers(found: Object) -> Sequence[str]:
    metadata = found.get("metadata")
    said = metadata.get("finalizers") if isinstance(metadata, dict) else None
    return [str(one) for one in said] if isinstance(said, list) else []


def _given_back(found: Object) -> Object:
    """Without our marks, and to be adopted again only when its owner says so again: it is no longer empty."""
    marks = dict.fromkeys((MANAGED_BY, RUN, VM, ROLE, DISK_LABEL))
    notes = dict.fromkeys((claims.ADOPT, claims.ADOPTED, claims.DISK_KEY, RUN_NAME, VM_KEY))
    version = text(found, "metadata", "resourceVersion")
    return {"metadata": {"resourceVersion": version, "labels": marks, "annotations": notes}}
