import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mtv.converters.manifests import concerns
from mtv.model.details import Device, Share
from mtv.model.estate import VM, Disk, Firmware, Level, Nic
from mtv.model.guest import GuestFacts
from mtv.model.plans import Bond, DiskChoice, Door, Near, NicChoice, VmPlan, Wanted
from tests.converters.manifests.estate import GIB, LINUX, TWO_NICS, WEB, WINDOWS, plan, volumes

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "mapping.md"


def ids(wanted: VmPlan, guest: GuestFacts | None = None) -> set[str]:
    return {concern.id.removeprefix("manifest.") for concern in concerns(wanted, guest, volumes(wanted.vm))}


EXPECTED = {"controller", "storage-class", "nic-model", "pod-address"}
"""What every VM from VMware has, in a bundle, on the pod network."""


def one_card(mac: str = "") -> tuple[Nic, ...]:
    return (Nic(key="nic-1", network="x", model="virtio", mac=mac),)


def asking(vm: VM = WEB, near: Near = Near(), to: str = "pod", **wishes: Any) -> VmPlan:  # noqa: B008 - frozen
    return replace(plan(vm, to=to), wanted=Wanted(**wishes), near=near)


def a_device(kind: str, **more: Any) -> VM:
    return replace(WEB, devices=(Device(kind=kind, key="1", label="it", **more),))


def a_disk(**more: Any) -> VM:
    return replace(WEB, disks=(Disk(key="d", size_bytes=GIB, **more),))


def a_rule(kind: str, **more: Any) -> Near:
    return Near(bonds=(Bond(name="r", kind=kind, **more),))


