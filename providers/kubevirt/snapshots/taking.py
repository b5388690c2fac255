"""A VM's snapshot, taken while it runs: made under its own name, waited for, judged, removed. KubeVirt calls one a
success that lacks disks, says so before it can be used, and repeats what fails until its deadline is over."""

import asyncio
import logging
from collections.abc import Mapping

from mtv.errors import Held, Temporary
from mtv.model.estate import Json
from mtv.providers.kubevirt.fields import Object, flag, mapping, pairs, rows, text, words
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV
from mtv.providers.kubevirt.labels import ROLE as LABEL
from mtv.providers.kubevirt.machines import making
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.machines.kinds import SNAPSHOT
from mtv.providers.kubevirt.machines.states import condition
from mtv.providers.kubevirt.machines.waiting import until
from mtv.providers.kubevirt.snapshots.lookout import Judge, Lookout
from mtv.settings import settings

LOG = logging.getLogger(__name__)
ROLE = "snapshot"
MARGIN_S = 60.0  # after its deadline, for KubeVirt to say so
UNFROZEN = ("NoGuestAgent", "QuiesceTimeout", "Paused")  # as after a power cut
AGAIN = "mend that, then `mtv run` takes it again; the VM runs meanwhile"


def lookout(home: Home) -> Lookout:
    """Over all that mtv takes in that namespace."""
    selector = {"labelSelector": f"{MANAGED_BY}={MTV},{LABEL}={ROLE}"}
    return Lookout(home.api, SNAPSHOT.path(home.namespace), selector, f"snapshots in namespace {home.namespace}")


async def take(home: Home, lookout: Lookout, document: Object) -> Mapping[str, Json]:
    """Raises Held `kubevirt.snapshot-failed`, `kubevirt.snapshot-partial`, CheckFailed `kubevirt.foreign`."""
    name, machine = text(document, "metadata", "name"), text(document, "spec", "source", "name")
    vm, there = await asyncio.to_thread(_find, home, machine, name, document)
    if there is not None and _is_useless(vm, there):
        await remove(home, machine, name)
        there = None
    made = there or await asyncio.to_thread(_make, home, document, machine)
    uid = text(made, "metadata", "uid")
    done = await _waited(lookout, uid, _is_decided, settings().snapshot_s + MARGIN_S)
    if done is not None and not _failed(done):
        done = await _waited(lookout, uid, _is_usable, settings().snapshot_ready_s)
    if done is None or not _is_usable(done) or _failed(done):
        now = done or await asyncio.to_thread(_look, home, name)
        raise Held("kubevirt.snapshot-failed", f"{machine}: snapshot {name} is not there: {_why(now)}", AGAIN)
    return _judged(home, machine, vm, done)


def _find(home: Home, machine: str, name: str, document: Object) -> tuple[Object, Object | None]:
    """The VM, and what has the snapshot's name."""
    with home.api.said(f"looking for snapshot {home.namespace}/{name}"):
        vm, there = home.ours(machine), home.look(SNAPSHOT, name)
    return vm, there if there is None else home.owner(document).check(there, SNAPSHOT.name)


def _is_useless(vm: Object, found: Object) -> bool:
    """It failed, goes, lacks a disk, or is of a VM that had that name before."""
    of = text(found, "status", "sourceUID")
    is_another = bool(of) and of != text(vm, "metadata", "uid")
    return _failed(found) or bool(text(found, "metadata", "deletionTimestamp")) or is_another or bool(_lacks(vm, found))


def _make(home: Home, document: Object, machine: str) -> Object:
    name, metadata, owner = text(document, "metadata", "name"), mapping(document, "metadata"), home.owner(document)
    labels = {**pairs(metadata, "labels"), **owner.labels(ROLE), making.NAME: machine}
    notes = {**pairs(metadata, "annotations"), **owner.annotations()}
    asked = {**metadata, "namespace": home.namespace, "labels": labels, "annotations": notes}
    with home.api.said(f"taking snapshot {home.namespace}/{name}"):
        return home.api.apply(SNAPSHOT.path(home.namespace, name), {**document, "metadata": asked})


