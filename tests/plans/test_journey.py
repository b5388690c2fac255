"""The table of a VM's way: its names, its rows, and what is left out where an end cannot do it."""

import asyncio
import inspect
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.model.plans import GuestChoice, VmPlan
from mtv.plans.journey import COLD, WARM, possible
from mtv.providers.base import capabilities
from tests.crash.boundaries import Boundaries, ended, in_state
from tests.crash.cases import PROBATION
from tests.crash.keeping import NOT_TODAY, Keeping, fails, with_snapshot
from tests.crash.pair import POLICY, Case, Pair
from tests.plans.way.made import driven, estate_with, ran

POWER = ("power", "fence", "unfence")
STARTS = ("start_machine", "stop_machine", "guest")


def kept(pair: Pair) -> list[str]:
    target = pair.target()
    assert isinstance(target, Keeping)
    return target.kept()


def test_the_names_of_the_steps_are_what_old_rows_say() -> None:
    assert [step.name for step in COLD] == [
        "check", "inspect", "create-volumes", "worker-ready", "power-off", "fence", "transfer", "verify", "convert",
        "create-vm", "start", "verify-guest", "snapshot", "accept", "purge",
    ]  # fmt: skip
    assert [step.name for step in WARM] == [
        "check", "inspect", "track", "create-volumes", "worker-ready", "freeze", "copy", "verify-pass", "release",
        "pause", "wait-cutover", "power-off", "fence", "last-delta", "verify", "convert", "create-vm", "start",
        "verify-guest", "snapshot", "accept", "purge",
    ]  # fmt: skip


def test_cold_and_warm_share_their_rows() -> None:
    cold, warm = ({step.name: step for step in table} for table in (COLD, WARM))
    assert all(cold[name] is warm[name] for name in cold.keys() & warm.keys())
    assert cold.keys() - warm.keys() == {"transfer"}


@pytest.mark.parametrize("step", {step.name: step for step in (*COLD, *WARM)}.values(), ids=lambda step: step.name)
def test_each_step_says_what_is_true_before_and_after_and_what_a_person_undoes(step: object) -> None:
    row = next(row for row in (*COLD, *WARM) if row is step)
    told = inspect.getdoc(row.run) or ""
    assert told.startswith("Before: ")
    assert " After: " in told.replace("\n", " ")
    assert len(inspect.getsource(row.run).splitlines()) <= 25
    working = row.undo is not None and row.undo.__name__ == "undo_work"
    assert (row.undo is None or working) == (row.by_hand == ""), "an undo that can fail has words for a person"


@pytest.mark.parametrize("kind", ["cold", "warm"])
def test_a_source_without_power_is_left_alone(kind: str, tmp_path: Path) -> None:
    pair, _ = driven(Case(kind, "snapshots", without=POWER), tmp_path)
    assert not {"power-off", "fence"} & set(ran(pair))
    assert {"create-vm", "start"} < set(ran(pair))


def test_a_target_that_cannot_start_starts_nothing(tmp_path: Path) -> None:
    pair, _ = driven(Case("cold", "snapshots", without=STARTS), tmp_path)
    assert not {"start", "verify-guest"} & set(ran(pair))
    assert asyncio.run(pair.target().machine("vm001")).state == "halted"


def test_a_source_that_cannot_tell_changes_is_not_tracked(tmp_path: Path) -> None:
    pair, _ = driven(Case("warm", "streams"), tmp_path)
    assert "track" not in ran(pair)


def test_an_explicit_none_looks_into_nothing(tmp_path: Path) -> None:
    def none(plan: VmPlan) -> VmPlan:
        return replace(plan, guest=GuestChoice(conversion="none"))

    pair, history = driven(Case("cold", "snapshots", planned=none), tmp_path)
    assert not {"inspect", "convert"} & set(ran(pair))
    assert history.of("verify-guest") == {"guest": "unknown"}
    for stored in pair.target().volumes.all():
        assert not any(run.stamp.startswith("full/") for run in stored.content.runs)


@pytest.mark.parametrize(("start", "power", "runs"), [
    ("as_source", "on", True), ("as_source", "off", False), ("always", "off", True), ("never", "on", False),
])  # fmt: skip
def test_the_machine_starts_as_the_plan_says(start: str, power: str, runs: bool, tmp_path: Path) -> None:
    def planned(plan: VmPlan) -> VmPlan:
        return replace(plan, start=start)  # type: ignore[arg-type]

    case = Case("cold", "snapshots", planned=planned, prepare=estate_with(lambda vm: replace(vm, power=power)))
    pair, _ = driven(case, tmp_path)
    assert ("start" in ran(pair)) is runs
    assert (asyncio.run(pair.target().machine("vm001")).state == "running") is runs


@pytest.mark.parametrize(("start", "power", "taken"), [
    ("as_source", "on", True), ("as_source", "off", False), ("always", "off", True), ("never", "on", False),
])  # fmt: skip
def test_a_snapshot_is_taken_of_what_ran_and_only_where_it_is_asked(
    start: str, power: str, taken: bool, tmp_path: Path
) -> None:
    def planned(plan: VmPlan) -> VmPlan:
        return replace(with_snapshot(plan), start=start)  # type: ignore[arg-type]

    prepare = estate_with(lambda vm: replace(vm, power=power))
    pair, _ = driven(Case("cold", "snapshots", planned=planned, prepare=prepare, target=Keeping), tmp_path / "asked")
    assert ("snapshot" in ran(pair)) is taken
    assert kept(pair) == (["vm001-first-boot"] if taken else [])
    other, _ = driven(Case("cold", "snapshots", prepare=prepare, target=Keeping), tmp_path / "not")
    assert "snapshot" not in ran(other)


