"""The tables, as migrations. One that was released is never changed: the next one is added below it.

Imported only where there is something to migrate: sqlite_utils takes 130 ms.
"""

from sqlite_utils import Database
from sqlite_utils.db import Table
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("mtv")

Columns = dict[str, type[str] | type[int] | type[float] | type[bytes]]
_BY_SOURCE: Columns = {"n": int, "generation": int, "source": str, "name": str}
_BY_VM: Columns = {**_BY_SOURCE, "vm": str, "vm_id": str}


def _table(
    db: Database, name: str, columns: Columns, pk: str | tuple[str, ...], optional: tuple[str, ...] = ()
) -> Table:
    """Every column has a value, save those that are `optional`."""
    return db.table(name).create(columns, pk=pk, not_null=set(columns) - set(optional), strict=True)


@MIGRATIONS()
def m001_inventory(db: Database) -> None:
    _table(db, "providers", {"n": int, "name": str, "kind": str, "address": str, "user": str, "secret": str,
                             "copy_secret": str, "ca": str, "fingerprint": str, "added_at": str}, "n")  # fmt: skip
    db.table("providers").create_index(["name"], unique=True)
    _table(db, "generations", {"id": int, "source": str, "started_at": str, "finished_at": str, "revision": str,
                               "current": int}, "id")  # fmt: skip
    db.table("generations").create_index(["source", "current"])
    _table(db, "vms", {
        **_BY_SOURCE, "id": str, "path": str, "power": str, "host": str, "cluster": str, "os_family": str,
        "os_name": str, "os_id": str, "firmware": str, "secure_boot": int, "tpm": int, "cpus": int,
        "cores_per_socket": int, "memory_bytes": int, "disks": int, "nics": int, "size_bytes": int,
        "allocated_bytes": int, "networks": str, "datastores": str, "concerns": int, "critical": int, "tags": str,
        "attributes": str, "uuid": str, "serial": str, "revision": str, "doc": str,
    }, "n", ("allocated_bytes",))  # fmt: skip
    _table(db, "disks", {
        **_BY_VM, "number": int, "key": str, "label": str, "size_bytes": int, "allocated_bytes": int,
        "datastore": str, "controller": str, "bus": int, "unit": int, "image": str, "blank": int, "shared": int,
        "serial": str,
    }, "n", ("allocated_bytes",))  # fmt: skip
    _table(db, "nics", {
        **_BY_VM, "number": int, "key": str, "label": str, "network": str, "mac": str, "model": str,
        "connected": int, "pci_slot": int,
    }, "n", ("pci_slot",))  # fmt: skip
    _table(db, "networks", {**_BY_SOURCE, "id": str, "kind": str, "vlan": str, "doc": str}, "n")
    _table(db, "datastores", {**_BY_SOURCE, "id": str, "kind": str, "capacity_bytes": int, "free_bytes": int,
                              "doc": str}, "n", ("capacity_bytes", "free_bytes"))  # fmt: skip
    _table(db, "concerns", {**_BY_VM, "id": str, "level": str, "text": str, "hint": str}, "n")
    for name in ("vms", "disks", "nics", "networks", "datastores", "concerns"):
        db.table(name).create_index(["generation"])
    db.table("vms").create_index(["source", "id"])
    _table(
        db, "inspections", {"source": str, "vm_id": str, "at": str, "revision": str, "doc": str}, ("source", "vm_id")
    )