async def _waited(lookout: Lookout, uid: str, is_there: Judge, limit_s: float) -> Object | None:
    """None where it is gone, or the time is over."""
    try:
        return await lookout.until(uid, is_there, limit_s)
    except TimeoutError:
        return None


def _is_decided(found: Object) -> bool:
    return text(found, "status", "phase") in ("Succeeded", "Failed") or bool(
        text(found, "metadata", "deletionTimestamp")
    )


def _is_usable(found: Object) -> bool:
    return flag(found, "status", "readyToUse") and text(found, "status", "phase") == "Succeeded"


def _failed(found: Object) -> bool:
    return text(found, "status", "phase") == "Failed"


def _look(home: Home, name: str) -> Object | None:
    with home.api.said(f"looking for snapshot {home.namespace}/{name}"):
        return home.look(SNAPSHOT, name)


def _why(found: Object | None) -> str:
    """The error of its storage, else what KubeVirt's conditions say."""
    if found is None:
        return "somebody removed it"
    said = [text(found, "status", "error", "message"), text(condition(found, "Failure"), "message")]
    said += [f"it is {text(found, 'status', 'phase')}"] if text(found, "status", "phase") else []
    said.append(text(condition(found, "Progressing"), "message"))
    told = "; ".join(dict.fromkeys(one[:300] for one in said if one))
    return told or "KubeVirt has not said a word of it: is virt-controller there?"


def _lacks(vm: Object, found: Object) -> list[str]:
    """Disks of claims that it has not; nothing is known before it was taken."""
    told = mapping(found, "status", "snapshotVolumes")
    volumes = rows(vm, "spec", "template", "spec", "volumes")
    disks = [text(one, "name") for one in volumes if "persistentVolumeClaim" in one or "dataVolume" in one]
    return [one for one in disks if one not in words(told, "includedVolumes")] if told else []


def _judged(home: Home, machine: str, vm: Object, found: Object) -> Mapping[str, Json]:
    name = text(found, "metadata", "name")
    if lacking := _lacks(vm, found):
        says = {text(one, "name"): text(one, "reason") for one in rows(vm, "status", "volumeSnapshotStatuses")}
        told = "; ".join(f"{one} ({says.get(one) or 'KubeVirt does not say why'})" for one in lacking)
        raise Held("kubevirt.snapshot-partial", f"{machine}: snapshot {name} lacks {told}", AGAIN)
    how = words(found, "status", "indications") or tuple(
        text(one, "indication") for one in rows(found, "status", "sourceIndications")
    )
    if rough := [one for one in how if one in UNFROZEN]:
        LOG.warning("%s: snapshot %s holds its disks as after a power cut: %s", machine, name, ", ".join(rough))
    disks = words(found, "status", "snapshotVolumes", "includedVolumes")
    return {
        "snapshot": f"{home.namespace}/{name}", "at": text(found, "status", "creationTime"),
        "disks": list[Json](disks), "how": list[Json](how),
    }  # fmt: skip


async def remove(home: Home, machine: str, name: str) -> None:
    """Ours alone, with what it holds. Raises Temporary `kubevirt.stays`."""
    await asyncio.to_thread(_remove, home, name)
    if await until(lambda: _is_gone(home, name), settings().removal_s) is None:
        raise Temporary(
            "kubevirt.stays", f"{machine}: snapshot {name} was deleted and is still there: something holds it",
            f"`kubectl get {SNAPSHOT.plural} -n {home.namespace} {name} -o yaml` names it",
        )  # fmt: skip


def _remove(home: Home, name: str) -> None:
    found = _look(home, name)
    if found is not None and home.is_ours(found):
        with home.api.said(f"removing snapshot {home.namespace}/{name}"):
            home.api.delete(SNAPSHOT.path(home.namespace, name), uid=text(found, "metadata", "uid"))


def _is_gone(home: Home, name: str) -> bool | None:
    found = _look(home, name)
    return True if found is None or not home.is_ours(found) else None
