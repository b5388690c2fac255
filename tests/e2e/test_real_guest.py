"""The Debian that boots only on VMware's controller becomes a guest that boots on KVM's, the same in all it says."""

import hashlib
from pathlib import Path

import pytest

from mtv.words import size
from tests.e2e.moving import Desk, Row
from tests.guests import vmware
from tests.guests.guests import Guest

pytestmark = [pytest.mark.appliance, pytest.mark.conversion("real-guest")]


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@pytest.fixture(scope="module")
def moved(debian: Guest, debian_ova: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """One move for all tests here, the OVA being as it was afterwards."""
    desk = Desk(tmp_path_factory.mktemp("real-guest"))
    before = sha256(debian_ova)
    plan = desk.write_plan(debian_ova, debian.name, "{conversion: auto, agent: install, addresses: keep}")
    done = desk.mtv("run", str(plan))
    assert done.returncode == 0, done.stderr
    assert sha256(debian_ova) == before
    return desk


@pytest.fixture(scope="module")
def booted(moved: Desk, debian: Guest) -> dict[str, Row]:
    """What mtv boot compared, by its name."""
    rows = moved.rows("boot", str(moved.bundle(debian.name)))
    return {str(row["what"]): row for row in rows}


def test_it_was_converted_because_its_initramfs_had_to_be(moved: Desk, debian: Guest) -> None:
    told = moved.mtv("describe", "vm", debian.name).stdout
    assert "conversion: full" in told
    assert "virtio_blk" in told


def test_a_bundle_holds_what_it_should_and_nothing_else(moved: Desk, debian: Guest) -> None:
    bundle = moved.bundle(debian.name)
    assert sorted(file.name for file in bundle.iterdir()) == [
        "README.txt", "disk0.raw", "disk1.raw", "receipt.hashes", "receipt.json", "vm.yaml",
    ]  # fmt: skip
    assert [file.name for file in bundle.parent.iterdir()] == [debian.name]
    for disk, original in zip(("disk0.raw", "disk1.raw"), debian.disks, strict=True):
        assert (bundle / disk).stat().st_size == original.stat().st_size
        assert (bundle / disk).stat().st_blocks < original.stat().st_size // 512  # holes stayed holes


def test_the_receipt_holds_and_finds_one_flipped_bit(moved: Desk, debian: Guest) -> None:
    bundle = moved.bundle(debian.name)
    assert moved.mtv("verify", "move-1").returncode == 0
    for disk, offset in (("disk0.raw", 5 << 20), ("disk1.raw", (200 << 20) + 12345)):
        with (bundle / disk).open("r+b") as file:
            file.seek(offset)
            was = file.read(1)
            file.seek(offset)
            file.write(bytes([was[0] ^ 4]))
            file.flush()
            found = moved.mtv("verify", str(bundle / "receipt.json"))
            file.seek(offset)
            file.write(was)
        assert found.returncode == 4
        assert disk in found.stdout + found.stderr
    assert moved.mtv("verify", "move-1").returncode == 0


def test_the_second_run_changes_nothing(moved: Desk, debian: Guest) -> None:
    before = {file: file.stat().st_mtime_ns for file in moved.bundle(debian.name).iterdir()}
    done = moved.mtv("run", "plan.yaml")
    assert done.returncode == 0
    assert "ended already" in done.stderr
    assert {file: file.stat().st_mtime_ns for file in moved.bundle(debian.name).iterdir()} == before


def test_it_boots_and_nothing_that_is_known_differs(booted: dict[str, Row]) -> None:
    assert len(booted) >= 8
    assert [row for row in booted.values() if row["verdict"] == "different"] == []


def test_it_says_of_itself_what_the_source_said(booted: dict[str, Row], debian: Guest, tmp_path: Path) -> None:
    """The source, run once as VMware does, supplies what is expected."""
    with vmware.running(debian, tmp_path) as machine:
        assert machine.boots()
        name, network = machine.ask("guest-get-host-name"), machine.ask("guest-network-get-interfaces")
        file_systems, routes = machine.ask("guest-get-fsinfo"), machine.run("ip", "-j", "-4", "route")
        disks = vmware.disks(machine.run("lsblk", "-J", "-b", "-o", "NAME,TYPE,SIZE,UUID,MOUNTPOINT,HCTL"))
    after = {what: str(row["after"]) for what, row in booted.items()}
    assert name == {"host-name": after["host name"]}
    for interface, addresses in vmware.addresses(network).items():
        assert after[f"{interface} addresses"] == ", ".join(addresses)
    assert after["route default"] == f"via {' '.join(vmware.gateways(routes))}" == f"via {debian.gateway}"
    assert isinstance(file_systems, list)
    mounts = {one["mountpoint"] for one in file_systems if isinstance(one, dict)}
    assert mounts == {what.removeprefix("mount ") for what in booted if what.startswith("mount ")}
    assert len(disks) == len(debian.disks) == sum(what.startswith("disk ") for what in booted)
    for number, (size_bytes, mounted) in enumerate(disks):
        assert after[f"disk {number}"].endswith(f" {size(size_bytes)}"), "the disks stand in the same order"
        for place, uuid in mounted.items():
            assert f"UUID={uuid}" in after[f"mount {place}"]
