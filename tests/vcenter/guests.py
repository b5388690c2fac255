"""Real guests in the simulator: their disks lie in its datastores, and what is known of them is configured."""

from collections.abc import Sequence
from typing import Any

from pyVim.task import WaitForTask

from tests.guests.guests import Guest
from tests.vcenter.machines import Wish, fill, make
from tests.vcenter.server import VCenter


def lay(vc: VCenter, service: Any, guest: Guest, *, on: bool, datastores: Sequence[str] = ("LocalDS_0",)) -> Any:
    """A guest's disks in the datastore of a VM of the same name; `on` says its power."""
    sizes = [disk.stat().st_size for disk in guest.disks]
    wish = Wish(
        guest.name, sizes, datastores, guest_id=guest.os_id, memory_mib=1024, cpus=2, mac=guest.mac,
        pci_slot=guest.pci_slot,
    )  # fmt: skip
    vm = make(service, wish)
    fill(vc, guest.name, *guest.disks)
    if on:
        WaitForTask(vm.PowerOnVM_Task())
    return vm
