"""Whole moves off a vCenter: a running guest is shut down, fenced, copied, converted, and boots; others move as they
are, by each way, and are compared byte for byte."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask

from mtv.providers.vsphere.rights.roles import EXPORT, FOLDER, Role
from tests.e2e.moving import Row
from tests.e2e.vsphere import NAME, SECRETS, Yard, content, picture
from tests.guests.guests import Guest
from tests.planted import leaks, watched_argv
from tests.vcenter.guests import lay
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import ADMIN, COPY, PASSWORDS, VCenter


@pytest.fixture
def yard(vc: VCenter, tmp_path: Path) -> Iterator[Yard]:
    made = Yard.of(vc, tmp_path)
    yield made
    made.leaves_nothing()


@pytest.fixture(scope="module")
def converted(
    one_vcenter: VCenter, debian: Guest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Yard, Any]]:
    """The guest that boots only on VMware's controller ran there, and was moved: its yard, and its VM at the source."""
    one_vcenter.settle()
    with one_vcenter.connected() as service:
        vm = lay(one_vcenter, service, debian, on=True, datastores=("LocalDS_0", "LocalDS_1"))
        yard = Yard.of(one_vcenter, tmp_path_factory.mktemp("vsphere"))
        yard.run([debian.name], guest="{conversion: auto, agent: install, addresses: keep}")
        yield yard, vm
        WaitForTask(vm.Destroy_Task())


@pytest.mark.appliance
@pytest.mark.conversion("vsphere-guest")
class TestARunningGuest:
    def test_is_off_and_out_of_the_way_at_its_source(self, converted: tuple[Yard, Any], debian: Guest) -> None:
        _, vm = converted
        assert vm.runtime.powerState == "poweredOff"
        assert vm.name != debian.name
        assert "wave-1" in vm.name
        assert not vm.snapshot

    def test_boots_with_all_that_it_had(self, converted: tuple[Yard, Any], debian: Guest) -> None:
        yard, _ = converted
        rows: list[Row] = yard.desk.rows("boot", str(yard.desk.bundle(debian.name)))
        told = {str(row["what"]): row for row in rows}
        assert told["host name"]["after"] == debian.hostname
        assert told[f"{debian.interface} addresses"]["after"] == debian.address
        assert told["network cards"]["after"] == debian.mac
        assert [row for row in rows if row["verdict"] == "different"] == []

    def test_has_a_receipt_that_holds(self, converted: tuple[Yard, Any]) -> None:
        yard, _ = converted
        assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}

    def test_leaves_nothing_at_the_server(self, converted: tuple[Yard, Any]) -> None:
        converted[0].leaves_nothing()


@pytest.mark.parametrize("role", [FOLDER, EXPORT], ids=lambda role: str(role.name))
def test_disks_on_two_datastores_arrive_byte_for_byte(vc: VCenter, admin: Any, tmp_path: Path, role: Role) -> None:
    """By the way that the second account's rights allow."""
    yard, name, folder = Yard.of(vc, tmp_path, role), f"two-{role.name}", tmp_path
    make(admin, Wish(name, (24 * MIB, 9 * MIB), ("LocalDS_0", "LocalDS_1")))
    disks = [content(folder / "a", 24, 1), content(folder / "b", 9, 2)]
    fill(vc, name, *disks)
    yard.run([name])
    for index, disk in enumerate(disks):
        assert (yard.desk.bundle(name) / f"disk{index}.raw").read_bytes() == disk.read_bytes()
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}


def test_a_plan_says_by_which_way_and_its_receipt_has_the_servers_checksum(
    vc: VCenter, admin: Any, tmp_path: Path
) -> None:
    yard = Yard.of(vc, tmp_path, replace(FOLDER, rights=(*FOLDER.rights, *EXPORT.rights)))
    make(admin, Wish("worded", (9 * MIB,)))
    disk = content(tmp_path / "disk", 9, 6)
    fill(vc, "worded", disk)
    yard.run(["worded"], read="export")
    bundle = yard.desk.bundle("worded")
    assert (bundle / "disk0.raw").read_bytes() == disk.read_bytes()
    receipt = json.loads((bundle / "receipt.json").read_text())
    assert receipt["level"] == "read-back, source checksum"
    [check] = receipt["facts"]["checks"].values()
    assert check["algorithm"] == "sha256"


