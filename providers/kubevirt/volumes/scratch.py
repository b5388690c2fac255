"""The claim that outlives a VM's workers: journal and overlays lie on it, and nothing secret."""

from collections.abc import Sequence

from mtv.errors import MtvError
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt.fields import Object, pairs, rows, text
from mtv.providers.kubevirt.jobs.places import scratch_claim
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV, ROLE, RUN, short
from mtv.providers.kubevirt.volumes import claims, sizes
from mtv.providers.kubevirt.volumes.claims import Wish
from mtv.providers.kubevirt.volumes.classes import ACCESSES, Class, Set, chosen
from mtv.providers.kubevirt.volumes.making import KIND, Claims

FOLDER = "/scratch"  # where workers see it
MACHINE = "mtv/machine"


def make(at: Claims, disks: Sequence[VolumeSpec], class_name: str) -> str:
    """Made or found again; gives the folder."""
    if not disks:
        raise MtvError("kubevirt.no-disks", "there is no scratch space for a VM without disks")
    owner, wish = claims.owner(disks[0]), wished(at, disks, class_name)
    labels = {**owner.labels(claims.SCRATCH), MACHINE: short(disks[0].machine)}
    if at.seen(disks[0], wish.name):
        return FOLDER
    found = at.make(claims.document(wish, labels, owner.annotations()), disks[0].machine)
    at.stock.sightings.add(at.namespace, disks[0].run, found)
    owner.check(found, KIND)
    claims.check_there(found, disks[0].machine)
    return FOLDER


def wished(at: Claims, disks: Sequence[VolumeSpec], class_name: str) -> Wish:
    """Of the class that was named for it, else CDI's for scratch space, else the first disk's."""
    known = at.stock.classes()
    wanted = class_name or text(at.stock.config(), "status", "scratchSpaceStorageClass")
    if wanted and not class_name and wanted not in {one.name for one in known}:
        wanted = ""
    class_ = chosen(known, wanted or disks[0].to, disks[0].machine)
    return Wish(
        name=scratch_claim(claims.owner(disks[0]).hash10),
        size_bytes=sizes.scratch(disk.size_bytes for disk in disks),
        class_=class_,
        set_=Set(_access(class_), "Filesystem"),
    )


def _access(class_: Class) -> str:
    """One worker at a time has it; without a profile every provisioner is taken to know this one."""
    has = {one.access for one in class_.sets if one.mode == "Filesystem"}
    preferred = ("ReadWriteOnce", *ACCESSES)
    return next((one for one in preferred if one in has), preferred[0])


def remove(at: Claims, run: str, machine: str) -> None:
    """By its labels: the VM's key is not known here."""
    labels = {MANAGED_BY: MTV, RUN: short(run), ROLE: claims.SCRATCH, MACHINE: short(machine)}
    selector = ",".join(f"{name}={value}" for name, value in labels.items())
    with at.api.said(f"{machine}: its scratch claim in {at.namespace}"):
        told = at.api.get(claims.path_of(at.namespace), {"labelSelector": selector})
    for found in rows(told, "items"):
        if _is_ours(found, labels):
            at.away(at.namespace, text(found, "metadata", "name"), claims.uid(found))


def _is_ours(found: Object, labels: dict[str, str]) -> bool:
    return labels.items() <= pairs(found, "metadata", "labels").items()
