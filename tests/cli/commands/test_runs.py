"""What `status` says: of each VM, and of each of its disks."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from mtv.cli import cli
from mtv.verbs.showing import seeing
from mtv.verbs.showing.views import DiskView, MigrationView, RunView
from tests.cli.sandbox import Sandbox

MIB = 1 << 20
ONE = DiskView(disk="vmdisk1", phase="copy", done_bytes=MIB, total_bytes=4 * MIB, rate_bytes_per_s=MIB, eta_s=3.0)
TWO = replace(ONE, disk="vmdisk2", total_bytes=0, counted=False, rate_bytes_per_s=None, eta_s=None)
VIEW = RunView(name="demo-1", plan="demo", state="running", engine="process 7 on h", migrations=(MigrationView(
    run="demo-1", vm="s/1", name="db01", state="running", step="transfer", title="copy the disks", number=5, steps=8,
    done_bytes=2 * MIB, rate_bytes_per_s=2.0 * MIB, disks=(ONE, TWO)),))  # fmt: skip


def status(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr(seeing, "view", lambda run: VIEW)
    monkeypatch.setattr(seeing, "overview", lambda: [VIEW])
    return CliRunner().invoke(cli, ["status", *words], catch_exceptions=False).stdout


def test_a_wide_status_of_one_run_has_a_line_for_each_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    head, vm, one, two = status(monkeypatch, "demo-1", "-o", "wide").splitlines()
    assert "copy the disks" in vm
    assert one.split() == ["vmdisk1", "25%", "of", "4.0", "MiB", "1.0", "MiB/s", "3", "s"]
    assert two.split() == ["vmdisk2", "1.0", "MiB", "so", "far"]
    assert one.index("vmdisk1") == head.index("VM") + 2
    for words in (["demo-1"], ["-o", "wide"]):
        assert "vmdisk1" not in status(monkeypatch, *words)


def test_data_has_the_disks_of_each_vm(moved: Sandbox) -> None:
    [row] = moved.rows("status", "demo-1")
    disks = row["disks"]
    assert isinstance(disks, list)
    size = row["total_bytes"]
    assert disks == [
        {"disk": "vmdisk1", "phase": "verify", "percent": 100, "done_bytes": size, "total_bytes": size,
         "rate_bytes_per_s": None, "eta_s": None},
    ]  # fmt: skip
