"""The workers' image in a Pod, restricted: it takes its lease, reads its scratch, and releases what it held."""

import pytest

from mtv.model.tasks import Ended, Event, Task, TaskDisk, worker_name
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.jobs.places import lease_name, of_worker
from tests.kube.cluster import Namespace
from tests.providers.kubevirt.jobs.conftest import run

MIB = 1 << 20
LEASES = "coordination.k8s.io/v1/leases"


def spec(index: int, mode: str) -> VolumeSpec:
    return VolumeSpec(run="r-1", vm="s/vm-1", machine="web", disk=f"200{index}", index=index, size_bytes=10 * MIB,
                      to="csi-wffc", mode=mode)  # fmt: skip


def test_a_worker_sees_its_claims_and_binds_them(
    kube: Namespace, worker_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MTV_WORKER_IMAGE", worker_image)
    monkeypatch.setenv("MTV_WORKER_PULL", "Never")
    target = KubeVirt("lab", str(kube.cluster.kubeconfig))
    target.house(kube.name)
    specs = [spec(0, "Filesystem"), spec(1, "Block")]

    async def work() -> tuple[list[Event], Ended]:
        volumes = [await target.create(one) for one in specs]
        disks = tuple(TaskDisk(id=one.disk, size_bytes=one.size_bytes, volume=one) for one in volumes)
        task = Task(run="r-1", vm="s/vm-1", name="web", step="worker-ready", attempt=1, epoch=3, op="journal",
                    disks=disks, scratch=await target.scratch("r-1", "web", specs))  # fmt: skip
        worker = await target.start(task, {})
        events = [event async for event in target.events(worker)]
        ended = await target.stop(worker)
        await target.close()
        return events, ended

    events, ended = run(work())
    assert ended.outcome == "done", ended.fault
    assert events[0].type == "hello"
    phases = {
        one["metadata"]["name"]: one["status"]["phase"] for one in kube.api.items("persistentvolumeclaims", kube.name)
    }
    assert set(phases.values()) == {"Bound"}
    assert len(phases) == 3
    lease = kube.api.get(LEASES, kube.name, lease_name(of_worker(worker_name("r-1", "s/vm-1", "worker-ready", 1))))
    assert lease["spec"]["holderIdentity"] == ""
    assert lease["spec"]["renewTime"]
