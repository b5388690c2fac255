"""`mtv inspect` of a VM that runs at a vCenter, by VMware's library, of which the tests have a stub."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.providers.vsphere.rights.roles import VDDK
from tests.e2e.vsphere import SECRETS, Engine, Yard, content, picture, shelve
from tests.planted import leaks
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import ADMIN, COPY, PASSWORDS, VCenter

NAME = "looked-into"


@pytest.mark.appliance
def test_a_vm_that_runs_is_looked_into_with_the_copy_account(
    vc: VCenter, admin: Any, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its disk is read to the end by the worker: that there is no system on it is known only so."""
    yard = Yard.of(vc, tmp_path, VDDK)
    vm = make(admin, Wish(NAME, (24 * MIB,), ("LocalDS_0",)))
    fill(vc, NAME, content(tmp_path / "a", 24, 1))
    monkeypatch.setenv("MTV_VDDK", str(shelve(vc, vm, tmp_path_factory.mktemp("vddk")).folder))
    WaitForTask(vm.PowerOnVM_Task())
    yard.mtv("refresh", "vc01")
    (row,) = yard.desk.rows("inspect", "vc01", "--where", f"name='{NAME}'")
    assert "no operating system" in str(row["fault"]), row
    assert vm.snapshot is None
    for user in (ADMIN, COPY):
        assert leaks(tmp_path, PASSWORDS[user], SECRETS) == []
    yard.leaves_nothing()


@pytest.mark.slow
def test_the_snapshot_of_a_look_that_was_killed_is_removed_by_the_next_one_or_by_a_run(
    vc: VCenter, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard, name = Yard.of(vc, tmp_path, VDDK), "looked-at-twice"
    vm = make(admin, Wish(name, (8 * MIB,)))
    fill(vc, name, content(tmp_path / "a", 8, 1))
    monkeypatch.setenv("MTV_VDDK", str(shelve(vc, vm, tmp_path / "vddk").folder))
    WaitForTask(vm.PowerOnVM_Task())
    yard.mtv("refresh", "vc01")
    before = picture(vm)
    look = ("inspect", "vc01", "--where", f"name='{name}'")
    for act in (("inspect", "vc01", "--where", "name='nobody'"), ("run", str(yard.plan([name])))):
        assert Engine.of(yard, words=look).kill_when("its snapshot", lambda: vm.snapshot)
        point = vm.snapshot.rootSnapshotList[0].name
        said = yard.desk.mtv(*act).stderr
        assert f"{name}: the point {point} that an `mtv inspect` left when it died is removed" in said, said
        assert not vm.snapshot
        if act[0] == "inspect":
            assert picture(vm) == before
    assert yard.desk.bundle(name).exists(), "it moved"
    vc.expire()
    yard.leaves_nothing()
