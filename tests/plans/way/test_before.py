"""What is refused is refused before anything is changed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.errors import CheckFailed
from mtv.model.estate import VM, Concern, Firmware, Level
from mtv.model.faults import Fault
from mtv.model.plans import GuestChoice, GuestKey, VmPlan
from mtv.model.tasks import Task
from mtv.plans.way.before import refuse
from mtv.providers.memory import MemoryTarget
from tests.crash.pair import Case, Pair
from tests.plans.way.made import driven, estate_with, ran, with_card


def refused(case: Case, folder: Path, code: str) -> Fault:
    pair, history = driven(case, folder, "refused")
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


OTHER_HARDWARE: dict[str, tuple[Callable[[VM], VM], str]] = {
    "mac": (lambda vm: with_card(vm, mac="00:50:56:00:33:44"), "the MAC of NIC 4000 is not as planned: 00:50:56:00:33"),
    "network": (lambda vm: with_card(vm, network="VLAN-99"), "VLAN-99 planned, VLAN-10 found"),
    "no card": (lambda vm: replace(vm, nics=()), "its NICs are not as planned: none planned, 4000 found"),
    "firmware": (lambda vm: replace(vm, firmware=Firmware.EFI), "efi planned, bios found"),
    "cpus": (lambda vm: replace(vm, cpus=vm.cpus + 1), "its CPUs are not as planned"),
    "memory": (lambda vm: replace(vm, memory_bytes=1 << 29), "its memory is not as planned: 536870912 bytes"),
    "place": (lambda vm: with_disk(vm, unit=9), "2000 at pvscsi 0:9"),
    "controller": (lambda vm: with_disk(vm, controller="ide"), "2000 at ide 0:0"),
}


def with_disk(vm: VM, **how: str | int) -> VM:
    return replace(vm, disks=(replace(vm.disks[0], **how), *vm.disks[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize("what", OTHER_HARDWARE)
def test_a_vm_whose_hardware_changed_since_it_was_planned_is_refused(what: str, tmp_path: Path) -> None:
    change, words = OTHER_HARDWARE[what]
    planned = Case("cold", "snapshots", planned=lambda plan: replace(plan, vm=change(plan.vm)))
    assert words in refused(planned, tmp_path, "check.changed").text


def test_a_mac_that_one_side_does_not_know_is_no_change(tmp_path: Path) -> None:
    driven(Case("cold", "snapshots", planned=lambda plan: replace(plan, vm=with_card(plan.vm, mac=""))), tmp_path)


def test_a_suspended_vm_is_refused(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", prepare=estate_with(lambda vm: replace(vm, power="suspended")))
    refused(case, tmp_path, "check.suspended")


def test_a_critical_concern_is_refused_unless_it_is_accepted(tmp_path: Path) -> None:
    concern = Concern(id="disk.shared", level=Level.CRITICAL, text="its disk is shared")
    prepare = estate_with(lambda vm: replace(vm, concerns=(concern,)))
    fault = refused(Case("cold", "snapshots", prepare=prepare), tmp_path / "refused", "check.concern")
    assert "accept: [{id: disk.shared," in fault.hint
    accepting = Case("cold", "snapshots", prepare=prepare, planned=lambda plan: replace(plan, accept=("disk.shared",)))
    driven(accepting, tmp_path / "accepted")


def test_a_machine_of_that_name_is_refused(tmp_path: Path) -> None:
    def standing(pair: Pair) -> None:
        asyncio.run(pair.target().create_machine("vm001", [], {}))

    pair, history = driven(Case("cold", "snapshots", prepare=standing), tmp_path, "refused")
    assert history.fault is not None
    assert history.fault.code == "check.target-exists"
    assert asyncio.run(pair.target().machine("vm001")).state == "halted"


def test_too_small_a_target_is_refused_before_the_start(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target/target.json").write_text('{"capacity_bytes": 4096}')
    _, history = driven(Case("cold", "snapshots"), tmp_path, "refused")
    assert history.fault is not None
    assert (history.fault.code, history.begun) == ("target.no-space", ())


def test_a_guest_that_inspection_refuses_is_refused(tmp_path: Path) -> None:
    case = Case("warm", "snapshots", prepare=estate_with(lambda vm: replace(vm, attributes={"guest": "none"})))
    fault = refused(case, tmp_path, "guest.no-system")
    assert "conversion: none" in fault.hint


def test_a_refusal_among_the_facts_keeps_its_code_and_text() -> None:
    vm = VM(source="s", id="1", name="db01")
    refuse(vm, {"conversion": {"mode": "full", "refusals": []}})
    refuse(vm, {})
    with pytest.raises(CheckFailed, match="db01: it is hibernated") as caught:
        refuse(vm, {"conversion": {"refusals": ["db01: it is hibernated", "db01: b"], "codes": ["guest.hibernated"]}})
    assert (caught.value.fault.code, caught.value.fault.exit_code) == ("guest.hibernated", 4)


def test_a_guest_s_key_goes_to_those_workers_that_look_into_it(tmp_path: Path) -> None:
    def locked(plan: VmPlan) -> VmPlan:
        return replace(plan, guest=GuestChoice(keys=(GuestKey(device="/dev/sda2", secret="file:k"),)))

    given: dict[str, dict[str, bytes]] = {}

    class Noting(MemoryTarget):
        async def start(self, task: Task, secrets: Mapping[str, bytes]) -> str:
            given[task.op] = dict(secrets)
            return await super().start(task, secrets)

    case = Case("cold", "snapshots", planned=locked, target=Noting)
    _, history = driven(case, tmp_path / "missing", "held")
    assert history.fault is not None
    assert (history.fault.code, given) == ("worker.secret", {})
    keys = {"guest-key-0": b"secret", "password": b"not for workers"}
    driven(replace(case, secrets=keys), tmp_path / "given")
    assert {op for op, secrets in given.items() if secrets == {"guest-key-0": b"secret"}} == {"inspect", "convert"}
    assert {op for op, secrets in given.items() if not secrets} == {"journal", "transfer", "verify"}
