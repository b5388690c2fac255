"""The VM as a worker finds it: is it still what was to be read, before the first byte and after the last one."""

from dataclasses import dataclass

from mtv.errors import Held, MtvError
from mtv.model.points import Export
from mtv.providers.vsphere.objects.devices import CONTROLLERS
from mtv.providers.vsphere.objects.elements import Props, fields, kind, number, text
from mtv.providers.vsphere.reading import collector
from mtv.providers.vsphere.wire.session import Session
from mtv.providers.vsphere.wire.soap import Ref, SoapFault, said

HINT = "switch it off again, then `mtv run` goes on; what was copied is held against its source once more"


@dataclass(frozen=True)
class Look:
    """`slot` is the disk's place as leases name it: ParaVirtualSCSIController0:1."""

    power: str
    path: str
    size_bytes: int
    slot: str


def machine(export: Export) -> Ref:
    return Ref("VirtualMachine", str(export.params["vm"]))


def look(session: Session, export: Export) -> Look:
    """Raises Held `source.changed` where the VM or its disk is gone."""
    name, key = str(export.params["name"]), str(export.params["disk"])
    try:
        with said(str(session.address), f"looking at {name}"):
            found = collector.one(session, machine(export), ("runtime.powerState", "config.hardware.device"))
    except MtvError as error:
        if isinstance(error.__cause__, SoapFault) and error.__cause__.name == "ManagedObjectNotFound":
            raise _changed(f"{name} is there no more") from error
        raise
    devices = {text(told, "key"): (kind(one), told) for one in found.get("config.hardware.device", ())
               for told in (fields(one),)}  # fmt: skip
    if key not in devices:
        raise _changed(f"{name} has no disk {key} any more")
    told = devices[key][1]
    size = number(told, "capacityInBytes")
    size_bytes = size if size is not None else (number(told, "capacityInKB") or 0) << 10
    return Look(
        text(found, "runtime.powerState"), text(fields(told.get("backing")), "fileName"), size_bytes,
        _slot(told, *devices.get(text(told, "controllerKey"), ("", {}))),
    )  # fmt: skip


def check(session: Session, export: Export) -> Look:
    """Raises Held `source.changed` unless the VM is off and its disk is the file that was to be read."""
    found, name = look(session, export), str(export.params["name"])
    if found.power != "poweredOff":
        raise _changed(f"{name} was switched on while it was to be read", HINT)
    wanted = str(export.params["path"])
    if found.path != wanted or found.size_bytes != export.size_bytes:
        was, now = f"{wanted} with {export.size_bytes}", f"{found.path} with {found.size_bytes}"
        raise _changed(f"the disk was {was} bytes when it was planned, and is {now}")
    return found


def _slot(disk: Props, controller: str, told: Props) -> str:
    of = controller if controller in CONTROLLERS else ""
    return f"{of}{number(told, 'busNumber') or 0}:{number(disk, 'unitNumber') or 0}"


def _changed(text: str, hint: str = "refresh the source with `mtv refresh`, and plan the VM anew") -> Held:
    return Held("source.changed", text, hint)
