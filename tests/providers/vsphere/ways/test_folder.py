"""/folder read in earnest: by a whole transfer, against a server that is as strict as ESXi."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv.providers.vsphere.ways.choose import choose, scene
from mtv.providers.vsphere.ways.doors import HostDoor, OwnDoor, door
from tests.providers.vsphere.opening import close_all, session_of
from tests.providers.vsphere.ways.moving import moving
from tests.vcenter.machines import MIB, Wish
from tests.vcenter.server import Setup, VCenter, vcenter


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


@pytest.mark.parametrize("limits", [{"changed_areas": 1}, {"changed_window": 300_000}])
def test_only_what_is_allocated_is_read_however_it_is_told(
    vc: VCenter, admin: Any, tmp_path: Path, limits: dict[str, int]
) -> None:
    move = moving(vc, admin, tmp_path, Wish(f"way-{next(iter(limits))}", disks=(24 * MIB,), tracked=True))
    vm = vim.VirtualMachine(move.vm.id, admin._stub)
    WaitForTask(vm.PowerOnVM_Task())
    WaitForTask(vm.PowerOffVM_Task())
    vc.timings(**limits)
    disks = move.go()["disks"]
    assert isinstance(disks, dict)
    [disk] = disks.values()
    assert isinstance(disk, dict)
    assert move.is_equal()
    assert int(str(disk["read_bytes"])) < 12 * MIB


@pytest.fixture(scope="module")
def spread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VCenter]:
    with vcenter(tmp_path_factory.mktemp("spread"), Setup(hosts_answer=True)) as server:
        yield server


def test_a_host_that_answers_is_asked_itself(spread: VCenter, tmp_path: Path) -> None:
    with spread.connected() as service:
        move = moving(spread, service, tmp_path, Wish("way-host", disks=(10 * MIB,)))
        export = move.export()
        assert export.params["host"] == f"{move.vm.host}:{spread.port}"
        before = spread.state()["requests"].get("folder", 0)
        spread.spoil("/folder", "reset", after_bytes=500_000, times=2, skip=4)
        move.go()
        assert move.is_equal()
        assert spread.state()["requests"]["folder"] > before
        spread.spoil("/folder", "status", status=401, skip=4, times=1)  # as for a ticket that was used
        move.go()
        assert move.is_equal()


def test_a_host_with_another_certificate_is_not_asked(spread: VCenter, tmp_path: Path) -> None:
    with spread.connected() as service:
        move = moving(spread, service, tmp_path, Wish("way-other-host", disks=(2 * MIB,)))
        session = session_of(spread)
        assert isinstance(door(session, move.export()), HostDoor)
        assert isinstance(door(session, move.export(host_fingerprint="0" * 64)), OwnDoor)
        assert isinstance(door(session, move.export(host="127.0.9.9:1")), OwnDoor)
        move.go(host_fingerprint="0" * 64)
        assert move.is_equal()


@pytest.mark.parametrize("way", ["folder", "export"])
def test_an_esxi_alone_is_read_too(tmp_path: Path, way: str) -> None:
    with vcenter(tmp_path / "alone", Setup(kind="esxi", model={})) as alone, alone.connected() as service:
        move = moving(alone, service, tmp_path, Wish("way-alone", disks=(5 * MIB,)))
        assert "host" not in move.export().params
        assert not choose(scene(move.vm, move.around)).refused.get("ssh")
        move.way = way
        move.go()
        assert move.is_equal()
        close_all()
