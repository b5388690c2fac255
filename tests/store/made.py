"""A small estate, a plan of it, and a store that holds both."""

from pathlib import Path

from mtv.model.estate import VM, Concern, Datastore, Disk, Firmware, Level, Network, Nic, Revision
from mtv.model.plans import DiskChoice, NicChoice, Plan, VmPlan
from mtv.store.inventory import Refresh
from mtv.store.store import Store

GIB = 1 << 30


def vm(name: str, **more: object) -> VM:
    told: dict[str, object] = {
        "source": "lab", "id": f"id-{name}", "name": name, "cpus": 2, "memory_bytes": GIB, "cluster": "CL-7",
        "host": "esx1", "firmware": Firmware.EFI, "tags": {"app": "ledger"}, "attributes": {"owner": "o'neil"},
        "disks": (Disk(key="d0", label="Hard disk 1", size_bytes=8 * GIB, allocated_bytes=GIB, datastore="gold"),
                  Disk(key="d1", size_bytes=GIB, datastore="tin", blank=True)),
        "nics": (Nic(key="n0", network="VLAN-120", mac="00:50:56:00:00:01", pci_slot=192),),
        "concerns": (Concern(id="ova.cdrom-dropped", level=Level.INFO, text="its CD drive is dropped"),),
        "revision": "1",
    }  # fmt: skip
    return VM(**{**told, **more})  # type: ignore[arg-type]


ESTATE = (
    vm("db01"),
    vm("db02", cpus=8, tags={}, cluster="CL-8", host="esx2"),
    vm("web", concerns=(Concern(id="vm.rdm", level=Level.CRITICAL, text="a raw disk", hint="copy it"),)),
    Datastore(source="lab", id="ds1", name="gold", kind="VMFS", capacity_bytes=100 * GIB),
    Network(source="lab", id="n1", name="VLAN-120", vlan="120"),
    Revision("r1"),
)


def filled(store: Store) -> Store:
    refresh = Refresh(store, "lab", full=True)
    for change in ESTATE:
        refresh.take(change)
    refresh.finish()
    return store


def opened(folder: Path) -> Store:
    return Store(folder / "store.db")


def plan(*vms: VM, name: str = "wave") -> Plan:
    parts = [
        VmPlan(vm=one, machine=one.name, disks=tuple(DiskChoice(disk=disk.key, to="raw") for disk in one.disks),
               nics=tuple(NicChoice(nic=nic.key, to="pod") for nic in one.nics))
        for one in vms or (vm("db01"), vm("db02"))
    ]  # fmt: skip
    return Plan(name=name, source="lab", target="bundle:/out", vms=tuple(parts), text="name: wave\n")
