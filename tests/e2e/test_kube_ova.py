"""An OVA that lies on a claim, into a cluster: read, converted in a Pod, and started, as the README's third screen
shows it."""

from pathlib import Path

import pytest

from tests.e2e.kube import LAB, Inside, chosen, network
from tests.guests.guests import Guest
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.booting import SEEN
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.state import says
from tests.kube.pods import claimed

PLAN = """apiVersion: mtv/v1
name: move
source: exports
target: lab
namespace: {namespace}
vms: [{vm}]
networks: [{{from: "*", to: pod}}]
storage: [{{from: "*", to: csi-wffc, access: ReadWriteOnce, volume: Filesystem}}]
machine: {{add_labels: {{fakes.test/boot: "true"}}}}
start: always
"""


@pytest.fixture
def desk(kube: Namespace, worker_image: str, tmp_path: Path) -> Inside:
    made = Inside(tmp_path, network(kube.cluster), chosen(worker_image))
    done = made.mtv("add", "provider", LAB, f"{kube.cluster.layout.admin}?namespace={kube.name}", "--kind", "kubevirt")
    assert done.returncode == 0, done.stderr
    return made


def plan(desk: Inside, kube: Namespace, guest: Guest) -> str:
    (desk.folder / "plan.yaml").write_text(PLAN.format(namespace=kube.name, vm=guest.name))
    return "plan.yaml"


@pytest.mark.appliance
@pytest.mark.conversion("kube-ova")
def test_the_demos_vm_is_converted_in_a_pod_and_boots_from_its_claims(
    desk: Inside, kube: Namespace, debian: Guest, debian_ova: Path
) -> None:
    claimed(kube, "exports", [debian_ova])
    folder = debian_ova.parent
    assert desk.mtv("add", "provider", "exports", str(folder), "--kind", "ova").returncode == 0
    refused = desk.mtv("run", plan(desk, kube, debian))
    assert (refused.returncode, "is files of this machine" in refused.stderr) == (2, True), refused.stderr
    told = ["add", "provider", "shared", str(folder), "--kind", "ova", "--from-claim", f"{kube.name}/exports:"]
    assert desk.mtv(*told).returncode == 0
    file = desk.folder / "plan.yaml"
    file.write_text(file.read_text().replace("source: exports", "source: shared"))
    done = desk.mtv("run", "plan.yaml")
    assert done.returncode == 0, done.stdout + done.stderr + desk.mtv("why", "move-1").stdout
    found = kube.api.get(VMS, kube.name, debian.name)
    assert found["metadata"]["annotations"][SEEN] == f"login prompt of {debian.hostname}"
    assert says(kube.api.get(VMIS, kube.name, debian.name), "AgentConnected")["status"] == "True"
    kube.api.delete(VMS, kube.name, debian.name)