@MIGRATIONS()
def m002_runs(db: Database) -> None:
    _table(db, "plans", {"run": str, "name": str, "source": str, "target": str, "namespace": str, "vms": int,
                         "on_failure": str, "at": str, "text": str, "doc": str}, "run")  # fmt: skip
    _table(db, "runs", {"name": str, "plan": str, "number": int, "at": str, "ready": int}, "name")
    _table(db, "migrations", {
        "run": str, "vm_key": str, "name": str, "vm": str, "machine": str, "place": int, "steps": str, "state": str,
        "step": str, "round": int, "attempt": int, "why": str, "code": str, "hint": str, "until": str, "at": str,
        "changed_at": str, "doc": str,
    }, ("run", "vm_key"))  # fmt: skip
    _table(db, "rows", {
        "run": str, "vm_key": str, "n": int, "step": str, "round": int, "attempt": int, "undo": int, "at": str,
        "mark": str, "facts": str, "fault": str, "until": str, "back": str, "engine": str,
    }, ("run", "vm_key", "n"), ("fault",))  # fmt: skip
    _table(db, "intents", {"n": int, "run": str, "vm_key": str, "verb": str, "who": str, "at": str, "args": str,
                           "taken_at": str, "result": str}, "n")  # fmt: skip
    db.table("intents").create_index(["taken_at", "run", "vm_key"])
    _table(db, "events", {"n": int, "run": str, "vm_key": str, "at": str, "type": str, "text": str, "data": str}, "n")
    db.table("events").create_index(["run", "vm_key"])
    _table(db, "progress", {"run": str, "vm_key": str, "step": str, "done_bytes": int, "total_bytes": int,
                            "rate_bytes_per_s": float, "disks": str, "at": str}, ("run", "vm_key"),
           ("rate_bytes_per_s",))  # fmt: skip
    _table(db, "engines", {"n": int, "pid": int, "host": str, "boot": str, "born": int, "started_at": str,
                           "beat_at": str, "stopped_at": str}, "n")  # fmt: skip
    db.create_view(
        "attempts",
        """
        SELECT b.run || '/' || m.vm || '/' || b.step AS name, b.run, m.vm, b.vm_key, b.n, b.step, b.round, b.attempt,
               b.undo, coalesce(e.mark, b.mark) AS mark, b.at, coalesce(e.at, '') AS ended_at,
               round((julianday(e.at) - julianday(b.at)) * 86400, 3) AS seconds,
               coalesce(json_extract(e.fault, '$.code'), '') AS code,
               coalesce(json_extract(e.fault, '$.text'), '') AS text
        FROM rows AS b JOIN migrations AS m ON m.run = b.run AND m.vm_key = b.vm_key
        LEFT JOIN rows AS e ON e.run = b.run AND e.vm_key = b.vm_key AND e.n = b.n + 1 AND e.step = b.step
             AND b.mark = 'begin' AND e.mark NOT IN ('begin', 'skipped')
        WHERE b.mark IN ('begin', 'skipped')""",
    )


@MIGRATIONS()
def m003_proofs(db: Database) -> None:
    _table(db, "receipts", {
        "run": str, "vm_key": str, "name": str, "vm": str, "at": str, "level": str, "algorithm": str, "disks": int,
        "size_bytes": int, "data_bytes": int, "key": str, "path": str, "doc": str,
    }, ("run", "vm_key"))  # fmt: skip
    _table(db, "hashes", {"run": str, "vm_key": str, "part": str, "disk": str, "span": int, "hashes": bytes},
           ("run", "vm_key", "part", "disk", "span"))  # fmt: skip


def _add(db: Database, table: str, columns: str) -> None:
    """`name:type` with a default, so that rows of before have a value; `name:type?` may be empty."""
    for one in columns.split():
        name, _, kind = one.partition(":")
        rest = "" if kind.endswith("?") else " NOT NULL DEFAULT " + ("0" if kind == "INTEGER" else "''")
        db.execute(f"ALTER TABLE {table} ADD COLUMN [{name}] {kind.rstrip('?')}{rest}")


@MIGRATIONS()
def m004_details(db: Database) -> None:
    _add(db, "providers", "copy_user:TEXT insecure:INTEGER")
    _add(db, "vms", "datacenter:TEXT pool:TEXT app:TEXT hardware:TEXT notes:TEXT created_at:TEXT started_at:TEXT "
         "state:TEXT used_bytes:INTEGER? template:INTEGER tracking:INTEGER encrypted:INTEGER hostname:TEXT "
         "addresses:TEXT tools:TEXT tools_version:TEXT snapshots:INTEGER snapshot_at:TEXT devices:TEXT")  # fmt: skip
    _add(db, "disks", "path:TEXT mode:TEXT raw:TEXT bus_sharing:TEXT policy:TEXT thin:INTEGER? encrypted:INTEGER "
         "tracked:INTEGER? parents:INTEGER")  # fmt: skip
    _add(db, "nics", "mac_from:TEXT kind:TEXT starts_connected:INTEGER addresses:TEXT")
    _add(db, "datastores", "datacenter:TEXT cluster:TEXT maintenance:TEXT accessible:INTEGER")
    _add(db, "networks", "datacenter:TEXT switch:TEXT")
    _table(db, "snapshots", {**_BY_VM, "id": str, "at": str, "state": str, "description": str, "parent": str,
                             "quiesced": int, "current": int}, "n")  # fmt: skip
    _table(db, "parts", {**_BY_SOURCE, "id": str, "kind": str, "doc": str}, "n")
    for name in ("disks", "nics", "concerns", "snapshots"):  # a changed VM's rows are found by its id
        db.execute(f"DROP INDEX IF EXISTS idx_{name}_generation")
        db.table(name).create_index(["generation", "vm_id"])
    for name in ("vms", "networks", "datastores"):
        db.execute(f"DROP INDEX IF EXISTS idx_{name}_generation")
    for name in ("vms", "networks", "datastores", "parts"):
        db.table(name).create_index(["generation", "id"])


@MIGRATIONS()
def m005_hashes(db: Database) -> None:
    db.table("hashes").drop()  # nothing was kept there: they lie in journals, and in the side files of receipts
