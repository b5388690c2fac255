"""Systems that cannot be had here, moved as far as their files go."""

import subprocess
from pathlib import Path

import guestfs
import pytest

from mtv.model.outcomes import Mark
from tests.e2e.counting import counted
from tests.e2e.moving import Desk
from tests.e2e.struck import STRIKES, again, move
from tests.e2e.yard import MIB, stored_bytes
from tests.guests.guests import Guest

pytestmark = pytest.mark.appliance


def test_rhel_gets_its_initramfs_rebuilt_with_virtio(phony_rhel: Guest, phony_rhel_ova: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    plan = desk.write_plan(phony_rhel_ova, phony_rhel.name, "{conversion: full, agent: none, addresses: leave}")
    done = desk.mtv("run", str(plan))
    assert done.returncode == 0, done.stderr
    handle = guestfs.GuestFS(python_return_dict=True)
    handle.add_drive_opts(str(desk.bundle(phony_rhel.name) / "disk0.raw"), readonly=True, format="raw")
    handle.launch()
    handle.mount_ro("/dev/sda1", "/")
    calls = handle.cat("/tmp/phony.log")
    handle.close()
    assert "dracut" in calls
    assert "virtio_blk" in calls


def test_windows_without_drivers_is_refused_before_anything_is_changed(
    phony_windows: Guest, phony_windows_ova: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTIO_WIN", str(tmp_path / "none"))
    desk = Desk(tmp_path)
    plan = desk.write_plan(phony_windows_ova, phony_windows.name, "{conversion: auto, addresses: leave}")
    done = desk.mtv("run", str(plan))
    assert done.returncode == 4, done.stderr
    assert "virtio-win" in done.stdout + done.stderr
    assert not desk.bundle(phony_windows.name).exists()


def test_it_does_though_whatever_looks_into_it_or_converts_it_is_killed(phony_rhel: Guest, tmp_path: Path) -> None:
    struck = move(tmp_path, phony_rhel)
    counted("guest", struck.hit)
    yard = struck.yard
    assert yard.state() == "done"
    calls = subprocess.run(
        ["debugfs", "-R", "cat /tmp/phony.log", f"{yard.disk()}?offset={MIB}"], capture_output=True, text=True
    ).stdout
    assert "dracut" in calls
    assert "virtio_blk" in calls
    assert yard.copied() == {disk: table.root() for disk, table in yard.sources().items()}
    assert yard.facts("transfer")["written_bytes"] == stored_bytes(yard.package / "web-disk1.raw"), "nothing twice"
    assert [row.step for row in yard.rows() if row.mark is Mark.DONE].count("transfer") == 1
    assert len(again(yard)) >= len(struck.hit) == len(STRIKES)
    yard.mtv("verify", "wave-1")
    assert yard.left_behind() == []
