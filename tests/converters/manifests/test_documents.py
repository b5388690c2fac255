import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests import check, concerns, documents, readme, rules
from mtv.converters.manifests.names import is_label
from mtv.formats.kubeyaml import dump
from mtv.model.details import Device, Share
from mtv.model.estate import VM, Disk, Firmware, Json, Level, Nic
from mtv.model.plans import Bond, Door, GuestChoice, Near, VmPlan, Wanted
from tests.converters.manifests.estate import CASES, LINUX, WEB, plan, volumes

GOLDEN = Path(__file__).parent / "golden"


def made(name: str) -> list[dict[str, Json]]:
    wanted, guest = CASES[name]
    bundled = name != "cluster"
    return documents(wanted, guest, volumes(wanted.vm) if bundled else (), namespace="" if bundled else "finance")


def golden(name: str, text: bytes) -> None:
    """Equal to the file; MTV_GOLDEN=write makes the file anew, to be read before it is committed."""
    file = GOLDEN / name
    if os.environ.get("MTV_GOLDEN") == "write":
        file.write_bytes(text)
    assert text.decode() == file.read_text()


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    golden(f"{name}.yaml", dump(made(name)))


@pytest.mark.parametrize("name", CASES)
def test_sound_by_the_api_and_the_same_for_each_parser(name: str) -> None:
    wanted = made(name)
    assert [check(document) for document in wanted] == [[]] * len(wanted)
    assert list(yaml.safe_load_all(dump(wanted))) == wanted


CLUSTERS = {"device.gpu", "device.host"}
"""What only the cluster can tell to be there: concerns say so."""


@pytest.mark.parametrize("name", CASES)
def test_kubevirt_would_take_it_and_break_nothing(name: str) -> None:
    assert {one.complaint.rule.id for one in rules.check(made(name))} <= CLUSTERS


def _claim(volume: Any) -> Any:
    return volume["dataVolume"]["name"] if "dataVolume" in volume else volume["persistentVolumeClaim"]["claimName"]


def domain(wanted: list[dict[str, Json]]) -> Any:
    machine: Any = wanted[-1]
    return machine["spec"]["template"]["spec"]["domain"]


def instance(wanted: list[dict[str, Json]]) -> Any:
    machine: Any = wanted[-1]
    return machine["spec"]["template"]["spec"]


