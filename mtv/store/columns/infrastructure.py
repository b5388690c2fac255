"""Kinds of what VMs stand on, as their source tells it: hosts, clusters, folders, switches, rules."""

from mtv.store.columns.shapes import SOURCE, Column, Kind, Type, text, whole


def _parts(kind: str) -> str:
    """Those of the table `parts`, which keeps a document of each."""
    return f"({_of_kind(kind)}) AS t"


def _of_kind(kind: str) -> str:
    sql = "parts AS p JOIN generations AS g ON g.id = p.generation AND g.current = 1"
    return f"SELECT p.* FROM {sql} WHERE p.kind = '{kind}'"


def _grouped(column: str) -> str:
    """Hosts and clusters are known by what the VMs say of them, and by their own document where the source has one."""
    sums = "count(*) AS vms, sum(memory_bytes) AS memory_bytes, sum(cpus) AS cpus, min(n) AS n"
    vms = "vms AS v JOIN generations AS g ON g.id = v.generation AND g.current = 1"
    grouped = (
        f"(SELECT v.source, {column} AS name, max(cluster) AS cluster, {sums} FROM {vms}"
        f" WHERE {column} <> '' GROUP BY v.source, {column})"
    )
    told = f"({_of_kind(column)})"
    cluster = (
        "coalesce(nullif(o.doc->>'cluster', ''), a.cluster, '')" if column == "host" else "coalesce(a.name, o.name)"
    )
    columns = (
        f"coalesce(a.source, o.source) AS source, coalesce(a.name, o.name) AS name, {cluster} AS cluster,"
        " coalesce(a.vms, 0) AS vms, coalesce(a.memory_bytes, 0) AS memory_bytes, coalesce(a.cpus, 0) AS cpus,"
        " coalesce(a.n, 0) AS n, coalesce(o.n, 0) AS place, o.doc AS doc"
    )
    return (
        f"(SELECT {columns} FROM {grouped} AS a FULL JOIN {told} AS o ON o.source = a.source AND o.name = a.name) AS t"
    )


def _said(name: str, says: str, type_: Type = "text") -> Column:
    """A value of the kind's document; empty where the source does not say."""
    sql = f"t.doc->>'{name}'"
    return Column(name, type_, says, sql if type_ != "text" else f"coalesce({sql}, '')")


_GROUP = (
    SOURCE,
    whole("vms", "how many VMs it has"),
    whole("cpus", "virtual CPUs of its VMs"),
    whole("memory_bytes", "memory of its VMs"),
)

INFRASTRUCTURE = (
    Kind("hosts", "hosts that VMs run on", _grouped("host"), "t.n, t.place", (
        text("name", "its name"),
        *_GROUP,
        text("cluster", "its cluster"),
        _said("id", "the vendor's id"),
        _said("datacenter", "datacenter that it stands in"),
        _said("address", "address of its management"),
        _said("version", "version of its hypervisor"),
        _said("build", "build of its hypervisor"),
        _said("vendor", "who made the machine"),
        _said("model", "which machine it is"),
        _said("cpu_model", "which CPU it has"),
        _said("sockets", "CPUs in their sockets", "integer"),
        _said("cores", "their cores", "integer"),
        _said("state", "connected, disconnected, unresponsive"),
        _said("maintenance", "it is in maintenance", "boolean"),
        _said("threads", "how many threads its cores run at once", "integer"),
        _said("cpu_mhz", "what all its cores give", "integer"),
        _said("cpu_used_mhz", "what is used of that, at its inventory", "integer"),
        whole("ram_bytes", "its own memory", "t.doc->>'memory_bytes'"),
        whole("ram_used_bytes", "what is used of that, at its inventory", "t.doc->>'memory_used_bytes'"),
        _said("booted_at", "when it was started"),
    )),
    Kind("clusters", "clusters that VMs run in", _grouped("cluster"), "t.n, t.place", (
        text("name", "its name"),
        *_GROUP,
        _said("id", "the vendor's id"),
        _said("datacenter", "datacenter that it belongs to"),
        _said("balances", "VMs are moved between its hosts: manual, partiallyAutomated, fullyAutomated"),
        _said("restarts", "VMs of a host that failed are started again", "boolean"),
        _said("evc", "CPU features that its hosts agree on"),
        whole("hosts", "how many hosts it has", "json_array_length(t.doc, '$.hosts')"),
    )),
    Kind("places", "datacenters, folders, resource pools and vApps", _parts("place"), "t.generation, t.n", (
        text("name", "its name"),
        SOURCE,
        text("id", "the vendor's id"),
        Column("kind", "text", "datacenter, folder, pool, vapp, namespace", "t.doc->>'kind'"),
        _said("path", "where it hangs"),
    )),
    Kind("switches", "virtual switches", _parts("switch"), "t.generation, t.n", (
        text("name", "its name"),
        SOURCE,
        text("id", "the vendor's id"),
        Column("kind", "text", "standard, distributed", "t.doc->>'kind'"),
        _said("host", "the host that has it for itself"),
        _said("datacenter", "datacenter that it lies in"),
        _said("mtu", "largest packet", "integer"),
    )),
    Kind("policies", "storage policies", _parts("policy"), "t.generation, t.n", (
        text("name", "its name"),
        SOURCE,
        text("id", "the vendor's id"),
        _said("description", "what people wrote about it"),
    )),
    Kind("rules", "which VMs a cluster keeps together or apart", _parts("rule"), "t.generation, t.n", (
        text("name", "its name"),
        SOURCE,
        text("id", "the vendor's id"),
        _said("cluster", "its cluster"),
        Column("kind", "text", "together, apart, hosts, hosts-not, after", "t.doc->>'kind'"),
        _said("enabled", "it holds", "boolean"),
        _said("mandatory", "it is never broken", "boolean"),
        _said("vms", "ids of its VMs", "json"),
    )),
    Kind("occurrences", "what happened at the sources of late", _parts("occurrence"), "t.generation, t.n", (
        text("name", "the VM that it happened to"),
        SOURCE,
        Column("kind", "text", "what it was, the vendor's word", "t.doc->>'kind'"),
        _said("at", "when"),
        _said("who", "the account that did it"),
        _said("text", "what the source says about it"),
    )),
    Kind("facilities", "what else targets have for VMs, or say", _parts("facility"), "t.generation, t.n", (
        text("name", "its name"),
        SOURCE,
        text("id", "kind, namespace and name"),
        Column("kind", "text", "claim, storage-class, node, quota, instancetype, configuration, version ...",
               "t.doc->>'kind'"),
        _said("namespace", "its namespace"),
        _said("facts", "what is known of it: facts->>'class' = 'gold'", "json"),
    )),
    Kind("gaps", "parts of inventories that could not be read", _parts("gap"), "t.generation, t.n", (
        text("name", "the part"),
        SOURCE,
        _said("text", "why"),
        _said("hint", "what to do"),
    )),
)  # fmt: skip
