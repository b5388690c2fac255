"""All that could refuse a VM's claims, tried before its guest is stopped; nothing is made."""

from collections.abc import Sequence

from mtv.errors import CheckFailed, MtvError
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt.fields import Object, text
from mtv.providers.kubevirt.volumes import claims, pools, quotas, scratch
from mtv.providers.kubevirt.volumes.making import Claims
from mtv.providers.kubevirt.volumes.stock import CAPACITIES
from mtv.providers.kubevirt.wire.answers import Status

FRESH_S = 5.0  # what others of the same run use meanwhile is seen when a claim is made


def check(at: Claims, disks: Sequence[VolumeSpec], scratch_class: str) -> None:
    """Raises CheckFailed and Held, each with what was found and what is needed."""
    machine = disks[0].machine
    check_namespace(at, machine)
    wishes = [at.wish(spec) for spec in disks]
    missing = [wish for wish, spec in zip(wishes, disks, strict=True) if not _is_there(at, spec)]
    beside = scratch.wished(at, disks, scratch_class)
    if at.look(beside.name) is None:
        missing.append(beside)
    pools.check_attached([*wishes, beside], machine)
    if missing:
        base = f"/api/v1/namespaces/{at.namespace}"
        found = at.stock.listed(f"{base}/resourcequotas", optional=True, kept_s=FRESH_S)
        quotas.check_quotas(found, missing, machine)
        quotas.check_limits(at.stock.listed(f"{base}/limitranges", optional=True), missing, machine)
        pools.check_room(at.stock.listed(CAPACITIES, optional=True, kept_s=FRESH_S), missing, machine)


def check_namespace(at: Claims, machine: str) -> None:
    """Raises CheckFailed `kubevirt.no-namespace`, `kubevirt.namespace-terminating`."""
    found = _namespace(at)
    if found is None:
        raise CheckFailed(
            "kubevirt.no-namespace", f"{machine}: there is no namespace '{at.namespace}'",
            f"kubectl create namespace {at.namespace}, or name another one in the plan",
        )  # fmt: skip
    if claims.is_ending(found) or text(found, "status", "phase") == "Terminating":
        raise CheckFailed(
            "kubevirt.namespace-terminating",
            f"{machine}: namespace '{at.namespace}' is being deleted: nothing can be made in it",
            "wait until it is gone, and make it anew; or name another one in the plan",
        )


def _namespace(at: Claims) -> Object | None:
    """An empty one where it is not ours to look at."""
    try:
        with at.api.said(f"namespace {at.namespace}"):
            return at.stock.one(f"/api/v1/namespaces/{at.namespace}", FRESH_S)
    except MtvError as error:
        status = error.__cause__
        if isinstance(status, Status) and status.code in (403, 404):
            return None if status.code == 404 else {}
        raise


def _is_there(at: Claims, spec: VolumeSpec) -> bool:
    """Raises CheckFailed `kubevirt.foreign`, and what `claims.check` raises."""
    found = at.look(claims.name_of(spec))
    if found is None:
        return False
    if not claims.owner(spec).owns(found):
        at.check_adoptable(found, spec)
    claims.check(found, spec, at.wish(spec).class_.overhead)
    return True
