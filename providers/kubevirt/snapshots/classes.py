"""Whether KubeVirt would take a snapshot of a VM's disks, asked before anything is changed: what has no snapshot class
it leaves out without a word."""

from collections.abc import Sequence

from mtv.errors import CheckFailed
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt.fields import NOTHING, Object, pairs, text
from mtv.providers.kubevirt.machines.kinds import SNAPSHOT
from mtv.providers.kubevirt.objects.storage import SNAPSHOT_DEFAULT
from mtv.providers.kubevirt.volumes import claims
from mtv.providers.kubevirt.volumes.making import Claims
from mtv.providers.kubevirt.volumes.stock import CLASSES, PROFILES
from mtv.providers.kubevirt.wire.answers import Status

SNAPSHOT_CLASSES = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotclasses"
WITHOUT = "or say `snapshot: none` for this VM in the plan's `overrides`, or accept manifest.snapshot there"


def check(at: Claims, disks: Sequence[VolumeSpec]) -> None:
    """Raises CheckFailed `kubevirt.no-snapshots`, `kubevirt.no-snapshot-class`."""
    if not disks:
        return
    machine = disks[0].machine
    if not _is_served(at):
        raise CheckFailed(
            "kubevirt.no-snapshots", f"{machine}: the cluster knows no {SNAPSHOT.name} of {SNAPSHOT.api}",
            f"KubeVirt 1.6 and later have it; {WITHOUT}",
        )  # fmt: skip
    for name in dict.fromkeys(_class_of(at, spec) for spec in disks):
        if why := _hindrance(at, name):
            raise CheckFailed(
                "kubevirt.no-snapshot-class",
                f"{machine}: KubeVirt would leave its disks of class '{name}' out of a snapshot: {why}",
                f"make a VolumeSnapshotClass for it, {WITHOUT}",
            )


def _is_served(at: Claims) -> bool:
    with at.api.said(f"snapshots in namespace {at.namespace}"):
        try:
            at.api.get(SNAPSHOT.path(at.namespace), {"limit": 1})
        except Status as status:
            if status.code == 404:
                return False
            raise
    return True


def _class_of(at: Claims, spec: VolumeSpec) -> str:
    """Of the claim that is there, made or prepared; else the one that it would have."""
    found = at.look(claims.name_of(spec))
    return text(found, "spec", "storageClassName") or at.wish(spec).class_.name


def _hindrance(at: Claims, name: str) -> str:
    classes = {text(one, "metadata", "name"): one for one in at.stock.listed(CLASSES)}
    profiles = {text(one, "metadata", "name"): one for one in at.stock.listed(PROFILES, optional=True)}
    known = at.stock.listed(SNAPSHOT_CLASSES, optional=True)
    return hindrance(classes.get(name, NOTHING), profiles.get(name, NOTHING), known)


def hindrance(class_: Object, profile: Object, known: Sequence[Object]) -> str:
    """Why KubeVirt takes none of these snapshot classes; "" where it takes one: the profile's, else the driver's only
    one, else the one of them that is the default."""
    if named := text(profile, "status", "snapshotClass"):
        is_there = any(text(one, "metadata", "name") == named for one in known)
        return "" if is_there else f"its StorageProfile names snapshot class '{named}', and there is none"
    driver = text(class_, "provisioner")
    fitting = [one for one in known if text(one, "driver") == driver]
    if not fitting:
        return f"no VolumeSnapshotClass is of its driver {driver or '(unknown)'}"
    marked = [one for one in fitting if SNAPSHOT_DEFAULT in pairs(one, "metadata", "annotations")]
    if len(fitting) > 1 and not marked:
        names = ", ".join(sorted(text(one, "metadata", "name") for one in fitting)[:5])
        return f"its driver {driver} has several snapshot classes and none is the default: {names}"
    return ""
