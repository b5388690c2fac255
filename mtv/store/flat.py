"""Model objects as flat rows with the documented columns: what the store keeps, and what `select` sees. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from typing import get_args

import orjson

from mtv import codec
from mtv.model.estate import VM, Datastore, Disk, Entity, Json, Level, Network, Nic, kind_of
from mtv.model.infrastructure import Part

Row = Mapping[str, Json]
OF_VMS = ("disks", "nics", "snapshots", "concerns")
KEPT = ("vms", *OF_VMS, "networks", "datastores", "parts")  # tables of a generation
PARTS = {kind_of(part): part for part in get_args(Part)}  # what lies in the table `parts`, by its kind

_VM = ("source", "id", "name", "path", "cpus", "cores_per_socket", "memory_bytes", "os_id", "os_family", "os_name",
       "uuid", "serial", "power", "host", "cluster", "revision", "datacenter", "pool", "app", "hardware", "notes",
       "created_at", "started_at", "state", "used_bytes")  # fmt: skip
_DISK = ("key", "label", "size_bytes", "allocated_bytes", "datastore", "controller", "bus", "unit", "image", "serial",
         "path", "mode", "raw", "bus_sharing", "policy")  # fmt: skip
_NIC = ("key", "label", "network", "mac", "model", "pci_slot", "mac_from", "kind")
_STORE = ("source", "id", "name", "kind", "capacity_bytes", "free_bytes", "datacenter", "cluster", "maintenance")
_NETWORK = ("source", "id", "name", "kind", "vlan", "datacenter", "switch")
_CONCERN = ("id", "text", "hint")
_SNAPSHOT = ("id", "at", "state", "description", "parent")


def rows(one: Entity) -> Iterator[tuple[str, Row]]:
    """Table and row of everything that the object brings."""
    match one:
        case VM():
            yield "vms", vm_row(one)
            yield from (("disks", row) for row in disk_rows(one))
            yield from (("nics", row) for row in nic_rows(one))
            yield from (("snapshots", row) for row in snapshot_rows(one))
            yield from (("concerns", row) for row in concern_rows(one))
        case Datastore():
            yield "datastores", {**_some(one, _STORE), "accessible": int(one.accessible), "doc": told(one)}
        case Network():
            yield "networks", {**_some(one, _NETWORK), "doc": told(one)}
        case _:
            row = {"source": one.source, "id": one.id, "name": one.name}
            yield "parts", {**row, "kind": kind_of(type(one)), "doc": told(one)}


def vm_row(vm: VM) -> Row:
    known = [disk.allocated_bytes for disk in vm.disks if disk.allocated_bytes is not None]
    addresses = [address.partition("/")[0] for nic in vm.guest.nics for address in nic.addresses]
    return {
        **_some(vm, _VM),
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
        "tags": _words(vm.tags),
        "attributes": _words(vm.attributes),
        "template": int(vm.template),
        "tracking": int(vm.tracking),
        "encrypted": int(vm.encrypted),
        "hostname": vm.guest.hostname,
        "addresses": ",".join(addresses) or vm.guest.address,
        "tools": vm.guest.tools,
        "tools_version": vm.guest.tools_version,
        "snapshots": len(vm.snapshots),
        "snapshot_at": min((one.at for one in vm.snapshots), default=""),
        "devices": ",".join(dict.fromkeys(one.kind for one in vm.devices)),
        "doc": told(vm),
    }


def disk_rows(vm: VM) -> Iterator[Row]:
    for number, disk in enumerate(vm.disks):
        yield {
            **_of(vm, f"disk{number}"), **_some(disk, _DISK), "blank": int(disk.blank), "shared": int(disk.shared),
            "thin": _flag(disk.thin), "encrypted": int(disk.encrypted), "tracked": _flag(disk.tracked),
            "parents": len(disk.parents), "number": number,
        }  # fmt: skip


def nic_rows(vm: VM) -> Iterator[Row]:
    told = {nic.nic: nic.addresses for nic in vm.guest.nics}
    for number, nic in enumerate(vm.nics):
        yield {
            **_of(vm, f"nic{number}"), **_some(nic, _NIC), "connected": int(nic.connected),
            "starts_connected": int(nic.starts_connected), "addresses": ",".join(told.get(nic.key, ())),
            "number": number,
        }  # fmt: skip


def snapshot_rows(vm: VM) -> Iterator[Row]:
    for one in vm.snapshots:
        flags = {"quiesced": int(one.quiesced), "current": int(one.current)}
        yield {**_of(vm, ""), **_some(one, _SNAPSHOT), **flags, "name": one.name}


def concern_rows(vm: VM) -> Iterator[Row]:
    for concern in vm.concerns:
        yield {**_of(vm, concern.id), **_some(concern, _CONCERN), "level": str(concern.level)}


def told(one: Entity) -> str:
    """The same as `document` of it, which takes ten times as long: an inventory has ten thousand."""
    return orjson.dumps(one, default=dict).decode()


def _words(of: Mapping[str, str]) -> str:
    return orjson.dumps(dict(of)).decode() if of else "{}"


def document(value: object) -> str:
    return text(codec.dump(value))


def text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _some(one: VM | Disk | Nic | object, names: tuple[str, ...]) -> dict[str, Json]:
    return dict(zip(names, _getter(names)(one), strict=True))


@cache
def _getter(names: tuple[str, ...]) -> Callable[[object], tuple[Json, ...]]:
    """A third of the time of one getattr each."""
    return attrgetter(*names)


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _of(vm: VM, part: str) -> dict[str, Json]:
    return {"source": vm.source, "vm": vm.name, "vm_id": vm.id, "name": f"{vm.name}/{part}"}
