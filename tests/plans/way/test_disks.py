"""What is asked of the target for each disk."""

from types import SimpleNamespace
from typing import cast

import pytest

from mtv.converters.manifests.names import claim_name
from mtv.model.estate import VM, Disk
from mtv.model.plans import DiskChoice, VmPlan
from mtv.plans.way.disks import specs
from mtv.plans.world import World

GIB = 1 << 30


def world(machine: str, *disks: Disk, access: str = "", volume: str = "") -> World:
    choices = tuple(DiskChoice(disk=disk.key, to="gold", access=access, volume=volume) for disk in disks)
    vm = VM(source="src", id="vm-1", name="Web", disks=disks)
    plan = VmPlan(vm=vm, machine=machine, disks=choices, nics=())
    return cast(World, SimpleNamespace(run="r-1", plan=plan))


def test_a_disk_has_the_name_that_the_vms_documents_have() -> None:
    disks = [Disk(key=str(number), size_bytes=GIB) for number in range(2)]
    made = specs(world("web", *disks))
    assert [one.name for one in made] == ["web-disk0", "web-disk1"] == [claim_name("web", 0), claim_name("web", 1)]
    assert [(one.vm, one.run, one.to, one.access, one.mode) for one in made] == [
        ("src/vm-1", "r-1", "gold", "", "")
    ] * 2


@pytest.mark.parametrize(("machine", "name"), [("a--b", "a--b-disk0"), ("Web 1", "web-1-disk0")])
def test_a_name_that_is_none_becomes_one_as_in_the_documents(machine: str, name: str) -> None:
    assert specs(world(machine, Disk(key="1", size_bytes=GIB)))[0].name == name


def test_a_shared_disk_is_a_device_of_many_unless_the_plan_says_otherwise() -> None:
    disk = Disk(key="1", size_bytes=GIB, shared=True)
    (asked,) = specs(world("web", disk))
    assert (asked.access, asked.mode) == ("ReadWriteMany", "Block")
    (asked,) = specs(world("web", disk, access="ReadWriteOnce", volume="Filesystem"))
    assert (asked.access, asked.mode) == ("ReadWriteOnce", "Filesystem")