CASES: list[tuple[str, VmPlan, GuestFacts | None]] = [
    ("name-changed", plan(replace(WEB, name="Web 01")), LINUX),
    ("architecture", plan(WEB), replace(LINUX, arch="aarch64")),
    ("cpu-topology", plan(replace(WEB, cpus=5, cores_per_socket=2)), LINUX),
    ("memory-unknown", plan(replace(WEB, memory_bytes=0)), LINUX),
    ("memory-hotplug", plan(replace(WEB, memory_bytes=GIB + 1)), LINUX),
    ("memory-hotplug", plan(replace(WEB, memory_bytes=512 << 20)), LINUX),
    ("memory-small", plan(replace(WEB, memory_bytes=4 << 20)), LINUX),
    ("cpus", plan(replace(WEB, cpus=768)), LINUX),
    ("uuid", plan(replace(WEB, uuid="xyz")), LINUX),
    ("uuid", plan(replace(WEB, uuid="")), LINUX),
    ("nvram", plan(replace(WEB, firmware=Firmware.EFI)), LINUX),
    ("secure-boot", plan(replace(WEB, firmware=Firmware.BIOS, secure_boot=True)), LINUX),
    ("tpm", plan(replace(WEB, tpm=True)), LINUX),
    ("clock", plan(WEB), WINDOWS),
    ("disk-serial", plan(replace(WEB, disks=(Disk(key="d", size_bytes=GIB, serial="a b" * 9),))), LINUX),
    ("disk-size", plan(replace(WEB, disks=(Disk(key="d", size_bytes=GIB + 512),))), LINUX),
    ("disk-shared", plan(replace(WEB, disks=(Disk(key="d", size_bytes=GIB, shared=True),))), LINUX),
    ("mac-made", plan(replace(WEB, nics=one_card())), LINUX),
    ("mac-made", plan(replace(WEB, nics=one_card(mac="ff:ff:ff:ff:ff:ff"))), LINUX),
    ("mac-made", plan(replace(WEB, nics=one_card(mac="02:00:00:00:00:00"))), LINUX),
    ("mac-changed", replace(plan(WEB), nics=(NicChoice(nic="nic-1", to="pod", mac="02:00:00:00:00:07"),)), LINUX),
    ("pod-twice", plan(replace(TWO_NICS, nics=(WEB.nics[0], replace(WEB.nics[0], key="nic-2")))), LINUX),
    ("hostname", plan(WEB), replace(LINUX, hostname="web_01")),
    ("tags", asking(replace(WEB, tags={"app": "ledger"}), labels="none"), LINUX),
    ("tags", asking(replace(WEB, attributes={"app": "ledger"}), labels="tags"), LINUX),
    ("label-changed", asking(replace(WEB, tags={"app": "a,b"})), LINUX),
    ("label-twins", asking(replace(WEB, attributes={"a b": "x", "a-b": "y"})), LINUX),
    ("labels-left", asking(replace(WEB, tags={f"t{n}": "x" for n in range(101)})), LINUX),
    ("notes", asking(replace(WEB, notes="x" * 1001)), LINUX),
    ("instancetype", asking(instancetype="u1.small"), LINUX),
    ("preference", asking(replace(WEB, os_name=""), preference="auto"), LINUX),
    ("cpu-model", asking(near=Near(evc="intel-broadwell")), LINUX),
    ("nested", asking(replace(WEB, nested=True)), LINUX),
    ("cpu-hotplug", asking(replace(WEB, cpu_hot_remove=True)), LINUX),
    ("hugepages", asking(replace(WEB, memory_bytes=GIB + (2 << 20)), hugepages="1Gi"), LINUX),
    ("dedicated-cpus", asking(replace(WEB, latency="high")), LINUX),
    ("latency", asking(replace(WEB, latency="high"), cpu="shared"), LINUX),
    ("cpu-affinity", asking(replace(WEB, cpu_affinity=(1,))), LINUX),
    ("cpu-affinity", asking(replace(WEB, numa_nodes="0,1")), LINUX),
    ("cpu-share", asking(replace(WEB, cpu=Share(reservation=1))), LINUX),
    ("memory-limit", asking(replace(WEB, memory=Share(limit=GIB))), LINUX),
    ("shares", asking(replace(WEB, cpu=Share(level="low"))), LINUX),
    ("disk-mode", plan(a_disk(mode="independent_nonpersistent")), LINUX),
    ("disk-reservation", plan(a_disk(bus_sharing="physical")), LINUX),
    ("disk-encryption", plan(a_disk(encrypted=True)), LINUX),
    ("storage-policy", plan(a_disk(policy="gold")), LINUX),
    ("datavolumes", asking(claims="datavolumes"), LINUX),
    ("device", plan(a_device("pci")), LINUX),
    ("device", asking(a_device("vgpu"), devices={"1": "none"}), LINUX),
    ("host-device", asking(a_device("pci"), devices={"1": "host:a.org/b"}), LINUX),
    ("gpu", asking(a_device("vgpu"), devices={"1": "gpu:a.org/b"}), LINUX),
    ("devices-left", plan(a_device("serial")), LINUX),
    ("devices-left", plan(a_device("cdrom", connected=True)), LINUX),
    ("run-strategy", asking(near=Near(restarts=True)), LINUX),
    ("restart-priority", asking(replace(WEB, restart_priority="high")), LINUX),
    ("priority-class", asking(priority="x"), LINUX),
    ("fault-tolerance", plan(replace(WEB, fault_tolerant=True)), LINUX),
    ("balance", asking(near=Near(balances="manual")), LINUX),
    ("rule-members", asking(near=a_rule("together")), LINUX),
    ("rule-hosts", asking(near=a_rule("hosts")), LINUX),
    ("rule-left", asking(near=a_rule("after")), LINUX),
    ("rule-left", plan(replace(WEB, rules=("r",))), LINUX),
    ("app", plan(replace(WEB, app="shop")), LINUX),
    ("snapshot", asking(replace(WEB, power="on"), snapshot="first_boot"), LINUX),
    ("snapshot", asking(replace(WEB, power="off"), snapshot="first_boot"), LINUX),
    ("heartbeat", asking(heartbeat="watchdog"), LINUX),
    ("heartbeat", replace(asking(heartbeat="agent"), guest=plan(WEB, agent="none").guest), LINUX),
]


@pytest.mark.parametrize(("what", "wanted", "guest"), CASES)
def test_each_loss_is_said_once_and_nothing_else(what: str, wanted: VmPlan, guest: GuestFacts | None) -> None:
    assert what in ids(wanted, guest)
    assert ids(wanted, guest) - EXPECTED == {what}


