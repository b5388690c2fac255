"""Documents as they come: several, of foreign kinds, for other versions, with objects at hand, and nonsense."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtv.converters.manifests.rules import Level, Target, Versions, check, objects_of
from mtv.model.estate import Json
from tests.converters.manifests.rules.documents import CLAIM, INSTANCE, MACHINE, SIZE, SOUND, TASTE, VOLUME, changed


def said(document: Any, *others: Any, **more: Any) -> list[str]:
    return [one.complaint.rule.id for one in check([document, *others], **more) if one.number == 0]


LEAVES: st.SearchStrategy[Json] = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, one in parts for place in places(one, (*path, key))]


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), st.sampled_from(SOUND))
def test_whatever_a_document_holds_it_is_judged(nonsense: dict[str, Json], base: Any) -> None:
    for one in check([nonsense, {**base, **nonsense}, {**base, "spec": nonsense}]):
        assert one.complaint.text


@settings(max_examples=300)
@given(st.data(), st.sampled_from(SOUND), VALUES)
def test_whatever_stands_in_one_place_it_is_judged(data: st.DataObject, base: Any, value: Json) -> None:
    document = changed(base, {})
    *way, last = data.draw(st.sampled_from(places(document)))
    at: Any = document
    for key in way:
        at = at[key]
    at[last] = value
    for one in check([document], Target(objects=objects_of([document, CLAIM, SIZE, TASTE]))):
        assert one.complaint.field or one.complaint.rule.id == "kind.missing"


def test_several_documents_say_which_is_meant() -> None:
    bad = changed(MACHINE, {"metadata/name": "db", "spec/runStrategy": ..., "cpu/kores": 1})
    found = check([MACHINE, CLAIM, bad])
    assert [(one.number, one.kind, one.name, one.complaint.rule.id) for one in found] == [
        (2, "VirtualMachine", "db", "run.none"),
        (2, "VirtualMachine", "db", "field.unknown"),
    ]


@pytest.mark.parametrize("kind", ["Secret", "Kustomization", "Deployment"])
def test_foreign_kinds_are_not_judged(kind: str) -> None:
    assert said({"apiVersion": "v1", "kind": kind, "metadata": {"name": "A B"}, "data": 1}) == []


def test_an_instance_by_itself_is_refused_where_a_machine_would_be_taken() -> None:
    changes = {"spec/domain/memory": ..., "spec/domain/devices/watchdog": {"name": "w", "diag288": {}}}
    found = check([changed(INSTANCE, changes)])
    assert {(one.complaint.rule.id, one.complaint.level) for one in found} == {
        ("memory.none", Level.REFUSED),
        ("device.watchdog", Level.REFUSED),
    }


def test_a_claim_beside_its_datavolume_is_there_already() -> None:
    assert said(VOLUME, CLAIM) == ["datavolume.claim-exists"]
    adopting = changed(VOLUME, {"metadata/annotations": {"cdi.kubevirt.io/allowClaimAdoption": "true"}})
    assert said(adopting, CLAIM) == []
    owner = {
        "apiVersion": "cdi.kubevirt.io/v1beta1",
        "kind": "DataVolume",
        "name": "d0",
        "uid": "1",
        "controller": True,
    }
    assert said(VOLUME, changed(CLAIM, {"metadata/ownerReferences": [owner]})) == []
    populated = changed(CLAIM, {"metadata/annotations": {"cdi.kubevirt.io/storage.populatedFor": "d0"}})
    assert said(VOLUME, populated) == []


def test_a_claim_of_another_namespace_is_another() -> None:
    there = Target(objects=objects_of([changed(CLAIM, {"metadata/namespace": "a"})]), namespace="b")
    assert said(VOLUME, target=there) == []
    assert said(changed(VOLUME, {"metadata/namespace": "a"}), target=there) == ["datavolume.claim-exists"]


def test_instance_types_are_judged_only_where_they_are_at_hand() -> None:
    typed = changed(MACHINE, {"spec/instancetype": {"name": "u1.small"}, "cpu": ..., "memory": ...})
    assert said(typed) == []
    assert said(typed, SIZE) == []
    both = changed(MACHINE, {"spec/instancetype": {"name": "u1.small"}})
    assert said(both) == []
    assert said(both, SIZE) == ["instancetype.conflict"] * 3, "sockets, cores and memory"
    wanting = changed(typed, {"spec/preference": {"name": "windows.11"}, "firmware/bootloader": {"bios": {}}})
    assert said(wanting, SIZE, TASTE) == ["instancetype.requirement"] * 2
    assert said(wanting, TASTE) == [], "how large it is, the instance type says"


@pytest.mark.parametrize(
    ("changes", "verdicts"),
    [
        ({"interfaces": [{"name": "n0"}]}, {(1, 6): "broken", (1, 8): "broken", (1, 9): "refused"}),
        ({"video": {"type": "vga"}}, {(1, 6): "refused", (1, 8): "refused", (1, 9): ""}),
        ({".architecture": "arm64"}, {(1, 6): "refused", (1, 8): "", (1, 9): ""}),
        ({"firmware/serial": "VMware-42 2c"}, {(1, 6): "refused", (1, 8): "", (1, 9): ""}),
        ({"disks": [{"name": "d0"}, {"name": "cd", "cdrom": {}}]}, {(1, 8): "refused", (1, 9): ""}),
    ],
)
def test_versions_differ(changes: Any, verdicts: dict[tuple[int, int], str]) -> None:
    for version, level in verdicts.items():
        found = check([changed(MACHINE, changes)], versions=Versions(kubevirt=version))
        assert {str(one.complaint.level) for one in found} == ({level} if level else set()), version


def test_gates_can_be_on_and_off() -> None:
    passed = changed(MACHINE, {"hostDevices": [{"name": "h", "deviceName": "a.com/X"}]})
    assert said(passed) == ["device.host"]
    assert said(passed, target=Target(gates=frozenset({"HostDevices"}))) == []
    drive = changed(MACHINE, {"disks": [{"name": "d0"}, {"name": "cd", "cdrom": {}}]})
    assert said(drive, target=Target(gates_off=frozenset({"DeclarativeHotplugVolumes"}))) == ["disk.drive-empty"]


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"memory/guest": 1.5}, ["memory.tiny"]),  # a number with a point is a quantity, too: one and a half bytes
        ({".volumes": [{"name": "D.0", "emptyDisk": {"capacity": "1Gi"}}], "disks": []}, ["disk.name-form"]),
        ({"cpu": ..., "memory": ..., "resources": {"requests": {"memory": "2Gi", "cpu": 3}}}, []),
        ({"memory": {"hugepages": {"pageSize": "2Mi"}}}, ["memory.tiny"]),
        ({"interfaces": ..., ".networks": ..., "autoattachPodInterface": False}, []),
        ({"interfaces": ..., ".networks": ..., ".readinessProbe": {"tcpSocket": {"port": 1}}}, ["nic.none"]),
        ({"firmware/bootloader": {"efi": {}}, "features/smm": {}}, []),
        ({"spec/template/metadata": None}, []),
        ({"meta/creationTimestamp": None}, []),
        ({".nodeSelector": None}, ["field.type"]),
        ({"hostDevices": [], ".utilityVolumes": []}, []),
        ({".volumes": [{"name": "d0", "persistentVolumeClaim": {"claimName": ""}}]}, ["field.empty"]),
        ({"clock": {"timezone": "Europe/Vienna"}}, []),
        ({"cpu/model": "Skylake-Server-noTSX-IBRS"}, []),
        ({".volumes": [{"name": "d0", "containerDisk": {"image": "a/b", "path": "/disk/a.img/"}}]}, []),
    ],
)
def test_as_kubevirt_fills_in_what_is_not_said(changes: Any, ids: list[str]) -> None:
    assert said(changed(MACHINE, changes)) == ids
