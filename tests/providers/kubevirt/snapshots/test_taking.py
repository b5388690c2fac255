"""Snapshots of VMs of ours in the real cluster, by the fake of KubeVirt's controller: taken, found again, taken anew,
judged, removed; and what is not ours."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from mtv.converters import manifests
from mtv.errors import CheckFailed, Held, MtvError
from mtv.model.estate import VM, Json
from mtv.model.plans import VmPlan
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.snapshots import lookout, taking
from mtv.settings import Settings
from tests.kube.api import Object
from tests.kube.cluster import Namespace
from tests.kube.fakes.kubevirt.life import VMIS
from tests.kube.fakes.kubevirt.machines import VMS
from tests.kube.fakes.kubevirt.snapshots import SNAPSHOTS, STORAGE
from tests.kube.fakes.kubevirt.test_machines import connected, disk
from tests.kube.fakes.kubevirt.test_snapshots import csi
from tests.kube.pods import place
from tests.kube.waiting import until
from tests.providers.kubevirt.machines.made import KEY, RUN, create, do, document
from tests.providers.kubevirt.rights.test_roles import housed, printed, rules_without

NAME = "db01-first-boot"
SPEC = VolumeSpec(run=RUN, vm=KEY, machine="db01", disk="2000", index=0, size_bytes=1 << 20, to="csi",
                  access="ReadWriteOnce", mode="Filesystem")  # fmt: skip


def wanted(deadline_s: float = 300) -> dict[str, Json]:
    source, _, key = KEY.partition("/")
    return manifests.snapshot(VmPlan(vm=VM(source=source, id=key, name="DB01"), machine="db01", disks=(), nics=()),
                              deadline_s)  # fmt: skip


def runs(kube: Namespace, storage: str = "") -> None:
    """A VM of ours whose guest answers."""
    csi(kube, "root")
    (place(kube, "root") / "disk.img").write_bytes(b"a guest")
    made = document("db01", "root")
    if storage:
        made["metadata"]["annotations"][STORAGE] = storage
    create(kube, made)
    do(kube, lambda found: found.start_machine("db01"))
    until(kube.api, VMIS, kube.name, "db01", connected)


def take(kube: Namespace, run: str = RUN, deadline_s: float = 300) -> Mapping[str, Json]:
    return do(kube, lambda found: found.take_snapshot(wanted(deadline_s)), run)


def there(kube: Namespace) -> Object:
    return kube.api.get(SNAPSHOTS, kube.name, NAME)


def test_it_is_taken_once_and_found_again_and_goes_when_it_shall(kube: Namespace) -> None:
    runs(kube)
    told = take(kube)
    made = there(kube)
    assert told == {"snapshot": f"{kube.name}/{NAME}", "at": made["status"]["creationTime"], "disks": ["disk0"],
                    "how": ["GuestAgent", "Online"]}  # fmt: skip
    assert made["status"]["readyToUse"] is True
    labels = made["metadata"]["labels"]
    assert (labels["mtv/run"], labels["mtv/role"], labels["app.kubernetes.io/name"]) == (RUN, "snapshot", "db01")
    assert take(kube) == told, "an engine that was killed finds it"
    assert there(kube)["metadata"]["uid"] == made["metadata"]["uid"]
    for _ in range(2):
        do(kube, lambda found: found.remove_snapshot("db01", NAME))
    assert kube.api.find(SNAPSHOTS, kube.name, NAME) is None
    assert kube.api.get(VMS, kube.name, "db01")["status"]["printableStatus"] == "Running"


def test_many_wait_by_one_watch(kube: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """And an engine that stops waiting leaves it as it is."""
    runs(kube, '{"ready_s": 100}')
    began: list[lookout.Lookout] = []
    begin = lookout.Lookout._begin

    def counted(self: lookout.Lookout) -> None:
        began.append(self)
        begin(self)

    monkeypatch.setattr(lookout.Lookout, "_begin", counted)

    async def both(found: KubeVirt) -> list[Mapping[str, Json]]:
        cut = asyncio.ensure_future(found.take_snapshot(wanted()))
        while kube.api.find(SNAPSHOTS, kube.name, NAME) is None:
            await asyncio.sleep(0)
        cut.cancel()
        await asyncio.wait({cut})
        began.clear()
        return await asyncio.gather(*(found.take_snapshot(wanted()) for _ in range(8)))

    told = do(kube, both)
    assert len({one["at"] for one in told}) == 1
    assert len(began) <= 2, "one each for success and for use"


def test_what_fails_is_held_with_the_storages_words_and_taken_anew(kube: Namespace) -> None:
    runs(kube, '{"fails": "no room in pool"}')
    with pytest.raises(Held) as held:
        take(kube, deadline_s=60)
    fault = held.value.fault
    assert fault.code == "kubevirt.snapshot-failed"
    assert fault.text.startswith(f"db01: snapshot {NAME} is not there: VolumeSnapshot vmsnapshot-volume-disk0 error: ")
    assert "no room in pool; snapshot deadline exceeded" in fault.text
    failed = there(kube)["metadata"]["uid"]
    kube.api.patch(VMS, kube.name, "db01", {"metadata": {"annotations": {STORAGE: "{}"}}})
    assert take(kube)["disks"] == ["disk0"]
    assert there(kube)["metadata"]["uid"] != failed


def test_one_that_is_never_fit_for_use_is_held(kube: Namespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "settings", lambda: replace(Settings(), snapshot_ready_s=0.5))
    runs(kube, '{"ready_s": 3000}')
    with pytest.raises(Held, match="it is Succeeded"):
        take(kube)


def test_one_that_somebody_removes_meanwhile_is_held(kube: Namespace) -> None:
    runs(kube, '{"ready_s": 500}')

    async def removed(found: KubeVirt) -> None:
        taken = asyncio.ensure_future(found.take_snapshot(wanted()))
        while not (kube.api.find(SNAPSHOTS, kube.name, NAME) or {}).get("status"):
            await asyncio.sleep(0.02)
        kube.api.delete(SNAPSHOTS, kube.name, NAME)
        await taken

    with pytest.raises(Held, match="somebody removed it|it is"):
        do(kube, removed)


def test_a_success_without_a_disk_is_none(kube: Namespace) -> None:
    """Its class has no snapshots: the check says so before, and KubeVirt never does."""
    disk(kube, "root", data=b"a guest")
    create(kube, document("db01", "root"))
    do(kube, lambda found: found.start_machine("db01"))
    with pytest.raises(Held, match=rf"db01: snapshot {NAME} lacks disk0") as held:
        take(kube)
    assert held.value.fault.code == "kubevirt.snapshot-partial"
    with pytest.raises(Held):
        take(kube)
    do(kube, lambda found: found.remove_snapshot("db01", NAME))
    assert kube.api.find(SNAPSHOTS, kube.name, NAME) is None


def test_anothers_is_named_and_left_alone(kube: Namespace) -> None:
    runs(kube)
    take(kube)
    with pytest.raises(CheckFailed, match=f"of run {RUN}"):
        take(kube, run="p-2")
    do(kube, lambda found: found.remove_snapshot("db01", NAME), "p-2")
    assert "deletionTimestamp" not in there(kube)["metadata"]
    kube.api.patch(SNAPSHOTS, kube.name, NAME, {"metadata": {"labels": None}})
    with pytest.raises(CheckFailed) as refused:
        take(kube)
    assert refused.value.fault.code == "kubevirt.foreign"
    do(kube, lambda found: found.remove_snapshot("db01", NAME))
    assert "deletionTimestamp" not in there(kube)["metadata"]


@pytest.mark.parametrize(("to", "code"), [("csi", ""), ("csi-wffc", ""), ("", ""), ("local", "no-snapshot-class")])
def test_what_would_be_left_out_is_refused_before_anything_is_made(kube: Namespace, to: str, code: str) -> None:
    """The class that is the default has snapshots."""
    if not code:
        do(kube, lambda found: found.can_snapshot([replace(SPEC, to=to)]))
        return
    with pytest.raises(CheckFailed, match=f"leave its disks of class '{to}' out") as refused:
        do(kube, lambda found: found.can_snapshot([SPEC, replace(SPEC, to=to, index=1, disk="2001")]))
    assert refused.value.fault.code == f"kubevirt.{code}"
    assert "make a VolumeSnapshotClass for it" in refused.value.fault.hint


def test_a_claim_that_is_there_counts_as_it_is(kube: Namespace) -> None:
    csi(kube, "db01-disk0")
    do(kube, lambda found: found.can_snapshot([replace(SPEC, to="local")]))


@pytest.mark.parametrize("verb", ["get", "create", "patch", "delete", "list", "watch"])
def test_each_right_is_needed(kube: Namespace, verb: str) -> None:
    runs(kube)
    missing = ("snapshot.kubevirt.io", "virtualmachinesnapshots", verb)
    target = housed(kube, kube.account("mtv", rules_without([missing]), printed("read")))
    target.house(kube.name, RUN)

    async def way() -> None:
        await target.can_snapshot([SPEC])
        await target.take_snapshot(wanted())
        await target.remove_snapshot("db01", NAME)

    try:
        with pytest.raises(MtvError) as error:
            asyncio.run(way())
    finally:
        target._api.close()
    assert error.value.fault.code == "kubevirt.forbidden"
    assert f"cannot {verb} resource" in str(error.value)
