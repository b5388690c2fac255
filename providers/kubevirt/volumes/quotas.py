"""What a namespace lets be claimed, counted before anything is made. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mtv.errors import CheckFailed, Held
from mtv.providers.kubevirt.fields import Object, mapping, rows, text, value
from mtv.providers.kubevirt.objects.quantities import size
from mtv.providers.kubevirt.volumes.claims import Wish
from mtv.providers.kubevirt.volumes.sizes import told

BYTES, COUNT = "requests.storage", "persistentvolumeclaims"
OF_CLASS = ".storageclass.storage.k8s.io/"


def check_quotas(quotas: Iterable[Object], wishes: Sequence[Wish], machine: str) -> None:
    """Raises Held `kubevirt.quota` with what is needed, used and allowed: it is somebody's word, and may be raised."""
    for quota in quotas:
        if value(quota, "spec", "scopes") or value(quota, "spec", "scopeSelector"):
            continue  # counts Pods alone
        for what, needed in _needed(wishes):
            _check(quota, what, needed, machine)


def _needed(wishes: Sequence[Wish]) -> Iterator[tuple[str, int]]:
    yield BYTES, sum(one.request_bytes for one in wishes)
    yield COUNT, len(wishes)
    yield f"count/{COUNT}", len(wishes)
    for class_ in sorted({one.class_.name for one in wishes}):
        of_it = [one for one in wishes if one.class_.name == class_]
        yield f"{class_}{OF_CLASS}{BYTES}", sum(one.request_bytes for one in of_it)
        yield f"{class_}{OF_CLASS}{COUNT}", len(of_it)


def _check(quota: Object, what: str, needed: int, machine: str) -> None:
    hard = size(_limits(quota, "hard").get(what))
    used = size(value(quota, "status", "used", what)) or 0
    if hard is None or not needed or used + needed <= hard:
        return
    shown = told if what.endswith(BYTES) else str
    name = f"{text(quota, 'metadata', 'namespace')}/{text(quota, 'metadata', 'name')}"
    raise Held(
        "kubevirt.quota",
        f"{machine}: its claims need {shown(needed)} of {what}, and quota {name} allows {shown(hard)}, of which "
        f"{shown(used)} are used",
        f"raise the quota by {shown(used + needed - hard)}, or make room in the namespace; then `mtv run` goes on",
    )


def _limits(quota: Object, what: str) -> Mapping[str, object]:
    return mapping(quota, "status", what) or mapping(quota, "spec", what)


def check_limits(ranges: Iterable[Object], wishes: Sequence[Wish], machine: str) -> None:
    """Raises CheckFailed `kubevirt.limit-range`."""
    for found in ranges:
        for limit in rows(found, "spec", "limits"):
            if text(limit, "type") == "PersistentVolumeClaim":
                for wish in wishes:
                    _check_limit(found, limit, wish, machine)


def _check_limit(found: Object, limit: Object, wish: Wish, machine: str) -> None:
    most, least = size(value(limit, "max", "storage")), size(value(limit, "min", "storage"))
    name = f"{text(found, 'metadata', 'namespace')}/{text(found, 'metadata', 'name')}"
    if most is not None and wish.request_bytes > most:
        raise CheckFailed(
            "kubevirt.limit-range",
            f"{machine}: claim {wish.name} needs {told(wish.request_bytes)}, and limit range {name} allows "
            f"{told(most)}",
            "raise its max.storage for PersistentVolumeClaims, or use another namespace",
        )
    if least is not None and wish.request_bytes < least:
        raise CheckFailed(
            "kubevirt.limit-range",
            f"{machine}: claim {wish.name} asks for {told(wish.request_bytes)}, and limit range {name} for "
            f"{told(least)} at least",
            "lower its min.storage for PersistentVolumeClaims, or use another namespace",
        )
