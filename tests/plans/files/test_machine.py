"""The key `machine`: what it asks of each VM."""

from dataclasses import replace

import pytest

from mtv.model.details import Device
from mtv.model.estate import VM
from mtv.model.plans import Bond, Door, Near, Toleration, VmPlan, Wanted
from mtv.plans.files import document, problems, resolve
from mtv.plans.files.problems import Problem
from mtv.providers.base import Capabilities
from tests.plans.files.test_resolve import CAN, HEAD, MAPS, vm

GPU = Device(kind="vgpu", key="13000", label="PCI device 0", backing="grid_v100d-8q")
DB = replace(vm("1", "db01"), restart_priority="high", devices=(GPU, Device(kind="cdrom", key="3000", label="CD")))
WEB = vm("2", "web01")
NEAR = Near(bonds=(Bond(name="licensed", kind="hosts"),))


def near(one: VM) -> Near:
    return NEAR if one is DB else Near()


def made(text: str, can: Capabilities = CAN) -> tuple[tuple[VmPlan, ...], list[Problem]]:
    parsed = document.parse(HEAD + "vms: [db01, web01]\n" + MAPS + text, "p.yaml")
    file, wrong = problems.read(parsed)
    if file is None:
        return (), wrong
    ends = resolve.Ends(Capabilities(points=True), can, str, near=near)
    plan, wrong = resolve.resolve(file, parsed, [DB, WEB], [], ends)
    return plan.vms if plan else (), wrong


def test_without_the_key_nothing_is_asked_and_the_surroundings_are_there() -> None:
    (db, web), _ = made("")
    assert db.wanted == web.wanted == Wanted()
    assert (db.near, web.near) == (NEAR, Near())


def test_maps_find_what_is_theirs() -> None:
    (db, web), wrong = made(
        "machine:\n  priorities: [{from: high, to: urgent}]\n  rules: [{from: licensed, to: a.org/b=c}]\n"
        '  devices: [{from: grid_v100d-8q, to: "gpu:nvidia.com/V100D"}]\n'
        "  tolerations: [{key: vms}]\n  services: [{port: 22}]\n"
    )
    assert wrong == []
    assert db.wanted.devices == {"13000": "gpu:nvidia.com/V100D"}
    assert (db.wanted.priority, web.wanted.priority) == ("urgent", "")
    assert db.wanted.rules == {"licensed": "a.org/b=c"}
    assert web.wanted.tolerations == (Toleration(key="vms"),)
    assert web.wanted.services == (Door(port=22),)
    assert web.wanted.devices == {}


def test_an_override_changes_only_what_it_names() -> None:
    text = (
        "machine: {labels: tags, hugepages: 2Mi}\noverrides: [{vm: db01, machine: {hugepages: none, cpu: dedicated}}]\n"
    )
    (db, web), _ = made(text)
    assert (db.wanted.labels, db.wanted.hugepages, db.wanted.cpu) == ("tags", "", "dedicated")
    assert (web.wanted.labels, web.wanted.hugepages, web.wanted.cpu) == ("tags", "2Mi", "auto")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("rules: [{from: licenced, to: none}]", "no rule for these VMs 'licenced': did you mean 'licensed'?"),
        ("devices: [{from: grid_v100, to: none}]", "did you mean 'grid_v100d-8q'?"),
        ("devices: [{from: CD, to: none}]", "no device of a host in these VMs 'CD'"),
        ("devices: [{from: x, to: nvidia}]", "'to' is 'nvidia': it must be none, gpu:NAME"),
        ("timezone: Europe/Wien", "there is no time zone 'Europe/Wien'"),
        ("instancetype: U1", "it must be a name of the cluster's, or own:NAME"),
        ("add_labels: {a b: c}", "it must be a mapping of labels"),
        ("add_labels: {a: b c}", "it must be a mapping of labels"),
        ("nodes: [a]", "it must be a mapping of labels"),
        ("services: [{port: 22}, {port: 23, name: tcp-22}]", "two ports of a Service are called 'tcp-22'"),
        ("instancetype: u1.small, cpu: dedicated", "'u1.small' says what 'cpu' is"),
        ("instancetype: u1.small, hugepages: 1Gi", "'u1.small' says what 'hugepages' is"),
        ("services: [{port: 0}]", "it must be a number from 1 to 65535"),
        ("priorities: [{from: clusterRestartPriority, to: x}]", "it must be 'lowest', 'low'"),
    ],
)
def test_what_is_wrong_is_named(keys: str, said: str) -> None:
    _, wrong = made(f"machine: {{{keys}}}\n")
    assert any(said in one.text for one in wrong), wrong
    _, wrong = made(f"overrides: [{{vm: db01, machine: {{{keys}}}}}]\n")
    assert any(said in one.text for one in wrong), wrong


def test_what_an_override_and_the_plan_ask_together() -> None:
    text = "machine: {hugepages: 1Gi, timezone: Nowhere}\noverrides: [{vm: db01, machine: {instancetype: u1.small}}]\n"
    _, wrong = made(text)
    assert [one.text for one in wrong] == [
        "there is no time zone 'Nowhere'",
        "instancetype 'u1.small' says what 'hugepages' is: KubeVirt refuses both together",
    ]


@pytest.mark.parametrize("text", ["machine: {run: Always}\n", "overrides: [{vm: db01, machine: {run: Always}}]\n"])
def test_a_target_without_manifests_cannot(text: str) -> None:
    _, wrong = made(text, replace(CAN, plain=True))
    assert [one.text for one in wrong] == ["'bundle:out' keeps VMs without manifests: it cannot do 'machine'"]


@pytest.mark.parametrize(
    ("can", "start", "said"),
    [
        (replace(CAN, starts=True, snapshots=True), "as_source", ""),
        (replace(CAN, starts=True, snapshots=True), "never", "there is no first boot that 'snapshot' could wait for"),
        (replace(CAN, starts=True), "as_source", "takes no snapshots of VMs: it cannot do 'snapshot: first_boot'"),
        (CAN, "never", "'bundle:out' takes no snapshots of VMs"),
        (replace(CAN, plain=True, snapshots=True), "as_source", "cannot do 'machine'"),
    ],
)
def test_a_snapshot_is_asked_only_of_who_takes_them(can: Capabilities, start: str, said: str) -> None:
    texts = ("machine: {snapshot: first_boot}\n", "overrides: [{vm: db01, machine: {snapshot: first_boot}}]\n")
    for text in texts:
        vms, wrong = made(f"{text}start: {start}\n", can)
        assert any(said in one.text for one in wrong) if said else vms[0].wanted.snapshot == "first_boot", wrong
    for text in ("machine: {snapshot: none}\n", ""):
        assert not made(f"{text}start: never\n", replace(CAN, starts=True))[1]


@pytest.mark.parametrize("to", ["udn", "sriov:net/fast", "nad:net/vlan"])
def test_networks_of_a_cluster(to: str) -> None:
    maps = MAPS.replace("to: pod", f'to: "{to}"')
    parsed = document.parse(f"{HEAD}vms: [web01]\n{maps}", "p.yaml")
    file, _ = problems.read(parsed)
    assert file is not None
    plan, wrong = resolve.resolve(file, parsed, [WEB], [], resolve.Ends(Capabilities(points=True), CAN, str))
    assert plan is not None, wrong
    assert plan.vms[0].nics[0].to == to
