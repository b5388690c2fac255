"""Model objects as flat rows with the documented columns: what the store keeps, and what `select` sees. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from mtv import codec
from mtv.model.estate import VM, Datastore, Entity, Json, Level, Network

Row = Mapping[str, Json]
KEPT = ("vms", "disks", "nics", "networks", "datastores", "concerns")  # tables of a generation


def rows(one: Entity) -> Iterator[tuple[str, Row]]:
    """Table and row of everything that the object brings."""
    match one:
        case VM():
            yield "vms", vm_row(one)
            yield from (("disks", row) for row in disk_rows(one))
            yield from (("nics", row) for row in nic_rows(one))
            yield from (("concerns", row) for row in concern_rows(one))
        case Datastore():
            yield "datastores", {**asdict(one), "doc": document(one)}
        case Network():
            yield "networks", {**asdict(one), "doc": document(one)}


def vm_row(vm: VM) -> Row:
    plain = ("source", "id", "name", "path", "cpus", "cores_per_socket", "memory_bytes", "os_id", "os_family",
             "os_name", "uuid", "serial", "power", "host", "cluster", "revision")  # fmt: skip
    known = [disk.allocated_bytes for disk in vm.disks if disk.allocated_bytes is not None]
    return {
        **{name: getattr(vm, name) for name in plain},
        "firmware": str(vm.firmware),
        "secure_boot": int(vm.secure_boot),
        "tpm": int(vm.tpm),
        "disks": len(vm.disks),
        "nics": len(vm.nics),
        "size_bytes": sum(disk.size_bytes for disk in vm.disks),
        "allocated_bytes": sum(known) if len(known) == len(vm.disks) else None,
        "networks": ",".join(dict.fromkeys(nic.network for nic in vm.nics)),
        "datastores": ",".join(dict.fromkeys(disk.datastore for disk in vm.disks)),
        "concerns": len(vm.concerns),
        "critical": sum(concern.level is Level.CRITICAL for concern in vm.concerns),
        "tags": text(dict(vm.tags)),
        "attributes": text(dict(vm.attributes)),
        "doc": document(vm),
    }


def disk_rows(vm: VM) -> Iterator[Row]:
    for number, disk in enumerate(vm.disks):
        flags = {"blank": int(disk.blank), "shared": int(disk.shared)}
        yield {**_of(vm, f"disk{number}"), **asdict(disk), **flags, "number": number}


def nic_rows(vm: VM) -> Iterator[Row]:
    for number, nic in enumerate(vm.nics):
        yield {**_of(vm, f"nic{number}"), **asdict(nic), "connected": int(nic.connected), "number": number}


def concern_rows(vm: VM) -> Iterator[Row]:
    for concern in vm.concerns:
        yield {**_of(vm, concern.id), **asdict(concern), "level": str(concern.level)}


def document(value: object) -> str:
    return text(codec.dump(value))


def text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _of(vm: VM, part: str) -> dict[str, Json]:
    return {"source": vm.source, "vm": vm.name, "vm_id": vm.id, "name": f"{vm.name}/{part}"}
