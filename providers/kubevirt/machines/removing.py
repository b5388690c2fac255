"""A VM that goes: itself and what was made beside it, and nothing that holds data. Kubernetes deletes what an object
owns with it, within milliseconds, and a VM may own its disks: made by it as DataVolumes, or adopted."""

import asyncio
from collections.abc import Iterator

from mtv.errors import MtvError, Temporary
from mtv.providers.kubevirt.fields import Object, rows, text
from mtv.providers.kubevirt.labels import MANAGED_BY, MTV, ROLE
from mtv.providers.kubevirt.machines import making
from mtv.providers.kubevirt.machines.home import Home
from mtv.providers.kubevirt.machines.kinds import BESIDE, CLAIM, DATA_VOLUME, INSTANCE, MACHINE
from mtv.providers.kubevirt.machines.states import is_made
from mtv.providers.kubevirt.machines.waiting import until
from mtv.providers.kubevirt.wire.answers import Status
from mtv.settings import settings


async def remove(home: Home, name: str) -> None:
    """What is not ours, or gone, is left as it is. Raises MtvError `kubevirt.running`, Temporary `kubevirt.stays`."""
    await asyncio.to_thread(_remove, home, name)
    if await until(lambda: _is_gone(home, name), settings().machine_stop_s) is None:
        raise Temporary(
            "kubevirt.stays", f"{name} was deleted and is still there: something holds it by a finalizer",
            f"`kubectl get {MACHINE.plural} -n {home.namespace} {name} -o yaml` names it",
        )  # fmt: skip


def _remove(home: Home, name: str) -> None:
    with home.api.said(f"removing VM {home.namespace}/{name}"):
        vm = home.look(MACHINE, name)
        if vm is not None and home.is_ours(vm):
            if is_made(vm) and home.look(INSTANCE, name) is not None:
                raise MtvError("kubevirt.running", f"{name} has an instance: it cannot be removed", "stop it first")
            keeps = any(owns(home, vm))
            uid = text(vm, "metadata", "uid")
            home.api.delete(
                MACHINE.path(home.namespace, name), uid=uid, propagation="Orphan" if keeps else "Background"
            )
        _remove_beside(home, name)


def owns(home: Home, vm: Object) -> Iterator[str]:
    """Disks of a VM that would be deleted with it."""
    uids = {text(vm, "metadata", "uid")}
    for volume in rows(vm, "spec", "template", "spec", "volumes"):
        claim = text(volume, "persistentVolumeClaim", "claimName")
        made = text(volume, "dataVolume", "name")
        for kind, name in ((DATA_VOLUME, made or claim), (CLAIM, claim or made)):
            found = home.look(kind, name) if name else None
            if found and any(text(one, "uid") in uids for one in rows(found, "metadata", "ownerReferences")):
                uids.add(text(found, "metadata", "uid"))
                yield f"{kind.name} {name}"


def _remove_beside(home: Home, name: str) -> None:
    asked = {"labelSelector": f"{MANAGED_BY}={MTV},{ROLE}={making.ROLE},{making.NAME}={name}"}
    for kind in BESIDE:
        try:
            found = rows(home.api.get(kind.path(home.namespace), asked), "items")
        except Status as status:
            if status.code != 404:  # a cluster need not have routes
                raise
            continue
        for one in found:
            if home.is_ours(one):
                called = text(one, "metadata", "name")
                home.api.delete(kind.path(home.namespace, called), uid=text(one, "metadata", "uid"))


def _is_gone(home: Home, name: str) -> bool | None:
    with home.api.said(f"removing VM {home.namespace}/{name}"):
        vm = home.look(MACHINE, name)
        return True if vm is None or not home.is_ours(vm) else None
