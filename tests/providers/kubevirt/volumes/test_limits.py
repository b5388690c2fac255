"""Quotas, limit ranges, the room of a class and what a node takes: counted before anything is made."""

from collections.abc import Mapping
from typing import Any

import pytest

from mtv.errors import CheckFailed, Held, MtvError
from mtv.providers.kubevirt.volumes.claims import Wish
from mtv.providers.kubevirt.volumes.classes import Class, Set
from mtv.providers.kubevirt.volumes.pools import check_attached, check_room
from mtv.providers.kubevirt.volumes.quotas import check_limits, check_quotas

MIB, GIB = 1 << 20, 1 << 30


def wish(size_bytes: int, name: str = "gold", attaches: int | None = None) -> Wish:
    class_ = Class(name=name, provisioner="csi.test", attaches=attaches)
    return Wish(name="web-disk0", size_bytes=size_bytes, class_=class_, set_=Set("ReadWriteOnce", "Block"))


def quota(hard: Mapping[str, str], used: Mapping[str, str] | None = None, **spec: object) -> dict[str, Any]:
    return {"metadata": {"namespace": "shop", "name": "small"}, "spec": {"hard": dict(hard), **spec},
            "status": {"hard": dict(hard), "used": dict(used or {})}}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "hard", "used", "said"),
    [
        ("requests.storage", "8Gi", "4Gi", "10.0 GiB of requests.storage, and quota shop/small allows 8.0 GiB"),
        ("gold.storageclass.storage.k8s.io/requests.storage", "8Gi", "0", "allows 8.0 GiB, of which 0 MiB are used"),
        ("persistentvolumeclaims", "3", "2", "need 2 of persistentvolumeclaims, and quota shop/small allows 3"),
        ("count/persistentvolumeclaims", "1", "", "of which 0 are used"),
        ("gold.storageclass.storage.k8s.io/persistentvolumeclaims", "1", "1", "of which 1 are used"),
    ],
)
def test_a_quota_that_is_too_small_holds(what: str, hard: str, used: str, said: str) -> None:
    with pytest.raises(Held, match=said) as error:
        check_quotas([quota({what: hard}, {what: used})], [wish(4 * GIB), wish(6 * GIB)], "web")
    assert error.value.fault.code == "kubevirt.quota"


@pytest.mark.parametrize(
    "fitting",
    [
        quota({"requests.storage": "10Gi"}), quota({"persistentvolumeclaims": "4"}, {"persistentvolumeclaims": "2"}),
        quota({"silver.storageclass.storage.k8s.io/requests.storage": "0"}), quota({"requests.cpu": "0"}),
        quota({"requests.storage": "1Gi"}, scopes=["Terminating"]), quota({"requests.storage": "much"}), {},
    ],
)  # fmt: skip
def test_a_quota_that_is_large_enough_or_for_something_else(fitting: dict[str, Any]) -> None:
    check_quotas([fitting], [wish(4 * GIB), wish(6 * GIB)], "web")


@pytest.mark.parametrize(("bound", "value"), [("max", "1Gi"), ("min", "10Gi")])
def test_a_limit_range_refuses(bound: str, value: str) -> None:
    limit = {"type": "PersistentVolumeClaim", bound: {"storage": value}}
    found = {"metadata": {"namespace": "shop", "name": "lr"}, "spec": {"limits": [limit]}}
    with pytest.raises(CheckFailed, match=r"web-disk0 .* shop/lr") as error:
        check_limits([found], [wish(4 * GIB)], "web")
    assert error.value.fault.code == "kubevirt.limit-range"
    limit["type"] = "Pod"
    check_limits([found], [wish(4 * GIB)], "web")


def room(capacity: str, largest: str = "", name: str = "gold") -> dict[str, Any]:
    return {"storageClassName": name, "capacity": capacity, **({"maximumVolumeSize": largest} if largest else {})}


@pytest.mark.parametrize(
    ("rooms", "said"),
    [
        ([room("8Gi"), room("9Gi")], "need 10.0 GiB of class 'gold', which has 9.0 GiB where it has most"),
        ([room("100Gi", "5Gi"), room("3Gi", "9Gi")], "and one of its disks needs 6.0 GiB"),
    ],
)
def test_a_class_without_room_on_any_node(rooms: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(CheckFailed, match=said):
        check_room(rooms, [wish(4 * GIB), wish(6 * GIB)], "web")


@pytest.mark.parametrize("rooms", [[], [room("1Gi", name="silver")], [room("1Gi"), room("10Gi", "6Gi")]])
def test_one_node_with_room_is_enough_and_nothing_said_is_no_limit(rooms: list[dict[str, Any]]) -> None:
    check_room(rooms, [wish(4 * GIB), wish(6 * GIB)], "web")


def test_all_volumes_of_a_vm_go_onto_one_node() -> None:
    check_attached([wish(MIB, attaches=2), wish(MIB, "silver", attaches=2)], "web")
    check_attached([wish(MIB)] * 40, "web")
    with pytest.raises(MtvError, match=r"3 volumes of csi\.test, and no node takes more than 2") as error:
        check_attached([wish(MIB, attaches=2)] * 3, "web")
    assert error.value.fault.code == "kubevirt.attach-limit"
