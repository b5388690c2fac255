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


def _grouped(column: str) -> str:
    """Hosts and clusters are known by what the VMs say of them."""
    sums = "count(*) AS vms, sum(memory_bytes) AS memory_bytes, sum(cpus) AS cpus, min(n) AS n"
    vms = "vms AS v JOIN generations AS g ON g.id = v.generation AND g.current = 1"
    return (
        f"(SELECT v.source, {column} AS name, max(cluster) AS cluster, {sums} FROM {vms}"
        f" WHERE {column} <> '' GROUP BY v.source, {column}) AS t"
    )


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
    )),
    Kind("networks", "networks of all sources", _current("networks"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _text("kind", "what sort of network it is"),
        _text("vlan", "VLAN, where the source says"),
    )),
    Kind("datastores", "where disks lie, at all sources", _current("datastores"), "t.generation, t.n", (
        _text("name", "its name"),
        _SOURCE,
        _text("id", "the vendor's id"),
        _text("kind", "VMFS, NFS, file ..."),
        _int("capacity_bytes", "its size; empty where the source does not say"),
        _int("free_bytes", "free space; empty where the source does not say"),
    )),
    Kind("hosts", "hosts that VMs run on", _grouped("host"), "t.n", (
        _text("name", "its name"),
        *_GROUP,
        _text("cluster", "its cluster"),
    )),
    Kind("clusters", "clusters that VMs run in", _grouped("cluster"), "t.n", (_text("name", "its name"), *_GROUP)),
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
