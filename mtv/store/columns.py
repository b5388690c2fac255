"""What `mtv get`, `--where`, `--sort` and a plan's `select` may name: the documented columns of each kind.

docs/columns.md says the same to people, and a test holds one against the other. Columns are only ever added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "integer", "real", "boolean", "json"]


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    says: str
    sql: str = ""  # where it is not simply that column of the kind's table


@dataclass(frozen=True)
class Kind:
    """`tables` is what follows FROM; `order` puts the oldest first."""

    name: str
    says: str
    tables: str
    order: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _text(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "text", says, sql)


def _int(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "integer", says, sql)


def _real(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "real", says, sql)


def _bool(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "boolean", says, sql)


def _json(name: str, says: str, sql: str = "") -> Column:
    return Column(name, "json", says, sql)


_VM = _text("vm", "name of its VM")
_SOURCE = _text("source", "name of the provider that it was read from")
_RUN = _text("run", "the run, PLAN-N")


def _current(table: str) -> str:
    return f"{table} AS t JOIN generations AS g ON g.id = t.generation AND g.current = 1"


def _parts(kind: str) -> str:
    """Those of the table `parts`, which keeps a document of each."""
    sql = "parts AS p JOIN generations AS g ON g.id = p.generation AND g.current = 1"
    return f"(SELECT p.* FROM {sql} WHERE p.kind = '{kind}') AS t"


def _grouped(column: str) -> str:
    """Hosts and clusters are known by what the VMs say of them, and by their own document where the source has one."""
    sums = "count(*) AS vms, sum(memory_bytes) AS memory_bytes, sum(cpus) AS cpus, min(n) AS n"
    vms = "vms AS v JOIN generations AS g ON g.id = v.generation AND g.current = 1"
    grouped = (
        f"(SELECT v.source, {column} AS name, max(cluster) AS cluster, {sums} FROM {vms}"
        f" WHERE {column} <> '' GROUP BY v.source, {column})"
    )
    told = _parts(column).removesuffix(" AS t")
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


_RECEIPT = (
    "coalesce((SELECT nullif(json_extract(r.facts, '$.path'), '') || '/receipt.json' FROM rows AS r"
    " WHERE r.run = t.run AND r.vm_key = t.vm_key AND r.step = 'create-vm' AND r.mark = 'done' AND r.undo = 0"
    " ORDER BY r.n DESC LIMIT 1), t.path)"
)  # it is signed before its machine is there

_GROUP = (
    _SOURCE,
    _int("vms", "how many VMs it has"),
    _int("cpus", "virtual CPUs of its VMs"),
    _int("memory_bytes", "memory of its VMs"),
)

_ALL = (
    Kind("providers", "sources and targets that mtv remembers", "providers AS t", "t.n", (
        _text("name", "its name"),
        _text("kind", "vsphere, ovirt, ova, kubevirt, bundle, memory ..."),
        _text("address", "URL or path"),
        _text("user", "the account that mtv logs in with"),
        _text("secret", "where its password is, never the password: env:VAR, file:PATH, keyring:NAME"),
        _text("added_at", "when it was added"),
        _text("refreshed_at", "when its inventory was last read; empty for never",
              "coalesce((SELECT finished_at FROM generations AS g WHERE g.source = t.name AND g.current = 1), '')"),
    )),
    Kind("vms", "virtual machines of all sources", _current("vms"), "t.generation, t.n", (
        _text("name", "its name at the source"),
        _SOURCE,
        _text("id", "the vendor's stable id"),
        _text("path", "its folder or file at the source"),
        _text("power", "on, off, suspended"),
        _text("host", "host that it runs on"),
        _text("cluster", "cluster that it runs in"),
        _text("os_family", "linux, windows, other, unknown"),
        _text("os_name", "operating system, as the source names it"),
        _text("os_id", "operating system, the vendor's word"),
        _text("firmware", "bios, efi"),
        _bool("secure_boot", "secure boot is on"),
        _bool("tpm", "it has a virtual TPM"),
        _int("cpus", "virtual CPUs"),
        _int("cores_per_socket", "cores of one socket"),
        _int("memory_bytes", "memory"),
        _int("disks", "how many disks"),
        _int("nics", "how many NICs"),
        _int("size_bytes", "size of all disks"),
        _int("allocated_bytes", "bytes in use on all disks; empty where the source does not say"),
        _text("networks", "names of its networks, in the NICs' order, with commas"),
        _text("datastores", "names of its datastores, in the disks' order, with commas"),
        _int("concerns", "how many concerns"),
        _int("critical", "how many of them are critical"),
        _json("tags", "tags: tags->>'app' = 'ledger'"),
        _json("attributes", "custom attributes, as tags"),
        _text("uuid", "its UUID"),
        _text("serial", "its serial number"),
        _text("revision", "changes whenever the VM may have"),
        _text("datacenter", "datacenter that it lies in"),
        _text("pool", "resource pool that it runs in"),
        _text("app", "vApp that it belongs to"),
        _bool("template", "it is a template"),
        _text("state", "connected, disconnected, inaccessible, orphaned, invalid"),
        _text("hardware", "version of its virtual hardware"),
        _text("hostname", "what its guest calls itself"),
        _text("addresses", "addresses that its guest has, with commas"),
        _text("tools", "the source's agent in its guest: running, stopped, missing"),
        _text("tools_version", "version of that agent"),
        _int("snapshots", "how many snapshots"),
        _text("snapshot_at", "when the oldest of them was made"),
        _bool("tracking", "the source notes which of its blocks change"),
        _bool("encrypted", "its files are encrypted"),
        _text("devices", "kinds of its other devices, with commas"),
        _int("used_bytes", "bytes that it takes at the source, snapshots and swap included"),
        _text("notes", "what people wrote about it"),
        _text("created_at", "when it was made"),
        _text("started_at", "when it was last started"),
        _text("inspected_at", "when its disks were last looked into; empty for never",
              "coalesce((SELECT max(at) FROM inspections AS i WHERE i.source = t.source AND i.vm_id = t.id), '')"),
    )),
    Kind("disks", "disks of all VMs", _current("disks"), "t.generation, t.n", (
        _text("name", "VM/disk and its number: db01/disk0"),
        _VM,
        _SOURCE,
        _text("vm_id", "the vendor's id of its VM"),
        _int("number", "its place in the VM, from 0"),
        _text("key", "the vendor's id of the disk"),
        _text("label", "as the source shows it"),
        _int("size_bytes", "its size"),
        _int("allocated_bytes", "bytes in use; empty where the source does not say"),
        _text("datastore", "where it lies"),
        _text("controller", "pvscsi, lsilogic, ide, nvme ..."),
        _int("bus", "number of its controller"),
        _int("unit", "its place on the controller"),
        _text("image", "what it lies in: vmdk-stream, raw, qcow2 ..."),
        _bool("blank", "it has no content"),
        _bool("shared", "several VMs use it"),
        _text("serial", "its serial number"),
        _text("path", "its file at the source"),
        _text("mode", "persistent, nonpersistent, independent_persistent ..."),
        _bool("thin", "it grows as it is written; empty where the source does not say"),
        _text("raw", "a LUN is behind it: physical, virtual"),
        _text("bus_sharing", "its controller is shared: physical, virtual"),
        _text("policy", "its storage policy"),
        _bool("encrypted", "it is encrypted"),
        _bool("tracked", "the source notes what changes; empty where it does not say"),
        _int("parents", "how many disks it is a difference to, one upon the other"),
    )),
    Kind("nics", "network cards of all VMs", _current("nics"), "t.generation, t.n", (
        _text("name", "VM/nic and its number: db01/nic0"),
        _VM,
        _SOURCE,
        _text("vm_id", "the vendor's id of its VM"),
        _int("number", "its place in the VM, from 0"),
        _text("key", "the vendor's id of the NIC"),
        _text("label", "as the source shows it"),
        _text("network", "name of its network"),
        _text("mac", "address, in lower case with colons; empty where the source does not say"),
        _text("model", "vmxnet3, e1000, virtio ..."),
        _bool("connected", "it is plugged in"),
        _int("pci_slot", "VMware's PCI slot number: 192 is ens192 in the guest"),
        _text("mac_from", "who chose the address: manual, generated, assigned"),
        _text("kind", "of its network: standard, distributed, opaque; sriov"),
        _bool("starts_connected", "it is plugged in when the VM starts"),
        _text("addresses", "addresses that the guest has on it, with commas"),
    )),
    Kind("snapshots", "snapshots of all VMs", _current("snapshots"), "t.generation, t.n", (
        _text("name", "its name"),
        _VM,
        _SOURCE,
        _text("vm_id", "the vendor's id of its VM"),
        _text("id", "the vendor's id"),
        _text("at", "when it was made"),
        _text("state", "power of the VM then: on, off, suspended"),
        _bool("quiesced", "the guest had written everything"),
        _bool("current", "the VM's disks go on from it"),
        _text("parent", "id of the snapshot that it follows"),
        _text("description", "what people wrote about it"),
    )),
    Kind("networks", "networks of all sources", _current("networks"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _text("kind", "what sort of network it is"),
        _text("vlan", "VLAN, where the source says"),
        _text("datacenter", "datacenter that it lies in"),
        _text("switch", "switch that it hangs on"),
    )),
    Kind("datastores", "where disks lie, at all sources", _current("datastores"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _text("kind", "VMFS, NFS, file ..."),
        _int("capacity_bytes", "its size; empty where the source does not say"),
        _int("free_bytes", "free space; empty where the source does not say"),
        _text("datacenter", "datacenter that it lies in"),
        _text("cluster", "datastore cluster that it belongs to"),
        _text("maintenance", "it is in maintenance, or enters it"),
        _bool("accessible", "hosts can reach it"),
    )),
    Kind("hosts", "hosts that VMs run on", _grouped("host"), "t.n, t.place", (
        _text("name", "its name"),
        *_GROUP,
        _text("cluster", "its cluster"),
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
    )),
    Kind("clusters", "clusters that VMs run in", _grouped("cluster"), "t.n, t.place", (
        _text("name", "its name"),
        *_GROUP,
        _said("id", "the vendor's id"),
        _said("datacenter", "datacenter that it belongs to"),
        _said("balances", "VMs are moved between its hosts: manual, partiallyAutomated, fullyAutomated"),
        _said("restarts", "VMs of a host that failed are started again", "boolean"),
        _said("evc", "CPU features that its hosts agree on"),
    )),
    Kind("places", "datacenters, folders, resource pools and vApps", _parts("place"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        Column("kind", "text", "datacenter, folder, pool, vapp", "t.doc->>'kind'"),
        _said("path", "where it hangs"),
    )),
    Kind("switches", "virtual switches", _parts("switch"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        Column("kind", "text", "standard, distributed", "t.doc->>'kind'"),
        _said("host", "the host that has it for itself"),
        _said("datacenter", "datacenter that it lies in"),
        _said("mtu", "largest packet", "integer"),
    )),
    Kind("policies", "storage policies", _parts("policy"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _said("description", "what people wrote about it"),
    )),
    Kind("rules", "which VMs a cluster keeps together or apart", _parts("rule"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _said("cluster", "its cluster"),
        Column("kind", "text", "together, apart, hosts, hosts-not, after", "t.doc->>'kind'"),
        _said("enabled", "it holds", "boolean"),
        _said("mandatory", "it is never broken", "boolean"),
        _said("vms", "ids of its VMs", "json"),
    )),
    Kind("occurrences", "what happened at the sources of late", _parts("occurrence"), "t.generation, t.n", (
        _text("name", "the VM that it happened to"),
        _SOURCE,
        Column("kind", "text", "what it was, the vendor's word", "t.doc->>'kind'"),
        _said("at", "when"),
        _said("who", "the account that did it"),
        _said("text", "what the source says about it"),
    )),
    Kind("gaps", "parts of inventories that could not be read", _parts("gap"), "t.generation, t.n", (
        _text("name", "the part"),
        _SOURCE,
        _said("text", "why"),
        _said("hint", "what to do"),
    )),
    Kind("concerns", "what is wrong or lossy with a VM before it moves", _current("concerns"), "t.generation, t.n", (
        _text("name", "VM/id"),
        _VM,
        _SOURCE,
        _text("vm_id", "the vendor's id of its VM"),
        _text("id", "what it is: plans accept concerns by it"),
        _text("level", "critical, warning, info"),
        _text("text", "what it says"),
        _text("hint", "what to do"),
    )),
    Kind("plans", "plans, as they were run", "plans AS t", "t.at, t.run", (
        _text("name", "the plan's name"),
        _RUN,
        _SOURCE,
        _text("target", "where to"),
        _text("namespace", "the target's namespace"),
        _int("vms", "how many VMs"),
        _text("on_failure", "rollback, stop, keep"),
        _text("at", "when it was resolved"),
    )),
    Kind("runs", "runs of plans", "(SELECT * FROM runs WHERE ready = 1) AS t", "t.at, t.name", (
        _text("name", "PLAN-N"),
        _text("plan", "its plan"),
        _int("number", "which run of the plan, from 1"),
        _text("at", "when it was begun"),
        _int("migrations", "how many VMs", "(SELECT count(*) FROM migrations AS m WHERE m.run = t.name)"),
        *(
            _int(name, says, f"(SELECT count(*) FROM migrations AS m WHERE m.run = t.name AND m.state IN ({states}))")
            for name, says, states in (
                ("done", "how many are done or in probation", "'done', 'probation'"),
                ("held", "how many are held", "'held'"),
                ("failed", "how many failed, were refused or taken back",
                 "'failed', 'failed, source unsure', 'rolled-back', 'refused', 'cancelled'"),
            )
        ),
    )),
    Kind("migrations", "VMs of runs",
         "migrations AS t LEFT JOIN progress AS p ON p.run = t.run AND p.vm_key = t.vm_key", "t.at, t.run, t.place", (
        _text("name", "RUN/VM"),
        _RUN,
        _VM,
        _text("vm_key", "source and id of the VM"),
        _text("machine", "its name at the target"),
        _text("state", "pending, running, waiting, held, undoing, done, probation, failed, refused, cancelled ..."),
        _text("step", "that runs, waits or ran last"),
        _int("round", "which round of copying"),
        _int("attempt", "which attempt of the step"),
        _text("why", "why it does not go on"),
        _text("code", "the error's code"),
        _text("hint", "what to do"),
        _text("until", "when it goes on by itself"),
        _int("done_bytes", "bytes done in this step", "p.done_bytes"),
        _int("total_bytes", "bytes to do in this step; empty until all are counted", "nullif(p.total_bytes, 0)"),
        _text("at", "when it was begun"),
        _text("changed_at", "when it last went on"),
    )),
    Kind("steps", "attempts of steps", "attempts AS t", "t.at, t.run, t.vm_key, t.n", (
        _text("name", "RUN/VM/step"),
        _RUN,
        _VM,
        _text("vm_key", "source and id of the VM"),
        _text("step", "the step"),
        _int("round", "which round"),
        _int("attempt", "which attempt"),
        _bool("undo", "it is the step's undo"),
        _text("mark", "begin, done, wait, again, failed, cancelled, skipped"),
        _text("at", "when it began"),
        _text("ended_at", "when it ended; empty while it runs, or if its engine died"),
        _real("seconds", "how long it took"),
        _text("code", "the error's code"),
        _text("text", "the error"),
    )),
    Kind("receipts", "signed proofs", "receipts AS t", "t.at, t.run, t.vm_key", (
        _text("name", "RUN/VM"),
        _RUN,
        _VM,
        _text("vm_key", "source and id of the VM"),
        _text("at", "when it was signed"),
        _text("level", "how far the proof goes"),
        _text("algorithm", "of its hashes"),
        _int("disks", "how many disks"),
        _int("size_bytes", "size of all disks"),
        _int("data_bytes", "bytes in blocks of 1 MiB with data: those that have a hash"),
        _text("key", "fingerprint of the signing key"),
        _text("path", "the receipt's file; empty where there is none", _RECEIPT),
    )),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}


def markdown() -> str:
    """docs/columns.md."""
    parts = [
        "# Columns\n\nWhat `mtv get KIND`, `--where`, `--sort`, `--columns` and a plan's `select` can name. "
        "Columns are only ever added. Sizes are bytes, times UTC in RFC 3339.\n"
    ]
    for kind in _ALL:
        rows = "\n".join(f"| {column.name} | {column.type} | {column.says} |" for column in kind.columns)
        head = f"## {kind.name}\n\n{kind.says[0].upper()}{kind.says[1:]}.\n\n| column | type | says |\n|---|---|---|"
        parts.append(f"{head}\n{rows}\n")
    return "\n".join(parts)
