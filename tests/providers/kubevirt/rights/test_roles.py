"""The roles that are printed: with both a VM's claims, worker and machine are made and removed in a real cluster, and
each right of the second is one that a request needs."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import yaml

from mtv.errors import MtvError
from mtv.model.estate import Level
from mtv.model.plans import WorkerChoice
from mtv.model.tasks import Task, TaskDisk
from mtv.model.volumes import VolumeSpec
from mtv.providers.kubevirt import KubeVirt
from mtv.providers.kubevirt.jobs.crew import Crew
from mtv.providers.kubevirt.jobs.desk import Desk
from mtv.providers.kubevirt.jobs.sight import Sight
from mtv.providers.kubevirt.rights.missing import LISTED, allowed
from mtv.providers.kubevirt.rights.roles import MOVING, READING, role
from mtv.providers.kubevirt.wire.line import Line
from mtv.providers.kubevirt.wire.request import Request
from tests.kube.cluster import Namespace
from tests.kube.pods import IMAGE
from tests.providers.kubevirt.telling import check, machine

Right = tuple[str, str, str]  # group, resource, verb
SPEC = VolumeSpec(run="r-1", vm="s/vm-1", machine="web", disk="2000", index=0, size_bytes=1 << 20, to="csi",
                  access="ReadWriteOnce", mode="Filesystem")  # fmt: skip
KEPT = ("get", "list", "create", "patch", "delete")
NOT_ASKED = {
    "of what a plan puts beside a VM": [
        (group, plural, verb)
        for group, plural in (("k8s.cni.cncf.io", "network-attachment-definitions"), ("route.openshift.io", "routes"),
                              ("", "services"), ("", "secrets"), ("", "configmaps"))
        for verb in KEPT
    ],
    "of an import by CDI": [
        *(("cdi.kubevirt.io", "datavolumes", verb) for verb in ("get", "list", "create", "delete")),
        ("upload.cdi.kubevirt.io", "uploadtokenrequests", "create"),
    ],
    "of mtv why": [("", "events", "list"), ("batch", "jobs", "list"), ("kubevirt.io", "virtualmachines", "list"),
                   ("kubevirt.io", "virtualmachineinstances", "list")],
    "of a claim that is adopted": [("", "persistentvolumeclaims", "patch")],
    "of a start that was cut off": [
        ("batch", "jobs", "get"), ("", "serviceaccounts", "get"), ("rbac.authorization.k8s.io", "roles", "get"),
        ("rbac.authorization.k8s.io", "rolebindings", "get"),
    ],
    "of an apply that makes": [("kubevirt.io", "virtualmachines", "create")],
    "of a snapshot that a plan asks for": [
        ("snapshot.kubevirt.io", "virtualmachinesnapshots", verb) for verb in (*KEPT, "watch")
    ],
    "of a VM that runs": [
        *(("subresources.kubevirt.io", f"virtualmachines/{verb}", "update") for verb in ("start", "stop")),
        *(("subresources.kubevirt.io", f"virtualmachineinstances/{what}", "get")
          for what in ("guestosinfo", "filesystemlist")),
        ("kubevirt.io", "virtualmachineinstances", "get"),
    ],
}  # fmt: skip
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def printed(name: str) -> list[dict[str, Any]]:
    found = [one for one in yaml.safe_load_all(role(name)) if one]
    rules: list[dict[str, Any]] = found[0]["rules"]
    assert found[1]["roleRef"]["kind"] == found[0]["kind"]
    return rules


def right(asked: Request) -> Right:
    """What a request needs, as Kubernetes' authorizer reads it."""
    parts = asked.path.strip("/").split("/")
    group, rest = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
    if rest[0] == "namespaces" and len(rest) > 2:
        rest = rest[2:]
    resource = "/".join((rest[0], *rest[2:3]))
    verb = VERBS.get(asked.verb) or ("watch" if "watch" in asked.params else "get" if len(rest) > 1 else "list")
    return group, resource, verb


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[Right]:
    """All that was asked of the API server."""
    found: set[Right] = set()
    send = Line._send

    def noting(self: Line, link: Any, request: Request) -> Any:
        found.add(right(request))
        return send(self, link, request)

    monkeypatch.setattr(Line, "_send", noting)
    return found


async def moved(target: KubeVirt, namespace: str, are_followed: bool = True) -> None:
    """A VM's way there and back, but for its bytes: its workers' image has no mtv in it, and they end at once."""
    await target.ready([SPEC], 0)
    volume = await target.create(SPEC)
    await target.create(SPEC)
    scratch = await target.scratch("r-1", "web", [SPEC])
    disk = TaskDisk(id="2000", size_bytes=SPEC.size_bytes, volume=volume)
    choice = WorkerChoice(image=IMAGE, pull="Never", command=("true",))
    crew = Crew(Desk(target._api, namespace, choice, Sight(target._api, namespace)))
    try:
        for attempt in (1, 2) if are_followed else (1,):
            await worked(crew, attempt, disk, scratch, are_followed)
    finally:
        await asyncio.to_thread(crew.close)
    document = machine("web", "web-disk0")
    await target.create_machine("web", [document], {"README.txt": b"moved"})
    await target.guest("web")
    await target.remove_machine("web")
    await target.remove(volume)
    await target.tidy("r-1", "web")


