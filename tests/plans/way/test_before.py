"""What is refused is refused before anything is changed."""

import asyncio
from dataclasses import replace
from pathlib import Path

from mtv.model.estate import Concern, Level
from mtv.model.faults import Fault
from mtv.model.plans import VmPlan
from tests.crash.pair import Case, Pair
from tests.plans.way.made import driven, estate_with, ran


def refused(case: Case, folder: Path, code: str) -> Fault:
    pair, history = driven(case, folder, "rolled-back")
    assert history.fault is not None
    assert (history.fault.code, history.fault.exit_code) == (code, 4)
    assert "power-off" not in ran(pair)
    assert not list(folder.glob("target/*/*"))
    return history.fault


def test_a_vm_whose_disks_changed_since_it_was_planned_is_refused(tmp_path: Path) -> None:
    def other(plan: VmPlan) -> VmPlan:
        grown = replace(plan.vm.disks[0], size_bytes=9 << 20)
        return replace(plan, vm=replace(plan.vm, disks=(grown, *plan.vm.disks[1:])))

    fault = refused(Case("cold", "snapshots", planned=other), tmp_path, "check.changed")
    assert "vm001" in fault.text


def test_a_suspended_vm_is_refused(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", prepare=estate_with(lambda vm: replace(vm, power="suspended")))
    refused(case, tmp_path, "check.suspended")


def test_a_critical_concern_is_refused_unless_it_is_accepted(tmp_path: Path) -> None:
    concern = Concern(id="disk.shared", level=Level.CRITICAL, text="its disk is shared")
    prepare = estate_with(lambda vm: replace(vm, concerns=(concern,)))
    fault = refused(Case("cold", "snapshots", prepare=prepare), tmp_path / "refused", "check.concern")
    assert "accept: [disk.shared]" in fault.hint
    accepting = Case("cold", "snapshots", prepare=prepare, planned=lambda plan: replace(plan, accept=("disk.shared",)))
    driven(accepting, tmp_path / "accepted")


def test_a_machine_of_that_name_is_refused(tmp_path: Path) -> None:
    def standing(pair: Pair) -> None:
        asyncio.run(pair.target().create_machine("vm001", [], {}))

    pair, history = driven(Case("cold", "snapshots", prepare=standing), tmp_path, "rolled-back")
    assert history.fault is not None
    assert history.fault.code == "check.target-exists"
    assert asyncio.run(pair.target().machine("vm001")).state == "halted"


def test_too_small_a_target_is_refused_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/target.json").write_text('{"capacity_bytes": 4096}')
    _, history = driven(Case("cold", "snapshots"), tmp_path, "rolled-back")
    assert history.fault is not None
    assert (history.fault.code, history.begun) == ("target.no-space", ())


def test_a_guest_that_inspection_refuses_is_refused(tmp_path: Path) -> None:
    case = Case("warm", "snapshots", prepare=estate_with(lambda vm: replace(vm, attributes={"guest": "none"})))
    fault = refused(case, tmp_path, "guest.no-system")
    assert "conversion: none" in fault.hint
