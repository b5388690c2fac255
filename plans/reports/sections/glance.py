"""The numbers at the head of an estate report."""

from collections.abc import Callable, Iterator, Sequence

from mtv.plans.reports.shapes import Cell, Figure
from mtv.store.columns.figures import Figures
from mtv.words import size


def machines(found: Figures) -> Iterator[Figure]:
    vms, templates, on, cpus, memory, critical = map(_whole, found.row(
        "SELECT count(*), sum(template), sum(power = 'on'), sum(cpus), sum(memory_bytes), sum(critical > 0) FROM vms"
    ))  # fmt: skip
    cores = _whole(found.row("SELECT sum(cores) FROM hosts")[0])
    yield Figure("vms", "VMs", vms, note=f"{on:,} running, {_count(templates, 'template')}")
    yield Figure("movable", "can move as they are", vms - critical, note=f"{critical:,} cannot")
    yield Figure("cpus", "vCPUs", cpus, note=f"on {cores:,} cores" if cores else "cores not known")
    yield Figure("memory_bytes", "memory of VMs", memory, "bytes")


def disks(found: Figures) -> Iterator[Figure]:
    number, size_bytes, used, unknown = found.row(
        "SELECT count(*), sum(size_bytes), sum(allocated_bytes), sum(allocated_bytes IS NULL) FROM disks"
    )
    told = f"not known of {_count(_whole(unknown), 'disk')}" if unknown else "known of all disks"
    taken, silent = found.row("SELECT sum(used_bytes), sum(used_bytes IS NULL) FROM vms")
    blind = f"not known of {_count(_whole(silent), 'VM')}" if silent else "with snapshots and swap"
    yield Figure("size_bytes", "size of disks", _whole(size_bytes), "bytes", _count(_whole(number), "disk"))
    yield Figure("allocated_bytes", "in use on disks", used if number else 0, "bytes", told)
    yield Figure("used_bytes", "taken at the source", taken, "bytes", blind)


def snapshots(found: Figures) -> Iterator[Figure]:
    vms, number, oldest = found.row(
        "SELECT count(DISTINCT source || '/' || vm_id), count(*), min(nullif(at, '')) FROM snapshots"
    )
    since = f", since {str(oldest)[:10]}" if oldest else ""
    yield Figure("snapshots", "snapshots", number, note=f"of {_count(_whole(vms), 'VM')}{since}" if number else "")


def surroundings(found: Figures) -> Iterator[Figure]:
    stores, capacity, free, dark = found.row(
        "SELECT count(*), sum(capacity_bytes), sum(free_bytes), sum(capacity_bytes IS NULL OR free_bytes IS NULL)"
        " FROM datastores"
    )
    hosts, away = found.row("SELECT count(*), sum(maintenance OR state NOT IN ('connected', '')) FROM hosts")
    clusters, networks, vlans = found.row(
        "SELECT (SELECT count(*) FROM clusters), count(*), count(DISTINCT nullif(nullif(vlan, ''), '0')) FROM networks"
    )
    room = f"{size(_whole(free))} of {size(_whole(capacity))} free" if capacity else "room not known" if stores else ""
    blind = f", {_whole(dark)} not known" if dark and capacity else ""
    yield Figure("datastores", "datastores", stores, note=room + blind)
    missed = f"{_whole(away):,} away or in maintenance" if away else ""
    yield Figure("clusters", "clusters", clusters, note="" if clusters else "none is known")
    yield Figure("hosts", "hosts", hosts, note=missed if hosts else "none is known")
    yield Figure("networks", "networks", networks, note=f"{_count(_whole(vlans), 'VLAN')} known")


ALL: Sequence[Callable[[Figures], Iterator[Figure]]] = (machines, disks, snapshots, surroundings)


def _whole(told: Cell) -> int:
    """Sums of nothing are null."""
    return int(told or 0)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
