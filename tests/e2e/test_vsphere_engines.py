"""Two people run the same plan file against one vCenter, each with a store of their own: one moves the VM."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.providers.vsphere.rights.roles import FOLDER
from tests.e2e.vsphere import Engine, Yard, content, picture
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import VCenter


@pytest.fixture
def two(vc: VCenter, tmp_path: Path) -> tuple[Yard, Yard]:
    (tmp_path / "mine").mkdir()
    (tmp_path / "theirs").mkdir()
    return Yard.of(vc, tmp_path / "mine", FOLDER), Yard.of(vc, tmp_path / "theirs", FOLDER)


@pytest.mark.slow
def test_a_vm_that_another_run_holds_is_refused_until_it_is_given_back(
    vc: VCenter, admin: Any, two: tuple[Yard, Yard]
) -> None:
    """The first one's engine died in the middle of its copy."""
    mine, theirs = two
    vm = make(admin, Wish("wanted-twice", (24 * MIB,)))
    fill(vc, "wanted-twice", content(mine.desk.folder / "disk", 24, 11))
    WaitForTask(vm.PowerOnVM_Task())
    before = picture(vm)
    for yard in two:
        yard.mtv("refresh", "vc01")
    mine.plan(["wanted-twice"], limits="{bytes_per_second: 8M}")
    assert Engine.of(mine).kill_at("transfer")
    held, plan = picture(vm), theirs.plan(["wanted-twice"])
    assert "fenced by mtv-wave-1~" in theirs.go_on(plan, code=4)
    theirs.mtv("rollback", "wave-1", "--vm", "wanted-twice", "--yes", code=1)
    assert picture(vm) == held, "who did not put up a fence does not take it down"
    mine.mtv("cancel", "wave-1", "--yes")
    assert picture(vm) == before
    theirs.go_on(plan)
    assert "(mtv-wave-1~" in vm.name
    disk = (theirs.desk.bundle("wanted-twice") / "disk0.raw").read_bytes()
    assert disk == (mine.desk.folder / "disk").read_bytes()
