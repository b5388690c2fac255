"""What VMs stand on and hang on: clusters, hosts, networks. And what is not known."""

from mtv.plans.reports.sections.moving import LISTED
from mtv.plans.reports.shapes import Chart, Moment, Row, Section, columns, same_datacenter, with_datacenter

_LOAD = "1.0 * sum(h.cpu_used_mhz) / sum(CASE WHEN h.cpu_used_mhz IS NOT NULL THEN h.cpu_mhz END)"
_FILL = "1.0 * sum(h.ram_used_bytes) / sum(CASE WHEN h.ram_used_bytes IS NOT NULL THEN h.ram_bytes END)"


def clusters(of: Moment) -> Section:
    sql = (
        "SELECT c.name, c.source, coalesce(c.hosts, count(h.name)), sum(h.cores), c.cpus,"
        f" 1.0 * c.cpus / sum(h.cores), {_LOAD}, sum(h.ram_bytes), c.memory_bytes, {_FILL}, c.vms"
        " FROM clusters AS c LEFT JOIN hosts AS h ON h.source = c.source AND h.cluster = c.name"
        " GROUP BY c.source, c.name, c.id ORDER BY c.name, c.source"
    )
    return Section(
        id="clusters", title="Clusters", rows=of.rows(sql), chart=Chart("fill", (0,), (6, 9)), more="mtv get clusters",
        columns=columns(
            "name:cluster", "source:", "hosts::count", "cores::count", "cpus:vCPUs:count",
            "per_core:vCPUs a core:count", "cpu_load:CPU in use:share", "ram_bytes:memory:bytes",
            "memory_bytes:VMs' memory:bytes", "ram_load:memory in use:share", "vms:VMs:count",
        ),
        says="In use: of the hosts that say so, in the moment of the inventory.", none="The source has none.",
    )  # fmt: skip


def hosts(of: Moment) -> Section:
    sql = (
        "SELECT name, source, cluster, trim(vendor || ' ' || model), version, cores,"
        " 1.0 * cpu_used_mhz / nullif(cpu_mhz, 0), ram_bytes, 1.0 * ram_used_bytes / nullif(ram_bytes, 0), vms, cpus,"
        " trim(state || CASE WHEN maintenance THEN ', in maintenance' ELSE '' END, ', ') FROM hosts"
        " ORDER BY 7 IS NULL, 7 DESC, name, source LIMIT ?"
    )
    return Section(
        id="hosts", title="Hosts, the busiest first", rows=of.rows(sql, LISTED), chart=Chart("fill", (0,), (6, 8)),
        columns=columns(
            "name:host", "source:", "cluster:", "model:", "version:", "cores::count", "cpu_load:CPU in use:share",
            "ram_bytes:memory:bytes", "ram_load:memory in use:share", "vms:VMs:count", "cpus:vCPUs:count", "state:",
        ),
        none="The source has none.", more="mtv get hosts",
    )  # fmt: skip


def versions(of: Moment) -> Section:
    sql = (
        "SELECT coalesce(nullif(version, ''), 'unknown') AS number, coalesce(nullif(build, ''), 'unknown') AS made,"
        " count(*), sum(vms), min(nullif(booted_at, '')) FROM hosts GROUP BY number, made ORDER BY number, made"
    )
    return Section(
        id="versions", title="Hypervisors, the oldest first", rows=of.rows(sql), none="The source has none.",
        columns=columns("version:", "build:", "hosts::count", "vms:VMs:count", "booted_at:up since, the longest:time"),
    )  # fmt: skip


def networks(of: Moment) -> Section:
    sql = (
        "SELECT n.name, n.source, n.kind, iif(n.vlan = '0', 'no tag', nullif(n.vlan, '')), n.switch,"
        " count(c.name), count(DISTINCT c.vm_id), coalesce(sum(c.connected), 0) FROM networks AS n"
        f" LEFT JOIN {with_datacenter('nics')} AS c ON c.source = n.source AND c.network = n.name"
        f" AND {same_datacenter('c', 'n')} GROUP BY n.source, n.id"
        " ORDER BY n.vlan = '', CAST(n.vlan AS INTEGER), n.vlan, n.name, n.source"
    )
    return Section(
        id="networks", title="Networks by VLAN", rows=of.rows(sql), more="mtv get networks",
        chart=Chart("bars", (0,), (6,)), none="The source has none.",
        columns=columns("name:network", "source:", "kind:", "vlan:VLAN", "switch:", "nics:NICs:count", "vms:VMs:count",
                        "connected:plugged in:count"),
    )  # fmt: skip


def cards(of: Moment) -> Section:
    sql = (
        "SELECT coalesce(nullif(model, ''), 'unknown') AS card, count(*) AS cards,"
        " count(DISTINCT source || '/' || vm_id), sum(mac_from = 'manual'), sum(mac = '') FROM nics GROUP BY card"
        " ORDER BY cards DESC, card"
    )
    return Section(
        id="cards", title="Network cards", rows=of.rows(sql), none="No VM has one.", more="mtv get nics",
        columns=columns("model:", "nics:NICs:count", "vms:VMs:count", "manual:address chosen by hand:count",
                        "without:without a known address:count"),
    )  # fmt: skip


UNKNOWN = (
    ("which system runs", "vms", "os_name = '' AND os_id = ''", "VMs"),
    ("how much of their disks is in use", "vms", "allocated_bytes IS NULL", "VMs"),
    ("how much room they take at the source", "vms", "used_bytes IS NULL", "VMs"),
    ("how busy they are", "vms", "power = 'on' AND cpu_used_mhz IS NULL", "VMs"),
    ("which host they run on", "vms", "host = ''", "VMs"),
    ("version of their virtual hardware", "vms", "hardware = ''", "VMs"),
    ("whether an agent runs in them", "vms", "tools = ''", "VMs"),
    ("how large they are, and how full", "datastores", "capacity_bytes IS NULL OR free_bytes IS NULL", "datastores"),
    ("which VLAN they are", "networks", "vlan = ''", "networks"),
    ("which address they have", "nics", "mac = ''", "NICs"),
    ("when they were made", "snapshots", "at = ''", "snapshots"),
    ("how busy they are", "hosts", "cpu_used_mhz IS NULL OR ram_used_bytes IS NULL", "hosts"),
    ("which machine they are, and its version", "hosts", "model = '' OR version = ''", "hosts"),
)
"""What may be missing: of which objects, when, and how they are called."""


def unknown(of: Moment) -> Section:
    def ask(what: str, table: str, missing: str, things: str) -> Row:
        return (things, what, *of.figures.row(f"SELECT coalesce(sum({missing}), 0), count(*) FROM {table}"))

    rows = tuple(row for row in (ask(*one) for one in UNKNOWN) if row[2])
    return Section(
        id="unknown", title="Figures that are not known", rows=rows, none="All are known.",
        columns=columns("of:", "what:", "unknown:unknown of:count", "all:of all:count"),
        says="They are left out of the sums above, and are not zero.",
    )  # fmt: skip


def gaps(of: Moment) -> Section:
    return Section(
        id="gaps", title="Parts that could not be read", columns=columns("part:", "source:", "why:", "hint:what to do"),
        rows=of.rows("SELECT name, source, text, hint FROM gaps ORDER BY source, name, text LIMIT ?", LISTED),
        none="Everything was read.", more="mtv get gaps",
    )  # fmt: skip
