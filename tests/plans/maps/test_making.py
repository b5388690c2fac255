"""Rows of a plan that make networks."""

from typing import Any

import pytest

from mtv.model.estate import Network
from mtv.model.infrastructure import Switch
from mtv.model.plans import Making
from mtv.plans.files.schema import NetworkRow
from mtv.plans.maps.making import makings

NETWORKS = [
    Network(source="s", id="1", name="VLAN-120", vlan="120", switch="dvs"),
    Network(source="s", id="2", name="two", vlan="7", datacenter="A"),
    Network(source="s", id="3", name="two", vlan="8", datacenter="B"),
]
SWITCHES = [Switch(source="s", id="w", name="dvs", mtu=9000)]


def row(name: str, to: str = "nad:net/x", **more: Any) -> NetworkRow:
    return NetworkRow.model_validate({"from": name, "to": to, "make": {"kind": "bridge", "name": "br", **more}})


def test_vlan_and_mtu_are_the_sources() -> None:
    ((place, made, wrong),) = makings([row("VLAN-120")], NETWORKS, SWITCHES)
    assert (place, wrong) == (0, "")
    assert made == Making(of="VLAN-120", to="nad:net/x", kind="bridge", name="br", vlan="120", mtu=9000)


def test_the_plans_own_mtu_wins_and_the_usual_one_is_not_said() -> None:
    ((_, made, _),) = makings([row("VLAN-120", mtu=1500)], NETWORKS, SWITCHES)
    assert made is not None
    assert made.mtu is None


def test_rows_that_make_nothing_are_left_out() -> None:
    assert list(makings([NetworkRow.model_validate({"from": "a", "to": "pod"})], NETWORKS, SWITCHES)) == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (row("*"), "names one network"),
        (row("VLAN-120", to="pod"), "write `to: nad:NAMESPACE/NAME`"),
        (row("VLAN-120", kind="udn", subnets=["10.0.0.0/24"]), "write `to: udn`"),
        (row("VLAN-120", to="udn", kind="udn"), "needs `subnets`"),
        (row("two"), "differs"),
    ],
)
def test_what_cannot_be_made_says_why(asked: NetworkRow, said: str) -> None:
    ((_, made, wrong),) = makings([asked], NETWORKS, SWITCHES)
    assert made is None
    assert said in wrong
