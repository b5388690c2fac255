"""A plan and an inventory become a Plan, or all that does not fit is told."""

import pytest
import yaml

from mtv.model.estate import VM, Disk, Nic
from mtv.model.plans import Plan
from mtv.model.reading import Route
from mtv.plans.files import document, problems, resolve, write
from mtv.plans.files.problems import Problem
from mtv.providers.base import Capabilities


def vm(id: str, name: str, network: str = "VLAN 5", datastore: str = "ova") -> VM:  # noqa: A002 - the model's word
    return VM(
        source="s", id=id, name=name,
        disks=(Disk(key="d1", size_bytes=10, datastore=datastore), Disk(key="d2", size_bytes=20, datastore=datastore)),
        nics=(Nic(key="n1", network=network, mac="00:50:56:00:00:01"),),
    )  # fmt: skip


ESTATE = [vm("1", "DB01"), vm("2", "app01"), vm("3", "twin"), vm("4", "twin"), vm("5", "Same"), vm("6", "same")]
CAN = Capabilities(storage=("raw", "qcow2"))
ENDS = resolve.Ends(Capabilities(steady=True, points=True), CAN, lambda name: name.replace("_", "-"))
VMS = "vms: [DB01]\n"
HEAD = "apiVersion: mtv/v1\nname: p\nsource: ova:in\ntarget: bundle:out\n"
MAPS = 'networks: [{from: "*", to: pod}]\nstorage: [{from: "*", to: raw}]\n'


def made(text: str, chosen: tuple[VM, ...] = ()) -> tuple[Plan | None, list[Problem]]:
    parsed = document.parse(text, "p.yaml")
    file, wrong = problems.read(parsed)
    assert file is not None, wrong
    return resolve.resolve(file, parsed, ESTATE, chosen, ENDS)


def test_defaults_maps_and_overrides_are_applied() -> None:
    plan, wrong = made(HEAD + "vms: [DB01]\noverrides: [{vm: DB01, disks: [{disk: 2, to: qcow2}], order: 7}]\n" + MAPS)
    assert wrong == []
    assert plan is not None
    (one,) = plan.vms
    assert (one.machine, one.order) == ("db01", 7)
    assert [disk.to for disk in one.disks] == ["raw", "qcow2"]
    assert one.nics[0].to == "pod"
    assert one.nics[0].mac == "00:50:56:00:00:01"