def test_it_comes_after_the_guest_was_asked_and_stays_when_the_move_is_accepted(tmp_path: Path) -> None:
    pair, history = driven(Case("warm", "snapshots", planned=with_snapshot, target=Keeping), tmp_path)
    steps = ran(pair)
    assert steps[steps.index("verify-guest") :] == ["verify-guest", "snapshot", "accept"]
    assert history.of("snapshot") == {"snapshot": "vm001-first-boot"}
    assert kept(pair) == ["vm001-first-boot"]


@pytest.mark.parametrize(("state", "left"), [("probation", []), ("done", ["vm001-first-boot"])])
def test_it_goes_with_a_move_that_is_taken_back_but_not_with_one_that_was_accepted(
    state: str, left: list[str], tmp_path: Path
) -> None:
    policy = PROBATION if state == "probation" else POLICY
    case = Case("cold", "snapshots", asks=[("rollback", in_state(state))], policy=policy, planned=with_snapshot,
                target=Keeping)  # fmt: skip
    pair, _ = driven(case, tmp_path, "rolled-back")
    assert kept(pair) == left
    assert asyncio.run(pair.target().machine("vm001")).state == "halted"
    pair.rows.ask("purge")
    pair.drive()
    assert asyncio.run(pair.target().machine("vm001")).state == "absent"


def test_one_that_fails_holds_the_migration_and_is_taken_when_it_goes_on(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", planned=with_snapshot, target=Keeping, prepare=fails("take_snapshot"))
    pair, _ = driven(case, tmp_path, "held")
    assert asyncio.run(pair.target().machine("vm001")).state == "running", "nothing is undone by itself"
    pair.target().faults.demand()
    pair.rows.ask("run")
    assert pair.drive() == "done"
    assert kept(pair) == ["vm001-first-boot"]


@pytest.mark.parametrize("call", ["can_snapshot", "take_snapshot"])
def test_a_plan_that_accepts_it_goes_on_without(call: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def planned(plan: VmPlan) -> VmPlan:
        return replace(with_snapshot(plan), accept=("manifest.snapshot",))

    case = Case("cold", "snapshots", planned=planned, target=Keeping, prepare=fails(call))
    pair, history = driven(case, tmp_path)
    assert (history.of("snapshot") == {"failed": NOT_TODAY}) is (call == "take_snapshot")
    assert f"vm001: {NOT_TODAY}" in caplog.text


def test_disks_without_snapshots_are_refused_before_anything_is_changed(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", planned=with_snapshot, target=Keeping, prepare=fails("can_snapshot"))
    pair, _ = driven(case, tmp_path, "refused")
    assert ran(pair) == []
    case = Case("cold", "snapshots", planned=lambda plan: replace(with_snapshot(plan), start="never"),
                target=Keeping, prepare=fails("can_snapshot"))  # fmt: skip
    driven(case, tmp_path / "never")


def untouched(plan: VmPlan) -> VmPlan:
    return replace(plan, guest=GuestChoice(conversion="none"), start="never")


@pytest.mark.parametrize(
    "case",
    [
        Case("cold", "snapshots"),
        Case("cold", "streams", planned=untouched),
        Case("cold", "snapshots", without=POWER + STARTS),
        Case("warm", "streams"),
        Case("warm", "snapshots", without=STARTS),
        Case("cold", "snapshots", planned=with_snapshot, target=Keeping),
        Case("cold", "snapshots", planned=with_snapshot),
    ],
    ids=lambda case: f"{case.kind} {case.flavour} without {'-'.join(case.without)}",
)
def test_what_a_run_leaves_out_from_the_start_is_just_what_its_ends_never_do(case: Case, tmp_path: Path) -> None:
    pair, _ = driven(case, tmp_path)
    world = pair.world(Boundaries(), pair.rows)
    steps = possible(pair.plan(), capabilities(world.source), capabilities(world.target))
    journey = [step.name for step in (WARM if case.kind == "warm" else COLD) if step.on == "run"]
    assert [step.name for step in steps] == [name for name in journey if name in ran(pair)]


def test_a_vm_that_was_off_stays_off_when_it_is_put_back(tmp_path: Path) -> None:
    case = Case("cold", "snapshots", asks=[("cancel", ended("fence"))],
                prepare=estate_with(lambda vm: replace(vm, power="off")))  # fmt: skip
    pair, _ = driven(case, tmp_path, "cancelled")
    assert asyncio.run(pair.source().vm("vm-1")).power == "off"
    assert asyncio.run(pair.source().vm("vm-1")).name == "vm001"


@pytest.mark.parametrize("end", ["done", "cancelled"])
def test_tracking_that_was_on_stays_on(end: str, tmp_path: Path) -> None:
    def track(pair: Pair) -> None:
        vm = pair.source().estate.vms[0]
        source = pair.source()
        source._put(vm, replace(source._state(vm), tracking=True, epoch=1))

    asks = [("cancel", ended("fence", 2))] if end == "cancelled" else []
    pair, _ = driven(Case("warm", "snapshots", asks=asks, prepare=track), tmp_path, end)
    state = pair.source()._states.get(pair.source().estate.vms[0])
    assert (state.tracking, state.tracking_is_ours) == (True, False)
