"""The datastore guard: no snapshot where it may fill a datastore, or where there are too many or too old ones already.

Pure: what is asked for, what there is, and the limits. A full datastore stops every VM in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mtv.errors import CheckFailed
from mtv.settings import Settings

GIB = 1 << 30


@dataclass(frozen=True)
class Store:
    """Where disks of the VM lie. `need_bytes` are those disks' sizes, summed."""

    name: str
    capacity_bytes: int
    free_bytes: int
    need_bytes: int
    accessible: bool = True


@dataclass(frozen=True)
class Older:
    """A snapshot that is there already."""

    name: str
    at: datetime


def refuse(vm: str, stores: Sequence[Store], older: Sequence[Older], now: datetime, limits: Settings) -> None:
    """Raises CheckFailed `source.no-room`, `source.points`."""
    for store in stores:
        if not store.accessible:
            raise CheckFailed("source.no-room", f"{vm}: its datastore {store.name} is not accessible", "mend it")
        need = int(store.need_bytes * limits.point_growth) + int(store.capacity_bytes * limits.point_reserve)
        if store.free_bytes < need:
            raise CheckFailed(
                "source.no-room", f"{vm}: a snapshot may fill its datastore {store.name}: {_gib(store.free_bytes)} are"
                f" free, and {_gib(need)} are needed ({limits.point_growth:.0%} of its disks there, and"
                f" {limits.point_reserve:.0%} of the datastore kept free)",
                "make space there, move the VM while it is off, or set MTV_POINT_GROWTH or MTV_POINT_RESERVE",
            )  # fmt: skip
    if len(older) >= limits.points_limit:
        raise CheckFailed(
            "source.points", f"{vm} has {len(older)} snapshots already: with {limits.points_limit} no more is made",
            "remove those that nobody needs, or set MTV_POINTS_LIMIT",
        )  # fmt: skip
    for one in older:
        if (now - one.at).total_seconds() > limits.point_age_d * 86400:
            raise CheckFailed(
                "source.points", f"{vm} has the snapshot '{one.name}' since {one.at:%Y-%m-%d}: on top of one that is"
                f" older than {limits.point_age_d:.0f} days no more is made",
                "remove it if nobody needs it, or set MTV_POINT_AGE_D",
            )  # fmt: skip


def needs(disks: Sequence[tuple[str, int]]) -> Mapping[str, int]:
    """Bytes by datastore, of pairs of datastore and size."""
    found: dict[str, int] = {}
    for store, size_bytes in disks:
        found[store] = found.get(store, 0) + size_bytes
    return found


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"
