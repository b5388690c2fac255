"""A whole move with a snapshot after the first boot: taken of what runs, gone with what is taken back, left where the
move is accepted, and refused before anything is changed where a disk would be left out of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kube import Harbour
from tests.e2e.test_kube_moves import PLAIN
from tests.e2e.vsphere import NAME, content
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.snapshots import SNAPSHOTS
from tests.vcenter.machines import MIB, Wish, fill, make
from tests.vcenter.server import VCenter

ASKED = {"machine": "{snapshot: first_boot}", "start": "always", "guest": "{conversion: none, agent: none}"}


@pytest.fixture
def harbour(vc: VCenter, kube: Namespace, worker_image: str, tmp_path: Path) -> Harbour:
    return Harbour.at(vc, kube, worker_image, tmp_path)


@pytest.mark.slow
def test_it_is_there_after_the_move_and_goes_only_with_one_that_is_taken_back(
    harbour: Harbour, kube: Namespace, vc: VCenter, admin: Any, tmp_path: Path
) -> None:
    names = ["kept", "back"]
    disk = content(tmp_path / "disk", 2, 3)
    for name in names:
        make(admin, Wish(name, (2 * MIB,)))
        fill(vc, name, disk)
    harbour.mtv("refresh", NAME)
    refused = harbour.plan(names, **harbour.into(PLAIN.replace("csi-wffc", "local-wffc"), **ASKED))
    said = harbour.mtv("run", str(refused), code=4)
    assert "kept: KubeVirt would leave its disks of class 'local-wffc' out of a snapshot" in said.stdout + said.stderr
    assert harbour.left() == set()
    told = harbour.go_on(harbour.plan(names, **harbour.into(PLAIN, **ASKED)))
    assert told.count(": probation in") == 2
    found = {one["metadata"]["name"]: one["status"] for one in kube.api.items(SNAPSHOTS, kube.name)}
    assert found.keys() == {"kept-first-boot", "back-first-boot"}
    assert all(one["readyToUse"] for one in found.values())
    run = str(harbour.desk.rows("get", "runs")[-1]["name"])
    harbour.mtv("rollback", run, "--vm", "back", "--yes")
    harbour.mtv("commit", run, "--vm", "kept", "--yes")
    assert [one["metadata"]["name"] for one in kube.api.items(SNAPSHOTS, kube.name)] == ["kept-first-boot"]
    harbour.leaves_nothing()
