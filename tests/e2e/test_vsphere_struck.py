"""kill -9 of the engine while a disk is copied off a vCenter, by each way, and while a guest is looked into or
converted: the next `mtv run` ends the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyVim.task import WaitForTask
from pyVmomi import vim

from mtv import process
from mtv.providers.vsphere.rights.roles import EXPORT, FOLDER, VDDK
from tests.e2e.struck import is_at_work
from tests.e2e.vsphere import Engine, Yard, content, picture, shelve
from tests.e2e.yard import program_of
from tests.guests.guests import Guest
from tests.providers.vsphere.ways.served.sshd import USER, Sshd, sshd
from tests.vcenter.guests import lay
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import PASSWORDS, Setup, VCenter, vcenter

ALL = replace(FOLDER, rights=tuple({one.privilege: one for of in (VDDK, FOLDER, EXPORT) for one in of.rights}.values()))
SLOW = "{bytes_per_second: 8M}"
TIMES = 2  # one engine after another


def kill_in_copy(yard: Yard, name: str) -> None:
    """Once some of the disk is at the target."""
    disk, engine = yard.desk.bundle(name) / "disk0.raw", Engine.of(yard)
    begun = disk.stat().st_blocks if disk.exists() else 0
    assert engine.kill_when("more is copied", lambda: disk.exists() and disk.stat().st_blocks > begun), (
        "it ended before"
    )


def arrives(yard: Yard, name: str, **keys: str) -> None:
    """Killed in its copy again and again, and there at last."""
    yard.plan([name], limits=SLOW, **keys)
    for _ in range(TIMES):
        kill_in_copy(yard, name)
    yard.go_on(yard.desk.folder / "plan.yaml")
    assert (yard.desk.bundle(name) / "disk0.raw").read_bytes() == (yard.desk.folder / "disk").read_bytes()
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-1")} == {"same"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["vddk", "folder", "export"])
def test_a_copy_that_is_killed_by_that_way(
    vc: VCenter, admin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    vc.timings(lease_ms=3000)  # of an engine that died it ends by this
    yard, name = Yard.of(vc, tmp_path, ALL), f"struck-{way}"
    vm = make(admin, Wish(name, (24 * MIB,)))
    fill(vc, name, content(tmp_path / "disk", 24, 7))
    monkeypatch.setenv("MTV_VDDK", str(shelve(vc, vm, tmp_path / "vddk").folder))
    WaitForTask(vm.PowerOnVM_Task())
    yard.mtv("refresh", "vc01")
    arrives(yard, name, read=way)
    assert vm.runtime.powerState == "poweredOff"
    assert not vm.snapshot
    vc.expire()
    yard.leaves_nothing()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[VCenter, Sshd]]:
    """An ESXi alone, and its SSH server."""
    word = "esxi's secret"
    setup = Setup(kind="esxi", model={}, accounts={**PASSWORDS, USER: word})
    with vcenter(tmp_path / "alone", setup) as alone, sshd(tmp_path / "esxi", word.encode()) as server:
        monkeypatch.setenv("MTV_SSH_PORT", str(server.port))
        monkeypatch.setenv("MTV_SSH_KEY", str(server.key))
        monkeypatch.setenv("MTV_SSH_KNOWN_HOSTS", str(server.known_hosts))
        yield alone, server


@pytest.mark.slow
def test_a_copy_that_is_killed_by_ssh(host: tuple[VCenter, Sshd], tmp_path: Path) -> None:
    alone, server = host
    (tmp_path / "desk").mkdir()
    yard, name = Yard.of(alone, tmp_path / "desk", FOLDER, copier=USER), "struck-ssh"
    with alone.connected() as service:
        vm = make(service, Wish(name, (24 * MIB,)))
        fill(alone, name, content(yard.desk.folder / "disk", 24, 7))
        (stored,) = alone.disks(vm._moId)
        disks: list[Any] = [one for one in vm.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk)]
        server.offer(disks[0].backing.fileName.replace(".vmdk", "-flat.vmdk"), stored.path)
        WaitForTask(vm.PowerOnVM_Task())
        yard.mtv("refresh", "vc01")
        arrives(yard, name, read="ssh")
        assert vm.runtime.powerState == "poweredOff"
    assert f"Accepted publickey for {USER}" in server.log
    alone.expire()
    yard.leaves_nothing()


@pytest.mark.appliance
@pytest.mark.slow
def test_a_guest_that_is_looked_into_and_converted_by_engines_that_die(
    vc: VCenter, admin: Any, phony_debian: Guest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs, and is read by VMware's library: so there is a snapshot while it is looked into."""
    yard = Yard.of(vc, tmp_path, VDDK)
    vm = lay(vc, admin, phony_debian, on=True)
    monkeypatch.setenv("MTV_VDDK", str(shelve(vc, vm, tmp_path / "vddk").folder))
    before = picture(vm)
    yard.mtv("refresh", "vc01")
    yard.plan([phony_debian.name], guest="{conversion: full, agent: none, addresses: leave}")
    assert Engine.of(yard).kill_when("its point", lambda: vm.snapshot)
    yard.mtv("cancel", "wave-1", "--yes")
    assert picture(vm) == before, "undone"
    assert Engine.of(yard, "wave-2").kill_when("its point", lambda: vm.snapshot)
    converting = Engine.of(yard, "wave-2")
    assert converting.kill_when("its conversion", lambda: converting.has("convert") and at_work(converting))
    assert not vm.snapshot, "the point was found again, and dropped"
    yard.go_on(yard.desk.folder / "plan.yaml")
    assert {row["verdict"] for row in yard.desk.rows("verify", "wave-2")} == {"same"}
    assert vm.runtime.powerState == "poweredOff"
    vc.expire()
    yard.leaves_nothing()


def at_work(engine: Engine) -> bool:
    pids = process.descendants(engine.child.pid)
    return any(program_of(pid).startswith("qemu-system") and is_at_work(pid) for pid in pids)
