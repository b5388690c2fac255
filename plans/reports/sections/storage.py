"""Disks, datastores, snapshots."""

from datetime import timedelta

from mtv.plans.reports.sections.machines import TOP
from mtv.plans.reports.shapes import Cell, Chart, Moment, Section, columns, same_datacenter, with_datacenter
from mtv.times import stamp

_SUMS = "count(*) AS number, sum(size_bytes), sum(allocated_bytes), sum(allocated_bytes IS NULL)"
_SUMMED = (
    "disks::count",
    "size_bytes:size:bytes",
    "allocated_bytes:known in use:bytes",
    "unknown:of unknown use:count",
)


def disks(of: Moment) -> Section:
    sql = (
        f"SELECT coalesce(nullif(controller, ''), 'unknown'), coalesce(nullif(image, ''), 'unknown'), {_SUMS}"
        " FROM disks GROUP BY controller, image ORDER BY number DESC, controller, image"
    )
    return Section(id="disks", title="Disks by controller and format", rows=of.rows(sql), none="No disks.",
                   columns=columns("controller:", "image:lies in", *_SUMMED), more="mtv get disks",
                   chart=Chart("bars", (0, 1), (2,)))  # fmt: skip


PROPERTIES = {
    "thin: grows as it is written": "thin = 1",
    "thick: takes its whole size": "thin = 0",
    "unknown whether thin": "thin IS NULL AND raw = ''",
    "raw, physical: a LUN given to the VM": "raw = 'physical'",
    "raw, virtual: a mapped LUN": "raw = 'virtual'",
    "independent: in no snapshot": "mode LIKE 'independent%'",
    "shared by several VMs": "shared",
    "on a controller that VMs share": "bus_sharing <> ''",
    "encrypted": "encrypted",
    "a difference to another disk": "parents > 0",
    "empty": "blank",
}


def properties(of: Moment) -> Section:
    parts = [f"SELECT {n} AS n, '{name}', {_SUMS}, count(DISTINCT source || '/' || vm_id) FROM disks WHERE {held}"
             for n, (name, held) in enumerate(PROPERTIES.items())]  # fmt: skip
    rows = of.rows(f"SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE number > 0 ORDER BY n")
    return Section(
        id="disk-properties", title="Disks by what they are", rows=tuple(row[1:] for row in rows), none="No disks.",
        columns=columns("property:", *_SUMMED, "vms:VMs:count"), says="A disk may be several of these.",
    )  # fmt: skip


def datastores(of: Moment) -> Section:
    sql = (
        "SELECT s.name, s.source, s.kind, s.capacity_bytes, s.free_bytes,"
        " 1.0 - 1.0 * s.free_bytes / nullif(s.capacity_bytes, 0), count(d.name),"
        " count(DISTINCT d.vm_id), coalesce(sum(d.size_bytes), 0), CASE WHEN s.accessible THEN '' ELSE"
        f" 'inaccessible' END FROM datastores AS s LEFT JOIN {with_datacenter('disks')} AS d"
        f" ON d.source = s.source AND d.datastore = s.name AND {same_datacenter('d', 's')}"
        " GROUP BY s.source, s.id ORDER BY 6 DESC, s.name, s.source"
    )
    return Section(
        id="datastores", title="Datastores, the fullest first", rows=of.rows(sql), chart=Chart("fill", (0,), (5,)),
        columns=columns(
            "name:datastore", "source:", "kind:", "capacity_bytes:capacity:bytes", "free_bytes:free:bytes",
            "full::share", "disks::count", "vms:VMs:count", "size_bytes:disks' size:bytes", "state:",
        ),
        none="The source has none.", more="mtv get datastores",
    )  # fmt: skip


def homeless(of: Moment) -> Section:
    """Sources without datastores say where their disks lie all the same."""
    sql = (
        "SELECT coalesce(nullif(d.datastore, ''), 'unknown') AS place, d.source, count(*) AS number, sum(size_bytes),"
        " sum(allocated_bytes), sum(allocated_bytes IS NULL) FROM disks AS d"
        " LEFT JOIN datastores AS s ON s.source = d.source AND s.name = d.datastore WHERE s.name IS NULL"
        " GROUP BY d.source, place ORDER BY number DESC, place, d.source"
    )
    return Section(id="elsewhere", title="Disks on no datastore that is known", rows=of.rows(sql),
                   columns=columns("place:", "source:", *_SUMMED))  # fmt: skip


AGES = {
    "less than a day": 1,
    "1 to 7 days": 7,
    "7 to 30 days": 30,
    "30 to 90 days": 90,
    "90 days to a year": 365,
}  # the youngest first, each with its end in days


def ages(of: Moment) -> Section:
    since = [stamp(of.now - timedelta(days=days)) for days in AGES.values()]
    cases = " ".join(f"WHEN at > ?{n + 1} THEN {n}" for n in range(len(AGES)))
    last = len(AGES)
    sql = (
        f"SELECT CASE WHEN at = '' THEN {last + 1} {cases} ELSE {last} END AS age, count(*),"
        " count(DISTINCT source || '/' || vm_id) FROM snapshots GROUP BY age"
    )
    found = {row[0]: row[1:] for row in of.rows(sql, *since)}
    names = [*AGES, "over a year", "of unknown age"]
    nothing: tuple[Cell, ...] = (0, 0)
    rows = [(name, *found.get(n, nothing)) for n, name in enumerate(names) if n in found or n <= last]
    return Section(
        id="snapshot-ages", title="Snapshots by age", rows=tuple(rows) if found else (),
        chart=Chart("bars", (0,), (1,)), columns=columns("age:", "snapshots::count", "vms:VMs:count"),
        none="No VM has a snapshot.",
        says="Only the present state of a VM moves. A long chain is slow to copy, and its merging needs room.",
    )  # fmt: skip


def oldest(of: Moment) -> Section:
    sql = (
        "SELECT s.vm, s.source, s.name, s.at, julianday(?2) - julianday(nullif(s.at, '')), v.snapshots, v.size_bytes"
        " FROM snapshots AS s LEFT JOIN vms AS v ON v.source = s.source AND v.id = s.vm_id"
        " ORDER BY s.at = '', s.at, s.vm, s.source, s.id LIMIT ?1"
    )
    return Section(
        id="oldest-snapshots", title="Oldest snapshots", rows=of.rows(sql, TOP, stamp(of.now)),
        columns=columns("vm:VM", "source:", "name:snapshot", "at:made:time", "days:age:days",
                        "snapshots:of that VM:count", "size_bytes:its disks:bytes"),
        none="No VM has a snapshot.", more="mtv get snapshots --sort at",
    )  # fmt: skip
