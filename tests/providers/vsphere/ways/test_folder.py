"""/folder read in earnest: by a whole transfer, against a server that is as strict as ESXi."""

from pathlib import Path
from typing import Any

import pytest

from tests.providers.vsphere.ways.moving import moving
from tests.vcenter.machines import MIB, Wish
from tests.vcenter.server import VCenter


def test_disks_of_two_datastores_come_whole(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    wish = Wish("way-folder", disks=(40 * MIB, 9 * MIB), datastores=("LocalDS_0", "LocalDS_1"))
    move = moving(vc, admin, tmp_path, wish)
    assert move.ways.choose(move.vm, move.vm.disks, move.around) == "folder"
    move.go()
    assert move.is_equal()
    assert move.warnings == []


@pytest.mark.parametrize("name", ["a b & c", "naïve-ü€", "plus+and&amp=x", "x" * 60])
def test_odd_names_are_asked_for_as_they_are(vc: VCenter, admin: Any, tmp_path: Path, name: str) -> None:
    move = moving(vc, admin, tmp_path, Wish(name, disks=(2 * MIB,)))
    move.go()
    assert move.is_equal()
