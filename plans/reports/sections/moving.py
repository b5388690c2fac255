"""What can move as it is, what cannot, and why."""

from mtv.plans.reports.shapes import Chart, Moment, Section, columns

LISTED = 1000  # rows of a list; the command beside it gives all
_WORST = (
    "(SELECT v.*, coalesce(c.worst, 3) AS worst FROM vms AS v LEFT JOIN (SELECT source, vm_id,"
    " min(CASE level WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END) AS worst FROM concerns"
    " GROUP BY source, vm_id) AS c ON c.source = v.source AND c.vm_id = v.id)"
)


def verdicts(of: Moment) -> Section:
    words = "CASE worst WHEN 0 THEN 'not as they are' WHEN 1 THEN 'with a warning' WHEN 2 THEN 'with a remark'"
    sql = (
        f"SELECT {words} ELSE 'nothing found' END, CASE worst WHEN 0 THEN 'critical' WHEN 1 THEN 'warning' WHEN 2 THEN"
        f" 'info' ELSE 'none' END, count(*), sum(size_bytes), 1.0 * count(*) / (SELECT count(*) FROM vms) FROM {_WORST}"
        " GROUP BY worst ORDER BY worst"
    )
    return Section(
        id="verdicts", title="How the VMs can move", rows=of.rows(sql), chart=Chart("parts", (0,), (2,)),
        columns=columns("verdict:", "level::level", "vms:VMs:count", "size_bytes:disks:bytes", "share::share"),
        says="Each VM once, by the worst that was found of it. Nobody has looked into the guests for this.",
        none="No VMs.",
    )  # fmt: skip


def concerns(of: Moment) -> Section:
    sql = (
        "SELECT id, level, count(DISTINCT source || '/' || vm_id) AS vms, min(text), max(hint) FROM concerns"
        " GROUP BY id, level ORDER BY CASE level WHEN 'critical' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, vms DESC, id"
    )
    return Section(
        id="concerns", title="Why", rows=of.rows(sql), more="mtv get concerns", none="No concerns.",
        columns=columns("id:concern", "level::level", "vms:VMs:count", "text:for example", "hint:what to do"),
        says="Critical ones stop a VM until they are mended, or accepted by their name in the plan.",
    )  # fmt: skip


def blocked(of: Moment) -> Section:
    sql = (
        "SELECT v.name, v.source, v.id, v.cluster, v.size_bytes, group_concat(c.text, '; ') FROM vms AS v"
        " JOIN (SELECT * FROM concerns WHERE level = 'critical' ORDER BY id, text) AS c"
        " ON c.source = v.source AND c.vm_id = v.id GROUP BY v.source, v.id ORDER BY v.name, v.source, v.id LIMIT ?"
    )
    return Section(
        id="blocked", title="VMs that cannot move as they are", rows=of.rows(sql, LISTED), none="Every VM can.",
        columns=columns("name:VM", "source:", "id:", "cluster:", "size_bytes:disks:bytes", "why:"),
        more="mtv get vms --where critical",
    )  # fmt: skip


def unreachable(of: Moment) -> Section:
    sql = (
        "SELECT 'VM', name, source, state FROM vms WHERE state NOT IN ('connected', '')"
        " UNION ALL SELECT 'datastore', name, source, 'inaccessible' FROM datastores WHERE NOT accessible"
        " UNION ALL SELECT 'datastore', name, source, 'maintenance: ' || maintenance FROM datastores"
        " WHERE maintenance NOT IN ('', 'normal')"
        " UNION ALL SELECT 'host', name, source, state FROM hosts WHERE state NOT IN ('connected', '')"
        " UNION ALL SELECT 'host', name, source, 'in maintenance' FROM hosts WHERE maintenance"
        " ORDER BY 1, 2, 3 LIMIT ?"
    )
    return Section(
        id="unreachable", title="Out of reach", rows=of.rows(sql, LISTED),
        columns=columns("what:", "name:", "source:", "state:"),
        says="Orphaned, inaccessible and disconnected: what lies there cannot be read now.", none="All can be reached.",
    )  # fmt: skip
