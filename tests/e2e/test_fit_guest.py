"""A guest that is fit for virtio already is found to be so, and moved without a byte changed."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.moving import Desk
from tests.guests.guests import Guest

pytestmark = pytest.mark.appliance


@pytest.fixture(scope="module")
def by_itself(fit_debian: Guest, fit_ova: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return moved(
        tmp_path_factory.mktemp("auto"), fit_debian, fit_ova, "{conversion: auto, agent: none, addresses: keep}"
    )


def moved(folder: Path, guest: Guest, ova: Path, how: str) -> Desk:
    """And without a byte changed."""
    desk = Desk(folder)
    done = desk.mtv("run", str(desk.write_plan(ova, guest.name, how)))
    assert done.returncode == 0, done.stderr
    for disk, original in zip(("disk0.raw", "disk1.raw"), guest.disks, strict=True):
        compare = ["cmp", str(desk.bundle(guest.name) / disk), str(original)]
        assert subprocess.run(compare, check=False).returncode == 0
    return desk


def test_auto_leaves_a_fit_guest_alone_and_it_boots(by_itself: Desk, fit_debian: Guest) -> None:
    assert "conversion: none" in by_itself.mtv("describe", "vm", fit_debian.name).stdout
    rows = {row["what"]: row for row in by_itself.rows("boot", str(by_itself.bundle(fit_debian.name)))}
    assert rows["host name"]["after"] == fit_debian.hostname
    assert rows[f"{fit_debian.interface} addresses"]["after"] == fit_debian.address
    assert rows["network cards"]["verdict"] == "same"
    assert [row for row in rows.values() if row["verdict"] == "different"] == []


def test_told_to_leave_it_alone_nobody_looks_into_it_and_what_boots_is_the_same(
    by_itself: Desk, fit_debian: Guest, fit_ova: Path, tmp_path: Path
) -> None:
    """The same bytes on the same machine as those that were seen to boot: it need not boot twice."""
    untouched = moved(tmp_path, fit_debian, fit_ova, "{conversion: none}")
    assert "inspect" not in [row["step"] for row in untouched.rows("get", "steps")]
    spec, wanted = (domain(desk.bundle(fit_debian.name)) for desk in (untouched, by_itself))
    assert wanted.pop("hostname") == fit_debian.hostname, "which nobody knows who did not look"
    assert spec == wanted


def domain(bundle: Path) -> dict[str, object]:
    """What QEMU is started with."""
    documents = yaml.safe_load_all((bundle / "vm.yaml").read_text())
    [machine] = [one for one in documents if one["kind"] == "VirtualMachine"]
    spec: dict[str, object] = machine["spec"]["template"]["spec"]
    return spec
