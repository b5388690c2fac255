"""A VM that every way could read, for tests to spoil."""

from dataclasses import replace
from typing import Any

from mtv.model.details import Snapshot
from mtv.model.estate import VM, Datastore, Disk
from mtv.model.infrastructure import Host
from mtv.providers.vsphere.ways.choose import scene
from mtv.providers.vsphere.ways.table import ALONE, Scene

GIB = 1 << 30
DISK = Disk(
    key="2000", label="Hard disk 1", size_bytes=GIB, datastore="gold", image="vmdk-flat", path="[gold] a/a.vmdk"
)
MACHINE = VM(source="vc", id="vm-1", name="a", path="/DC0/vm/a", host="esx1", datacenter=ALONE, disks=(DISK,))
GOLD = Datastore(source="vc", id="datastore-1", name="gold", kind="VMFS", datacenter=ALONE)
ESX = Host(source="vc", id="host-1", name="esx1", state="connected", datacenter=ALONE)
SNAPSHOT = Snapshot(id="snapshot-1", name="before")


def fine(**changed: Any) -> Scene:
    """What is changed of the scene itself, or with a prefix of its VM, disk, datastore or host."""
    of: dict[str, dict[str, Any]] = {"vm": {}, "disk": {}, "store": {}, "host": {}, "": {"library": True}}
    for name, value in changed.items():
        kind, mark, rest = name.partition("__")
        of[kind if mark else ""][rest if mark else name] = value
    vm = replace(MACHINE, **{"disks": (replace(DISK, **of["disk"]),), **of["vm"]})
    return scene(vm, (replace(GOLD, **of["store"]), replace(ESX, **of["host"])), **of[""])
