"""What is read of a VM's devices."""

import pytest
from pyVmomi import vim

from mtv.providers.vsphere.steering.subject import size_bytes, virtual_disks


@pytest.mark.parametrize(
    ("told", "found"),
    [({"capacityInBytes": 4097, "capacityInKB": 4}, 4097), ({"capacityInKB": 4}, 4096), ({}, 0)],
)
def test_a_disks_size_is_known_of_old_servers_too(told: dict[str, int], found: int) -> None:
    disk = vim.vm.device.VirtualDisk(**told)
    assert [size_bytes(one) for one in virtual_disks([vim.vm.device.VirtualCdrom(), disk])] == [found]
