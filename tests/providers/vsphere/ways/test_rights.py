"""Each right of a way's role is needed, and they are enough: shown by really reading with them."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.errors import CheckFailed
from mtv.providers.vsphere.rights.roles import EXPORT, FOLDER, Role
from tests.providers.vsphere.ways.moving import Move, moving
from tests.vcenter.machines import MIB, Wish, allow
from tests.vcenter.server import COPY, VCenter

ROLES = {"folder": FOLDER, "export": EXPORT}
READS = "VirtualMachine.Provisioning.DiskRandomRead"
SPOILED = [(way, right) for way, role in ROLES.items() for right in role.given if right != READS]
SIZE = 8 * MIB


def tracked(vc: VCenter, service: Any, folder: Path, role: Role) -> Move:
    """Its tracking has begun: it was on once."""
    allow(service, COPY, role.given)
    move = moving(vc, service, folder, Wish(f"rights-{folder.name}"[:60], disks=(SIZE,), tracked=True), COPY)
    vm = vim.VirtualMachine(move.vm.id, service._stub)
    WaitForTask(vm.PowerOnVM_Task())
    WaitForTask(vm.PowerOffVM_Task())
    move.way = role.name
    return move


def read_bytes(move: Move) -> int:
    disks = move.go()["disks"]
    assert isinstance(disks, dict)
    [disk] = disks.values()
    assert isinstance(disk, dict)
    assert move.is_equal()
    return int(str(disk["read_bytes"]))


@pytest.mark.parametrize("way", ROLES)
def test_a_ways_role_is_enough_for_it(vc: VCenter, admin: Any, tmp_path: Path, way: str) -> None:
    move = tracked(vc, admin, tmp_path, ROLES[way])
    assert read_bytes(move) < SIZE
    move.way = ""
    assert move.export().way == f"vsphere.{way}"


@pytest.mark.parametrize(("way", "right"), SPOILED)
def test_without_one_of_its_rights_a_way_is_closed(
    vc: VCenter, admin: Any, tmp_path: Path, way: str, right: str
) -> None:
    move = tracked(vc, admin, tmp_path, ROLES[way])
    allow(admin, COPY, [one for one in ROLES[way].given if one != right])
    with pytest.raises(CheckFailed) as refused:
        move.go()
    assert refused.value.fault.code == "vsphere.permission"
    move.way = ""
    with pytest.raises(CheckFailed, match=f"{way}: the copy account lacks .*{right}"):
        move.export()


def test_without_the_right_to_ask_for_areas_all_of_a_disk_is_read(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    move = tracked(vc, admin, tmp_path, FOLDER)
    allow(admin, COPY, [one for one in FOLDER.given if one != READS])
    assert read_bytes(move) == SIZE
