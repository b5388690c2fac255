"""What the VMs are: systems, power, sizes, age."""

from mtv.plans.reports.shapes import Chart, Moment, Section, columns

TOP = 20
_COUNTS = "count(*) AS vms, sum(size_bytes)"
_SIZED = ("vms:VMs:count", "size_bytes:disks:bytes")
_GIB = 1 << 30


def systems(of: Moment) -> Section:
    name = "coalesce(nullif(os_name, ''), nullif(os_id, ''), 'unknown')"
    sql = (
        f"SELECT {name} AS os, os_family, {_COUNTS}, sum(power = 'on') FROM vms GROUP BY os, os_family"
        " ORDER BY os = 'unknown', vms DESC, os"
    )
    return Section(
        id="systems", title="Operating systems", rows=of.rows(sql), chart=Chart("bars", (0,), (2,)), none="No VMs.",
        columns=columns("os:system", "family:", *_SIZED, "on:running:count"),
        says="As the source has them configured; only an inspection knows what is really on the disks.",
    )  # fmt: skip


def families(of: Moment) -> Section:
    sql = f"SELECT os_family, {_COUNTS} FROM vms GROUP BY os_family ORDER BY vms DESC, os_family"
    return Section(id="families", title="Families of systems", rows=of.rows(sql), chart=Chart("parts", (0,), (1,)),
                   columns=columns("family:", *_SIZED), none="No VMs.")  # fmt: skip


def power(of: Moment) -> Section:
    sql = (
        f"SELECT CASE WHEN template THEN 'template' ELSE power END AS powered, {_COUNTS}, sum(cpus), sum(memory_bytes)"
        " FROM vms GROUP BY powered ORDER BY vms DESC, powered"
    )
    return Section(
        id="power", title="Power", rows=of.rows(sql), chart=Chart("parts", (0,), (1,)), none="No VMs.",
        columns=columns("power:", *_SIZED, "cpus:vCPUs:count", "memory_bytes:memory:bytes"),
    )  # fmt: skip


def firmware(of: Moment) -> Section:
    sql = (
        "SELECT upper(firmware) || CASE WHEN secure_boot THEN ', secure boot' ELSE '' END || CASE WHEN tpm THEN ', TPM'"
        f" ELSE '' END AS kind, {_COUNTS} FROM vms GROUP BY kind ORDER BY vms DESC, kind"
    )
    return Section(id="firmware", title="Firmware", rows=of.rows(sql), chart=Chart("parts", (0,), (1,)), none="No VMs.",
                   columns=columns("firmware:", *_SIZED))  # fmt: skip


def sizes(of: Moment) -> Section:
    edges = (0, 50, 100, 250, 500, 1024, 2048, 10_240)
    cases = " ".join(f"WHEN size_bytes < {edge * _GIB} THEN {n}" for n, edge in enumerate(edges[1:]))
    names = [f"{_gib(low)} to {_gib(high)}" for low, high in zip(edges, edges[1:], strict=False)]
    found = {row[0]: row[1:] for row in of.rows(
        f"SELECT CASE {cases} ELSE {len(names)} END AS size, {_COUNTS} FROM vms GROUP BY size")}  # fmt: skip
    rows = tuple((name, *found.get(n, (0, 0))) for n, name in enumerate([*names, f"{_gib(edges[-1])} and more"]))
    return Section(id="sizes", title="VMs by the size of their disks", rows=rows if found else (), none="No VMs.",
                   columns=columns("size:all disks of a VM", *_SIZED), chart=Chart("bars", (0,), (1,)))  # fmt: skip


def _gib(size: int) -> str:
    return f"{size} GiB" if size < 1024 else f"{size // 1024} TiB"


def hardware(of: Moment) -> Section:
    number = "CAST(ltrim(hardware, 'abcdefghijklmnopqrstuvwxyz-') AS INTEGER)"
    sql = (
        f"SELECT coalesce(nullif(hardware, ''), 'unknown') AS version, {_COUNTS} FROM vms"
        f" GROUP BY version ORDER BY {number} = 0, {number}, version"
    )
    return Section(id="hardware", title="Virtual hardware, the oldest first", rows=of.rows(sql), none="No VMs.",
                   columns=columns("version:", *_SIZED), chart=Chart("bars", (0,), (1,)))  # fmt: skip


def tools(of: Moment) -> Section:
    sql = (
        "SELECT coalesce(nullif(tools, ''), 'unknown') AS agent, coalesce(nullif(tools_status, ''), 'unknown') AS how,"
        " tools_version, count(*) AS vms, sum(power = 'on'), min(CAST(nullif(tools_version, '') AS REAL)) FROM vms"
        " GROUP BY agent, how ORDER BY vms DESC, agent, how"  # SQLite gives the version of the row with the least
    )
    return Section(
        id="tools", title="The source's agent in the guests", none="No VMs.",
        rows=tuple((*row[:2], row[2] or None, *row[3:5]) for row in of.rows(sql)),
        columns=columns("agent:", "status:", "oldest:oldest version", "vms:VMs:count", "on:running:count"),
        says="Where it does not run, a guest cannot be shut down from outside, and its addresses are not known.",
    )  # fmt: skip


def largest(of: Moment) -> Section:
    sql = (
        "SELECT name, source, cluster, disks, size_bytes, allocated_bytes, used_bytes, cpus, memory_bytes FROM vms"
        " ORDER BY size_bytes DESC, name, source, id LIMIT ?"
    )
    return Section(
        id="largest", title="Largest VMs", rows=of.rows(sql, TOP), none="No VMs.",
        more="mtv get vms --sort -size_bytes",
        columns=columns(
            "name:VM", "source:", "cluster:", "disks::count", "size_bytes:size:bytes", "allocated_bytes:in use:bytes",
            "used_bytes:taken at the source:bytes", "cpus:vCPUs:count", "memory_bytes:memory:bytes",
        ),
    )  # fmt: skip


def busiest(of: Moment) -> Section:
    sql = (
        "SELECT name, source, host, cpu_used_mhz, cpus, memory_used_bytes, memory_bytes FROM vms WHERE cpu_used_mhz > 0"
        " ORDER BY cpu_used_mhz DESC, memory_used_bytes DESC, name, source, id LIMIT ?"
    )
    return Section(
        id="busiest", title="Busiest VMs", rows=of.rows(sql, TOP), more="mtv get vms --sort -cpu_used_mhz",
        columns=columns(
            "name:VM", "source:", "host:", "cpu_used_mhz:CPU in use:mhz", "cpus:vCPUs:count",
            "memory_used_bytes:memory in use:bytes", "memory_bytes:memory:bytes",
        ),
        says="As they were in the moment of the inventory.", none="No VM is busy, as far as the source says.",
    )  # fmt: skip