def test_a_vm_with_snapshots_moves_as_it_is_now(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    yard = Yard.of(vc, tmp_path, EXPORT)
    vm = make(admin, Wish("layered"))
    old, new = content(yard.desk.folder / "old", 8, 3), content(yard.desk.folder / "new", 8, 4)
    fill(vc, "layered", old)
    WaitForTask(vm.CreateSnapshot_Task("before the patch", "", memory=False, quiesce=False))
    fill(vc, "layered", new)
    yard.run(["layered"])
    assert (yard.desk.bundle("layered") / "disk0.raw").read_bytes() == new.read_bytes()
    assert [one.name for one in vm.snapshot.rootSnapshotList] == ["before the patch"]


def test_the_source_of_a_move_that_is_done_is_given_back_as_it_was(vc: VCenter, admin: Any, yard: Yard) -> None:
    """It runs again, under its name, with its cards; what was moved stays until it is purged."""
    vm = make(admin, Wish("wanted-back"))
    disk = content(yard.desk.folder / "disk", 8, 8)
    fill(vc, "wanted-back", disk)
    WaitForTask(vm.PowerOnVM_Task())
    before = picture(vm)
    yard.run(["wanted-back"])
    assert "(mtv-wave-1~" in vm.name
    assert "rolled-back" in yard.mtv("rollback", "wave-1", "--yes").stderr
    assert picture(vm) == before
    bundle = yard.desk.bundle("wanted-back")
    assert (bundle / "disk0.raw").read_bytes() == disk.read_bytes()
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}
    yard.mtv("purge", "wave-1", "--yes")
    assert not bundle.exists()


def test_a_template_moves(vc: VCenter, admin: Any, yard: Yard) -> None:
    vm = make(admin, Wish("golden"))
    disk = content(yard.desk.folder / "golden", 8, 5)
    fill(vc, "golden", disk)
    vm.MarkAsTemplate()
    yard.run(["golden"])
    assert (yard.desk.bundle("golden") / "disk0.raw").read_bytes() == disk.read_bytes()


@pytest.mark.slow
def test_twenty_vms_keep_to_their_limits(vc: VCenter, admin: Any, yard: Yard) -> None:
    names = [f"many-{number:02d}" for number in range(20)]
    for number, name in enumerate(names):
        make(admin, Wish(name, (MIB,), (f"LocalDS_{number % 2}",)))
    yard.run(names, limits="{per_host: 3, per_datastore: 2}")
    steps = [one for one in yard.desk.rows("get", "steps") if one["step"] == "transfer"]
    assert len(steps) == 20
    assert most_at_once(steps) == 3
    for number in range(2):
        assert most_at_once([one for one in steps if int(str(one["vm"])[-2:]) % 2 == number]) <= 2


def most_at_once(steps: list[Row]) -> int:
    moments = sorted([(str(one["at"]), 1) for one in steps] + [(str(one["ended_at"]), -1) for one in steps])
    running = most = 0
    for _, change in moments:
        running += change
        most = max(most, running)
    return most


def test_a_vm_without_a_way_is_refused_while_it_runs(vc: VCenter, admin: Any, tmp_path: Path) -> None:
    vm = make(admin, Wish("nowhere", (MIB,)))
    WaitForTask(vm.PowerOnVM_Task())
    yard = Yard.of(vc, tmp_path, Role("none", "copy", "nothing", ()))
    before = picture(vm)
    said = yard.run(["nowhere"], code=4)
    assert "the copy account lacks" in said
    assert picture(vm) == before


@pytest.mark.slow
@pytest.mark.parametrize("role", [FOLDER, EXPORT], ids=lambda role: str(role.name))
def test_passwords_are_nowhere(vc: VCenter, admin: Any, tmp_path: Path, role: Role) -> None:
    make(admin, Wish(f"quiet-{role.name}"))
    yard = Yard.of(vc, tmp_path, role)
    with watched_argv(PASSWORDS[ADMIN], PASSWORDS[COPY]) as seen:
        yard.run([f"quiet-{role.name}"])
    assert seen == []
    for user in (ADMIN, COPY):
        assert leaks(tmp_path, PASSWORDS[user], SECRETS) == []


def test_the_estate_is_where_the_plan_comes_from(vc: VCenter, admin: Any, yard: Yard) -> None:
    make(admin, Wish("planned", (MIB,)))
    yard.mtv("refresh", NAME)
    plan = yard.desk.folder / "made.yaml"
    yard.mtv("create", "plan", str(plan), "--from", NAME, "--to", "bundle:out", "--where", "name = 'planned'")
    yard.mtv("lint", str(plan))
    yard.plan(["planned"], journey="warm")
    assert "cannot be moved warm yet" in yard.mtv("lint", "plan.yaml", code=2).stdout
