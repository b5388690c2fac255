"""kill -9 of the engine in every step of a move off a vCenter: the next `mtv run` ends the same, at both ends."""

from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.model.outcomes import Mark
from tests.e2e.vsphere import Engine, Yard, content, picture
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import VCenter

STEPS = ("check", "create-volumes", "worker-ready", "power-off", "fence", "transfer", "verify", "create-vm")
UNDONE = ("transfer", "fence", "power-off", "create-volumes")  # in this order


@pytest.fixture
def yard(vc: VCenter, tmp_path: Path) -> Yard:
    return Yard.of(vc, tmp_path)


def laid(vc: VCenter, admin: Any, yard: Yard, name: str) -> Any:
    vm = make(admin, Wish(name, (24 * MIB,)))
    fill(vc, name, content(yard.desk.folder / "disk", 24, 7))
    WaitForTask(vm.PowerOnVM_Task())
    yard.mtv("refresh", "vc01")
    yard.plan([name], limits="{bytes_per_second: 32M}")
    return vm


@pytest.mark.slow
@pytest.mark.parametrize("mark", [Mark.BEGIN, Mark.DONE])
def test_a_killed_engine_is_gone_on_with(vc: VCenter, admin: Any, yard: Yard, mark: Mark) -> None:
    """One move, killed at every step in turn."""
    vm = laid(vc, admin, yard, f"killed-{mark}")
    hit = [step for step in STEPS if Engine.of(yard).kill_at(step, mark)]
    assert len(hit) >= len(STEPS) - 2, hit
    yard.go_on(yard.desk.folder / "plan.yaml")
    assert vm.runtime.powerState == "poweredOff"
    assert (yard.desk.bundle(f"killed-{mark}") / "disk0.raw").read_bytes() == (yard.desk.folder / "disk").read_bytes()
    vc.expire()  # a killed engine cannot log out: its sessions end by the server's own limit
    yard.leaves_nothing()


@pytest.mark.slow
def test_what_is_undone_after_a_kill_in_any_step_is_as_it_was(vc: VCenter, admin: Any, yard: Yard) -> None:
    """One VM, moved again and again, and each time no further than to the next step."""
    vm = laid(vc, admin, yard, "undone")
    before = picture(vm)
    for number, step in enumerate(STEPS, 1):
        assert Engine.of(yard, f"wave-{number}").kill_at(step), step
        yard.mtv("cancel", f"wave-{number}", "--yes")
        assert picture(vm) == before, step
        assert not yard.desk.bundle("undone").exists(), step
    vc.expire()
    yard.leaves_nothing()


@pytest.mark.slow
def test_an_engine_that_dies_while_it_undoes_is_gone_on_with(vc: VCenter, admin: Any, yard: Yard) -> None:
    vm = laid(vc, admin, yard, "half-undone")
    before = picture(vm)
    assert Engine.of(yard).kill_at("transfer")
    hit = [Engine.of(yard, words=("cancel", "wave-1", "--yes")).kill_undoing(UNDONE[0])]
    hit += [Engine.of(yard).kill_undoing(step) for step in UNDONE[1:]]
    assert sum(hit) >= len(UNDONE) - 1, hit
    yard.go_on(yard.desk.folder / "plan.yaml", code=1)
    assert picture(vm) == before
    assert not yard.desk.bundle("half-undone").exists()
