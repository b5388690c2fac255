"""Whole moves into a cluster: a worker's Pod reads the vCenter and writes the claims, and the VM is made and boots from
them."""

import json
from pathlib import Path
from typing import Any

import pytest

from mtv.model.outcomes import Mark
from tests.e2e.kube import LAB, Harbour
from tests.e2e.test_vsphere_moves import most_at_once
from tests.e2e.vsphere import NAME, PATIENCE_S, content
from tests.guests.guests import Guest
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.pods import place
from tests.vcenter.guests import lay
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import VCenter

SPLIT = (
    "[{from: LocalDS_0, to: local-wffc, access: ReadWriteOnce, volume: Filesystem},"
    " {from: LocalDS_1, to: csi-wffc, access: ReadWriteOnce, volume: Block}]"
)

PLAIN = '[{from: "*", to: csi-wffc, access: ReadWriteOnce, volume: Filesystem}]'


@pytest.fixture
def harbour(vc: VCenter, kube: Namespace, worker_image: str, tmp_path: Path) -> Harbour:
    return Harbour.at(vc, kube, worker_image, tmp_path)


def test_disks_arrive_in_a_file_and_on_a_device_byte_for_byte(
    harbour: Harbour, kube: Namespace, vc: VCenter, admin: Any, tmp_path: Path
) -> None:
    make(admin, Wish("two", (24 * MIB, 9 * MIB), ("LocalDS_0", "LocalDS_1")))
    disks = [content(tmp_path / "a", 24, 1), content(tmp_path / "b", 9, 2)]
    fill(vc, "two", *disks)
    assert "two: probation in" in harbour.move(["two"], SPLIT)
    for index, disk in enumerate(disks):
        assert harbour.stored(f"two-disk{index}", disk.stat().st_size) == disk.read_bytes()
    assert harbour.vm("two")["spec"]["runStrategy"] == "Halted"
    assert [one["level"] for one in harbour.desk.rows("get", "receipts")] == ["read-back"]
    assert harbour.mtv("verify", "wave-1").stdout.count(" same ") == 2
    harbour.mtv("commit", "wave-1", "--yes")
    assert harbour.left() == {"two-disk0", "two-disk1"}, "of claims, Jobs, leases and Secrets"
    with place(kube, "two-disk1").open("r+b") as device:
        device.seek(5 * MIB)
        device.write(b"somebody else's")
    said = harbour.mtv("verify", "wave-1", code=4)
    assert (said.stdout.count(" same "), said.stdout.count(" differs ")) == (1, 1)
    assert harbour.left() == {"two-disk0", "two-disk1"}, "what that took is gone, too"
    harbour.leaves_nothing()


def test_a_worker_that_is_started_for_it_says_whether_nodes_reach_the_vcenter(harbour: Harbour) -> None:
    """The simulator's hosts are names that nobody serves; the vCenter answers Pods."""
    told = harbour.desk.mtv("check", "provider", NAME, "--from", LAB, "-o", "json")
    found = {one["name"]: one for one in json.loads(told.stdout)}
    assert found["worker"]["ok"], found
    assert "DC0_C0_H0:902: " in found["network"]["text"]
    assert f"{harbour.kube.cluster.expose(harbour.vc.port)}: " not in found["network"]["text"]
    assert harbour.left() == set()


@pytest.mark.appliance
def test_a_guest_that_ran_boots_from_its_claims_though_its_worker_was_killed(
    harbour: Harbour, vc: VCenter, admin: Any, fit_debian: Guest
) -> None:
    """It is shut down at the source, copied, looked into by a Pod, and started; the container is killed in between."""
    vm = lay(vc, admin, fit_debian, on=True, datastores=("LocalDS_0", "LocalDS_1"))
    machine = '{add_labels: {fakes.test/boot: "true"}, cpu: shared}'
    keys = harbour.into(SPLIT, machine=machine, guest="{conversion: auto, agent: none}", start="always",
                        limits="{bytes_per_second: 40M}")  # fmt: skip
    harbour.mtv("refresh", NAME)
    with harbour.running(harbour.plan([fit_debian.name], **keys)) as engine:
        harbour.kill_container("transfer-1")
        said = engine.communicate(timeout=PATIENCE_S)[0]
    assert engine.returncode == 0, said
    assert ": probation in" in said
    steps = [one for one in harbour.rows("wave-1") if one.step == "transfer"]
    assert [one.mark for one in steps] == [Mark.BEGIN, Mark.AGAIN, Mark.BEGIN, Mark.DONE]
    assert vm.runtime.powerState == "poweredOff"
    assert harbour.seen(fit_debian.name) == f"login prompt of {fit_debian.hostname}"
    harbour.kube.api.delete(VMS, harbour.kube.name, fit_debian.name)
    vc.expire()  # a worker that is killed cannot log out
    harbour.leaves_nothing()


@pytest.mark.slow
def test_ten_vms_keep_to_their_limits_and_go_on_after_their_engine_died(
    harbour: Harbour, vc: VCenter, admin: Any, tmp_path: Path
) -> None:
    names = [f"many-{number}" for number in range(10)]
    disk = content(tmp_path / "disk", 2, 3)
    for name in names:
        make(admin, Wish(name, (2 * MIB,)))
        fill(vc, name, disk)
    harbour.mtv("refresh", NAME)
    plan = harbour.plan(names, **harbour.into(PLAIN, limits="{per_datastore: 3}", probation_h="0"))
    with harbour.running(plan) as engine:
        harbour.kill_container("transfer-1")
        engine.kill()
        engine.wait()
    harbour.go_on(plan)
    assert {one["state"] for one in harbour.desk.rows("get", "migrations")} == {"done"}
    steps = [one for one in harbour.desk.rows("get", "steps") if one["step"] == "transfer"]
    assert most_at_once(steps) <= 3
    for name in names:
        assert harbour.stored(f"{name}-disk0", disk.stat().st_size) == disk.read_bytes()
    vc.expire()  # who is killed cannot log out
    harbour.leaves_nothing()