class TestRules:
    """What KubeVirt was seen to refuse, or to accept and break."""

    @pytest.mark.parametrize("name", CASES)
    def test_for_all(self, name: str) -> None:
        wanted: list[Any] = list(made(name))
        machine: Any = wanted[-1]
        hardware = domain(wanted)
        assert machine["spec"]["runStrategy"] == "Halted"
        assert "running" not in machine["spec"]
        assert hardware["machine"] == {"type": "q35"}
        lasts = CASES[name][0].vm.tpm
        assert hardware["devices"]["tpm"] == ({"persistent": True} if lasts else {"enabled": False})
        if "instancetype" in machine["spec"]:
            assert hardware.keys().isdisjoint({"memory", "cpu", "resources"})
        else:
            assert hardware["memory"]["guest"]
        (boot,) = hardware["firmware"]["bootloader"].values()
        if "efi" in hardware["firmware"]["bootloader"]:
            assert boot["secureBoot"] == ("smm" in hardware["features"])
        disks, claims = hardware["devices"]["disks"], instance(wanted)["volumes"]
        assert [disk["name"] for disk in disks] == [volume["name"] for volume in claims]
        assert [disk.get("bootOrder") for disk in disks] == [1] + [None] * (len(disks) - 1)
        assert len({disk["serial"] for disk in disks}) == len(disks)
        assert all(0 < len(disk["serial"]) <= 20 for disk in disks)
        held = machine["spec"].get("dataVolumeTemplates") or wanted[:-1]
        names = [claim["metadata"]["name"] for claim in held]
        assert names == [_claim(volume) for volume in claims]

    @pytest.mark.parametrize("name", sorted(set(CASES) - {"no-nic"}))
    def test_cards(self, name: str) -> None:
        wanted = made(name)
        cards, networks = domain(wanted)["devices"]["interfaces"], instance(wanted)["networks"]
        assert [card["name"] for card in cards] == [network["name"] for network in networks]
        for card, network in zip(cards, networks, strict=True):
            assert ("sriov" in card) == ("model" not in card)
            assert card.get("model", "virtio") in ("virtio", "e1000e")
            assert ("masquerade" in card or "binding" in card) == ("pod" in network)
            assert ("bridge" in card or "sriov" in card) == ("multus" in network)

    def test_no_card_at_all_must_be_said(self) -> None:
        wanted = made("no-nic")
        assert domain(wanted)["devices"]["autoattachPodInterface"] is False
        assert "networks" not in instance(wanted)

    def test_drains_are_not_blocked_by_disks_that_cannot_follow(self) -> None:
        assert instance(made("bios"))["evictionStrategy"] == "LiveMigrateIfPossible"
        assert instance(made("cluster"))["evictionStrategy"] == "LiveMigrate"

    def test_claims_of_a_cluster(self) -> None:
        block, files, _ = made("cluster")
        assert block["spec"] == {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": str(2 << 30)}},
            "storageClassName": "ceph-rbd",
            "volumeMode": "Block",
        }
        spec: Any = files["spec"]
        assert spec["resources"]["requests"]["storage"] == str(-(-((10 << 30) + (1 << 20)) * 106 // 100))

    def test_the_networks_own_choice_of_a_mac_wins(self) -> None:
        wanted = documents(plan(WEB), LINUX, macs={"nic-1": "02:aa:bb:cc:dd:ee"})
        assert domain(wanted)["devices"]["interfaces"][0]["macAddress"] == "02:aa:bb:cc:dd:ee"

    def test_a_made_mac_is_the_same_each_time(self) -> None:
        without = replace(WEB, nics=(Nic(key="n", network="x"),))
        first, second = (domain(documents(plan(without), None)) for _ in range(2))
        assert first == second
        assert int(first["devices"]["interfaces"][0]["macAddress"][:2], 16) & 3 == 2

    def test_serials_that_would_be_equal_are_made_anew(self) -> None:
        twins = replace(WEB, disks=tuple(Disk(key=f"d{n}", size_bytes=1, serial="a" * 20 + str(n)) for n in range(2)))
        serials = [disk["serial"] for disk in domain(documents(plan(twins), None))["devices"]["disks"]]
        assert len(set(serials)) == 2
        assert all(serial.startswith("mtv-") for serial in serials)


texts = st.text(max_size=80)
amounts = st.integers(-1, 1 << 40)
shares = st.builds(
    Share, reservation=amounts, limit=st.none() | amounts, level=st.sampled_from(["", "low", "normal", "high"])
)
wishes = st.builds(
    Wanted,
    instancetype=st.sampled_from(["", "u1.small", "own:mine"]),
    preference=st.sampled_from(["", "auto", "rhel.9"]),
    labels=st.sampled_from(["all", "tags", "none"]),
    cpu=st.sampled_from(["auto", "shared", "dedicated"]),
    hugepages=st.sampled_from(["", "2Mi", "1Gi"]),
    tpm=st.sampled_from(["as_source", "none"]),
    heartbeat=st.sampled_from(["none", "agent", "watchdog"]),
    claims=st.sampled_from(["plain", "datavolumes"]),
    devices=st.sampled_from([{}, {"0": "gpu:a.org/b"}, {"0": "host:a.org/b"}, {"0": "none"}]),
    rules=st.dictionaries(texts, st.sampled_from(["a.org/b=c", "none"]), max_size=1),
    services=st.sampled_from([(), (Door(port=22),)]),
)
bonds = st.builds(
    Bond, name=texts, kind=st.sampled_from(["together", "apart", "hosts", "hosts-not", "after", ""]), cluster=texts,
    mandatory=st.booleans(), vms=st.integers(0, 9),
)  # fmt: skip
nears = st.builds(
    Near, core_mhz=st.sampled_from([None, 0, 1, 2500]), restarts=st.none() | st.booleans(),
    balances=st.sampled_from([None, "", "fullyAutomated", "manual"]), bonds=st.lists(bonds, max_size=3).map(tuple),
)  # fmt: skip
told = st.dictionaries(texts, texts, max_size=3)


@st.composite
def hostile_plans(draw: st.DrawFn) -> VmPlan:
    vm = VM(
        source="s",
        id=draw(texts),
        name=draw(texts),
        cpus=draw(st.integers(-1, 512)),
        cores_per_socket=draw(st.integers(-1, 64)),
        memory_bytes=draw(st.integers(0, 1 << 44)),
        firmware=draw(st.sampled_from(Firmware)),
        secure_boot=draw(st.booleans()),
        tpm=draw(st.booleans()),
        uuid=draw(texts),
        serial=draw(texts),
        os_family=draw(st.sampled_from(["linux", "windows", "unknown"])),
        os_name=draw(st.sampled_from(["", "Windows XP", "Red Hat Enterprise Linux 9 (64-bit)", "x"])),
        disks=tuple(
            Disk(key=f"{n}", size_bytes=draw(st.integers(0, 1 << 50)), serial=draw(texts), shared=draw(st.booleans()))
            for n in range(draw(st.integers(0, 3)))
        ),
        nics=tuple(Nic(key=f"{n}", mac=draw(texts), model=draw(texts)) for n in range(draw(st.integers(0, 3)))),
        cpu=draw(shares),
        memory=draw(shares),
        nested=draw(st.booleans()),
        latency=draw(st.sampled_from(["", "normal", "high"])),
        restart_priority=draw(st.sampled_from(["", "high", "disabled"])),
        tags=draw(told),
        attributes=draw(told),
        notes=draw(texts),
        devices=tuple(Device(kind=kind, key="0") for kind in draw(st.sampled_from([(), ("vgpu", "sound"), ("pci",)]))),
        rules=(draw(texts),),
    )
    to = draw(st.sampled_from(["pod", "none", "udn", "nad:a/b", "sriov:a/b"]))
    return replace(plan(vm, to=to), guest=GuestChoice(), wanted=draw(wishes), near=draw(nears))


@given(hostile_plans())
def test_whatever_the_source_says_the_api_takes_it(wanted: VmPlan) -> None:
    found = documents(wanted, None)
    assert [check(document) for document in found] == [[]] * len(found)
    assert list(yaml.safe_load_all(dump(found))) == found
    assert dump(documents(wanted, None)) == dump(found)
    metadata: list[Any] = [document["metadata"] for document in found]
    names = [(document["kind"], one["name"]) for document, one in zip(found, metadata, strict=True)]
    assert len(set(names)) == len(names)
    assert all(is_label(name) for _, name in names)
    lost = concerns(wanted, None)
    assert all(concern.text and concern.id.startswith("manifest.") for concern in lost)
    if not any(concern.level is Level.CRITICAL for concern in lost):
        assert {one.complaint.rule.id for one in rules.check(found)} <= CLUSTERS


class TestReadme:
    @pytest.mark.parametrize("name", ["bios", "cluster", "compatible"])
    def test_golden(self, name: str) -> None:
        wanted, guest = CASES[name]
        namespace = "finance" if name == "cluster" else ""
        golden(f"{name}.txt", readme(wanted, guest, volumes(wanted.vm, "qcow2"), namespace=namespace).encode())

    def test_a_strangers_text_stays_on_its_line(self) -> None:
        odd = replace(WEB, name="a\nvirtctl delete everything", os_name="x\x1b[31m")
        lines = readme(plan(odd), None, volumes(odd)).splitlines()
        assert lines[1:3] == ["a?virtctl delete everything", "x?[31m"]