OTHERS: list[tuple[set[str], VmPlan]] = [
    ({"disk-shared", "disk-reservation"}, plan(a_disk(shared=True, bus_sharing="virtual"), to="nad:a/b")),
    ({"rule-apart", "rule-members"}, asking(near=a_rule("apart", mandatory=True), to="nad:a/b")),
    ({"sriov"}, plan(WEB, to="sriov:a/b")),
    ({"sriov"}, plan(replace(WEB, nics=(replace(WEB.nics[0], kind="sriov"),)), to="nad:a/b")),
    ({"sriov", "nic-down"}, plan(replace(WEB, nics=(replace(WEB.nics[0], connected=False),)), to="sriov:a/b")),
    ({"udn-address"}, plan(WEB, to="udn")),
    ({"service"}, asking(to="nad:a/b", services=(Door(port=22),))),
    ({"disk-shared", "disk-shared-class"}, replace(
        plan(a_disk(shared=True), to="nad:a/b"),
        disks=(DiskChoice(disk="d", to="nfs", access="ReadWriteMany", volume="Filesystem"),))),
]  # fmt: skip
"""Those that never come alone, or not with a pod network."""


@pytest.mark.parametrize(("what", "wanted"), OTHERS)
def test_those_that_come_together(what: set[str], wanted: VmPlan) -> None:
    assert ids(wanted, LINUX) - {"controller", "storage-class", "nic-model"} == what


def test_rules_that_the_plan_maps_or_drops_are_not_told() -> None:
    for where in ("a.org/b=c", "none"):
        assert "rule-hosts" not in ids(asking(near=a_rule("hosts"), rules={"r": where}), LINUX)


@pytest.mark.parametrize(
    ("power", "start", "level"),
    [("on", "as_source", Level.INFO), ("off", "as_source", Level.WARNING), ("off", "always", Level.INFO)],
)
def test_a_vm_that_is_never_started_has_no_first_boot(power: str, start: str, level: Level) -> None:
    asked = replace(asking(replace(WEB, power=power), snapshot="first_boot"), start=start)  # type: ignore[arg-type]
    assert [one.level for one in concerns(asked, LINUX) if one.id == "manifest.snapshot"] == [level]


def test_what_loses_nothing_is_not_said() -> None:
    assert ids(plan(WEB), LINUX) == EXPECTED
    fit = replace(
        WEB, disks=(Disk(key="d", size_bytes=GIB, controller="virtio-blk"),), nics=one_card(mac="00:50:56:01:02:03")
    )
    assert ids(plan(fit, to="nad:a/b", storage="ceph-rbd"), LINUX) == set()


def test_critical_ones_stop_a_plan() -> None:
    levels = {concern.id: concern.level for _, wanted, guest in CASES for concern in concerns(wanted, guest)}
    assert {name for name, level in levels.items() if level is Level.CRITICAL} == {
        "manifest.architecture",
        "manifest.cpus",
        "manifest.hugepages",
        "manifest.memory-small",
        "manifest.pod-twice",
    }


class TestTheDocs:
    def test_the_table_names_each_concern_and_no_other(self) -> None:
        told = set(re.findall(r"`manifest\.([a-z-]+)`", DOCS.read_text()))
        assert told == {what for what, _, _ in CASES} | EXPECTED | set().union(*(what for what, _ in OTHERS))
        code = "".join(path.read_text() for path in (ROOT / "converters" / "manifests" / "losses").glob("*.py"))
        assert told == set(re.findall(r'(?:info|warning|critical)\(\s*"([a-z-]+)"', code))

    def test_concerns_of_others_that_it_names_are_theirs(self) -> None:
        told = set(re.findall(r"`(?:vsphere|ova|rvtools|guest|network)\.([a-z-]+)`", DOCS.read_text()))
        assert told
        code = "".join(path.read_text() for top in ("providers", "plans") for path in (ROOT / top).rglob("*.py"))
        assert {what for what in told if f'"{what}"' not in code and f'.{what}"' not in code} == set()

    @pytest.mark.parametrize("kind", [VM, Disk, Nic, Share, Near, Bond, Wanted])
    def test_each_field_of_the_model_has_its_row(self, kind: type[Any]) -> None:
        rows = [line.split("|")[1] for line in DOCS.read_text().splitlines() if line.startswith("| ")]
        told = {word for row in rows for word in re.findall(r"`([a-z_.]+)`", row)}
        prefix = {VM: "", Disk: "disks.", Nic: "nics.", Share: "cpu.", Near: "near.", Bond: "near.bonds.",
                  Wanted: "machine."}[kind]  # fmt: skip
        assert {f"{prefix}{field.name}" for field in fields(kind)} - told == set()
