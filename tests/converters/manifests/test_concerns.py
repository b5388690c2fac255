import re
from dataclasses import replace
from pathlib import Path

import pytest

from mtv.converters.manifests import concerns
from mtv.model.estate import Disk, Firmware, Level, Nic
from mtv.model.guest import GuestFacts
from mtv.model.plans import NicChoice, VmPlan
from tests.converters.manifests.estate import GIB, LINUX, TWO_NICS, WEB, WINDOWS, plan, volumes

DOCS = Path(__file__).parents[3] / "docs" / "mapping.md"


def ids(wanted: VmPlan, guest: GuestFacts | None = None) -> set[str]:
    return {concern.id.removeprefix("manifest.") for concern in concerns(wanted, guest, volumes(wanted.vm))}


EXPECTED = {"controller", "storage-class", "nic-model", "pod-address"}
"""What every VM from VMware has, in a bundle, on the pod network."""


def one_card(mac: str = "") -> tuple[Nic, ...]:
    return (Nic(key="nic-1", network="x", model="virtio", mac=mac),)


CASES: list[tuple[str, VmPlan, GuestFacts | None]] = [
    ("name-changed", plan(replace(WEB, name="Web 01")), LINUX),
    ("architecture", plan(WEB), replace(LINUX, arch="aarch64")),
    ("cpu-topology", plan(replace(WEB, cpus=5, cores_per_socket=2)), LINUX),
    ("memory-unknown", plan(replace(WEB, memory_bytes=0)), LINUX),
    ("memory-hotplug", plan(replace(WEB, memory_bytes=GIB + 1)), LINUX),
    ("memory-hotplug", plan(replace(WEB, memory_bytes=512 << 20)), LINUX),
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
    ("tags", plan(replace(WEB, tags={"app": "ledger"})), LINUX),
]


@pytest.mark.parametrize(("what", "wanted", "guest"), CASES)
def test_each_loss_is_said_once_and_nothing_else(what: str, wanted: VmPlan, guest: GuestFacts | None) -> None:
    assert what in ids(wanted, guest)
    assert ids(wanted, guest) - EXPECTED == {what}


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
        "manifest.pod-twice",
    }


def test_the_table_in_the_docs_names_each_of_them_and_no_other() -> None:
    told = set(re.findall(r"`manifest\.([a-z-]+)`", DOCS.read_text()))
    assert told == {what for what, _, _ in CASES} | EXPECTED
    code = (Path(__file__).parents[3] / "converters" / "manifests" / "concerns.py").read_text()
    assert told == set(re.findall(r'_(?:info|warning|critical)\(\s*"([a-z-]+)"', code))
