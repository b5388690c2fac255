"""People work on a VM while its disk is copied off a vCenter: its move ends right, or says what holds it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from tests.e2e.vsphere import Engine, Yard, content
from tests.e2e.yard import until
from tests.vcenter.machines import MIB, Wish, fill, make, root
from tests.vcenter.server import VCenter


def migrate(vm: Any, service: Any) -> None:
    """As DRS does."""
    others = [one for one in root(service).hostFolder.childEntity[0].host if one != vm.runtime.host]
    WaitForTask(vm.RelocateVM_Task(vim.vm.RelocateSpec(host=others[0])))


def rename(vm: Any, service: Any) -> None:
    WaitForTask(vm.Rename_Task("somebody's own name"))


def keep(vm: Any, service: Any) -> None:
    WaitForTask(vm.CreateSnapshot_Task("somebody's", "", memory=False, quiesce=False))


MEDDLING: dict[str, tuple[Callable[[Any, Any], None], str]] = {
    # who does what, and what holds it then
    "moved to another host": (migrate, ""),
    "renamed": (rename, ""),
    "kept in a snapshot": (keep, "chains of files"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", MEDDLING)
def test_a_vm_that_is_meddled_with_while_it_is_copied(vc: VCenter, admin: Any, tmp_path: Path, what: str) -> None:
    meddle, held = MEDDLING[what]
    yard, name = Yard.of(vc, tmp_path), what.replace(" ", "-")
    vm = make(admin, Wish(name, (24 * MIB,)))
    fill(vc, name, content(tmp_path / "disk", 24, 9))
    yard.mtv("refresh", "vc01")
    plan = yard.plan([name], limits="{bytes_per_second: 8M}")
    engine, disk = Engine.of(yard), yard.desk.bundle(name) / "disk0.raw"
    until("some of it is copied", lambda: disk.exists() and disk.stat().st_blocks)
    meddle(vm, admin)
    assert engine.child.wait(60) == (1 if held else 0), (tmp_path / "said").read_text()
    if held:
        assert held in (tmp_path / "said").read_text()
        WaitForTask(vm.RemoveAllSnapshots_Task())
        yard.go_on(plan)
    assert disk.read_bytes() == (tmp_path / "disk").read_bytes()
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}
    if meddle is rename:
        yard.mtv("rollback", "wave-1", "--yes")
        assert vm.name == "somebody's own name", "what others changed stays"
    yard.leaves_nothing()