def test_an_exact_row_wins_over_the_star() -> None:
    plan, _ = made(
        HEAD
        + 'vms: [DB01]\nnetworks: [{from: "*", to: pod}, {from: VLAN 5, to: none}]\nstorage: [{from: ova, to: raw}]\n'
    )
    assert plan is not None
    assert plan.vms[0].nics[0].to == "none"


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("vms: [DB02]\n" + MAPS, "p.yaml:5:7", "no VM is named 'DB02': did you mean 'DB01'?"),
        ("vms: [twin]\n" + MAPS, "p.yaml:5:7", "2 VMs are named 'twin': write one of 'twin@3', 'twin@4'"),
        (VMS + 'storage: [{from: "*", to: raw}]\n', "p.yaml", "network 'VLAN 5' has no row"),
        (VMS + 'networks: [{from: "*", to: pod}]\n', "p.yaml", "datastore 'ova' has no row"),
        (VMS + MAPS.replace('"*", to: pod', "VLAN5, to: pod"), "p.yaml:6:", "did you mean 'VLAN 5'?"),
        (VMS + MAPS.replace("to: raw", "to: ceph"), "p.yaml:7:", "write raw or qcow2"),
        (VMS + MAPS.replace("to: pod", "to: Pod"), "p.yaml:6:", "is no network"),
        ("vms: [DB01]\nnamespace: x\n" + MAPS, "p.yaml:6:1", "has no namespaces"),
        ("vms: [DB01]\nselect: x\n" + MAPS, "p.yaml", "either 'vms' or 'select'"),
        (MAPS, "p.yaml", "either 'vms' or 'select'"),
        ("select: cpus > 99\n" + MAPS, "p.yaml:5:1", "finds no VM"),
        ("vms: [DB01]\njourney: warm\n" + MAPS, "p.yaml:6:1", "cannot be moved warm"),
        ("vms: [DB01]\noverrides: [{vm: x}]\n" + MAPS, "p.yaml:6:14", "none of the plan's VMs"),
        (VMS + "overrides: [{vm: DB01, disks: [{disk: 3, to: raw}]}]\n" + MAPS, "p.yaml:6:", "2 disks, no disk 3"),
        ("vms: [DB01, app01, DB01]\n" + MAPS, "p.yaml:5:20", "VM 'DB01' is named twice"),
        ("vms: [DB01]\nstart: always\n" + MAPS, "p.yaml:6:1", "starts none: it cannot do 'start: always'"),
        ("vms: [DB01]\nprobation_h: 72\n" + MAPS, "p.yaml:6:1", "there is no probation"),
        ("vms: [DB01]\nprecopy: {every_min: 5}\n" + MAPS, "p.yaml:6:1", "a cold journey copies once"),
        ("vms: [DB01]\nread: folder\n" + MAPS, "p.yaml:6:1", "has no way to read disks that is called 'folder'"),
        ("vms: [DB01]\npower_off: {grace_s: 5}\n" + MAPS, "p.yaml:6:1", "'ova:in' has nothing to power off"),
        (VMS + MAPS.replace("to: raw", "to: raw, access: ReadWriteOnce"), "p.yaml:7:32", "cannot do 'access: ReadWr"),
        (VMS + MAPS.replace("to: raw", "to: raw, volume: Block"), "p.yaml:7:32", "cannot do 'volume: Block'"),
        ('vms: ["twin@3", "twin@4"]\n' + MAPS, "p.yaml", "VMs 'twin@3' and 'twin@4' would both be named 'twin'"),
        ("vms: [Same, same]\n" + MAPS, "p.yaml", "VMs 'Same' and 'same' would both be named 'same'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(text: str, where: str, said: str) -> None:
    plan, wrong = made(HEAD + text)
    assert plan is None
    assert any(one.where.startswith(where) and said in one.text for one in wrong), wrong


@pytest.mark.parametrize("line", ["start: never", "start: as_source", "probation_h: 0", "journey: cold"])
def test_what_a_target_without_starts_can_honour_is_no_mistake(line: str) -> None:
    plan, wrong = made(f"{HEAD}{VMS}{line}\n{MAPS}")
    assert (wrong, plan is not None) == ([], True)


def test_ends_that_can_are_asked_for_everything() -> None:
    parsed = document.parse(
        f"{HEAD}{VMS}journey: warm\nstart: always\nprobation_h: 9\n"
        "precopy: {every_min: 5}\npower_off: {grace_s: 5}\n"
        + MAPS.replace("to: raw", "to: fast, access: ReadWriteMany, volume: Block"),
        "p.yaml",
    )
    file, _ = problems.read(parsed)
    assert file is not None
    able = resolve.Ends(Capabilities(power=True, points=True, tracks=True), Capabilities(starts=True), str)
    assert resolve.resolve(file, parsed, ESTATE, (), able)[1] == []


@pytest.mark.parametrize(
    ("word", "wrong"), [("auto", ""), ("near", ""), ("far", "'DB01' cannot be read by 'far': fog")]
)
def test_a_way_that_is_named_has_to_be_open(word: str, wrong: str) -> None:
    def routing(vm: VM, wanted: str) -> list[Route]:
        return [Route("near", wanted != "far", "taken"), Route("far", False, "fog")]

    parsed = document.parse(f"{HEAD}vms: [DB01]\nread: {word}\n{MAPS}", "p.yaml")
    file, _ = problems.read(parsed)
    assert file is not None
    ends = resolve.Ends(Capabilities(points=True, ways=("near", "far")), CAN, str, routing)
    plan, found = resolve.resolve(file, parsed, ESTATE, (), ends)
    assert [one.text for one in found] == ([wrong] if wrong else [])
    assert plan is None or plan.read == word


def test_a_written_plan_resolves_as_it_is() -> None:
    odd = [vm("1", "yes", "a, b: {c}", "ds [1] # x"), vm("2", "0x1", "*y", "ova")]
    text = write.write("p", "ova:in", "bundle:out", odd, "", CAN)
    parsed = document.parse(text, "p.yaml")
    file, wrong = problems.read(parsed)
    assert wrong == []
    assert file is not None
    plan, wrong = resolve.resolve(file, parsed, odd, (), ENDS)
    assert wrong == []
    assert plan is not None
    assert [one.vm.name for one in plan.vms] == ["yes", "0x1"]
    assert yaml.safe_load(text)["networks"][1]["from"] == "a, b: {c}"