async def worked(crew: Crew, attempt: int, disk: TaskDisk, scratch: str, is_followed: bool) -> None:
    task = Task(run="r-1", vm="s/vm-1", name="web", step="transfer", attempt=attempt, epoch=attempt, op="convert",
                disks=(disk,), scratch=scratch)  # fmt: skip
    name = await crew.start(task, {"key": b"secret"})
    if is_followed:
        await crew.control(name, {"rate_bytes_per_s": 1})
        assert [event.type async for event in crew.events(name)][-1] == "end"
    await crew.stop(name)


def housed(kube: Namespace, account: Path) -> KubeVirt:
    target = KubeVirt("lab", str(account))
    target.house(kube.name, "r-1")
    return target


def test_with_the_printed_roles_a_vm_is_moved_and_each_right_is_needed(kube: Namespace, asked: set[Right]) -> None:
    account = kube.account("mtv", printed("move"), printed("read"))
    target = housed(kube, account)
    try:
        asyncio.run(moved(target, kube.name))
    finally:
        target._api.close()
    granted = {(one.group, one.resource, one.verb) for one in MOVING}
    reads = {(one.group, one.resource, one.verb) for one in READING}
    assert asked <= granted | reads
    assert granted - asked <= {one for rights in NOT_ASKED.values() for one in rights}


OTHERS = {one for rights in NOT_ASKED.values() for one in rights}
READS = {
    (one.group, one.resource, one.verb) for one in READING
}  # of the whole cluster: no role of a namespace adds to it
NEEDED = sorted({(one.group, one.resource, one.verb) for one in MOVING} - OTHERS - READS)
GIVEN_ON = ("coordination.k8s.io", "leases", "update")  # to a worker's account, by who has it
FOLLOWING = {("", "pods", "watch"), ("", "pods/log", "get"), ("coordination.k8s.io", "leases", "patch")}


def rules_without(missing: Collection[Right]) -> list[dict[str, Any]]:
    rules = [
        {**rule, "resources": [one],
         "verbs": [may for may in rule["verbs"] if (rule["apiGroups"][0], one, may) not in missing]}
        for rule in printed("move") for one in rule["resources"]
    ]  # fmt: skip
    return [rule for rule in rules if rule["verbs"]]


@pytest.mark.parametrize("missing", NEEDED, ids=lambda one: f"{one[2]}-{one[1].replace('/', '.')}")
def test_a_right_that_is_missing_ends_by_its_name(kube: Namespace, missing: Right) -> None:
    _, resource, verb = missing
    account = kube.account("mtv", rules_without([missing]), printed("read"))
    target = housed(kube, account)
    try:
        with pytest.raises(MtvError) as error:
            asyncio.run(moved(target, kube.name, are_followed=missing in FOLLOWING))
    finally:
        target._api.close()
    said = "is attempting to grant" if missing == GIVEN_ON else f"cannot {verb} resource"
    assert said in str(error.value)
    assert (error.value.fault.code, error.value.fault.hint) == (
        "kubevirt.forbidden", "`mtv check provider NAME` names the rule to add",
    )  # fmt: skip
    found = check(account)["moving"]
    assert f'resources: ["{resource}"], verbs: ["{verb}"]' in found.fix
    assert (found.ok, found.level) == (False, Level.WARNING)


def test_rights_of_other_ways_are_missed_by_the_check(kube: Namespace) -> None:
    """Those that no move of this VM asks for: of imports, networks, a VM's start, `mtv why`."""
    account = kube.account("mtv", rules_without(OTHERS), printed("read"))
    target = housed(kube, account)
    try:
        told = {(one.group, one.resource, one.verb) for one in MOVING if not allowed(target._api, one, kube.name)}
    finally:
        target._api.close()
    assert told == OTHERS - READS
    found = check(account)["moving"]
    assert (found.ok, found.level) == (False, Level.WARNING)
    assert f"and {len(told) - LISTED} more" in found.text


def test_an_account_that_only_reads_plans_and_moves_nothing(kube: Namespace) -> None:
    found = check(kube.account("reads", cluster_rules=printed("read")))["moving"]
    assert (found.ok, found.level, found.fix) == (
        False, Level.INFO, "mtv describe role --kind kubevirt --way move",
    )  # fmt: skip
    assert check(kube.account("moves", printed("move"), printed("read")))["moving"].ok
