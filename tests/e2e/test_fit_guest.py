"""A guest that is fit for virtio already is found to be so, and moved without a byte changed."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.moving import Desk
from tests.guests.guests import Guest

pytestmark = pytest.mark.appliance


def test_auto_leaves_a_fit_guest_alone_and_it_boots(fit_debian: Guest, fit_ova: Path, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    plan = desk.write_plan(fit_ova, fit_debian.name, "{conversion: auto, agent: none, addresses: keep}")
    done = desk.mtv("run", str(plan))
    assert done.returncode == 0, done.stderr
    assert "conversion: none" in desk.mtv("describe", "vm", fit_debian.name).stdout
    for disk, original in zip(("disk0.raw", "disk1.raw"), fit_debian.disks, strict=True):
        compare = ["cmp", str(desk.bundle(fit_debian.name) / disk), str(original)]
        assert subprocess.run(compare, check=False).returncode == 0
    rows = {row["what"]: row for row in desk.rows("boot", str(desk.bundle(fit_debian.name)))}
    assert rows["host name"]["after"] == fit_debian.hostname
    assert rows[f"{fit_debian.interface} addresses"]["after"] == fit_debian.address
    assert rows["network cards"]["verdict"] == "same"
    assert [row for row in rows.values() if row["verdict"] == "different"] == []
