"""Networks that are made at the target: whole documents, and what cannot be made."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests import network_documents, rules
from mtv.converters.manifests.networks import loss, trunk
from mtv.formats.kubeyaml import dump
from mtv.model.plans import Making
from tests.converters.manifests.test_documents import golden

VLAN = Making(of="VLAN-120", to="nad:net/vlan-120", kind="bridge", name="br-vmdata", port="bond1", vlan="120", mtu=9000)
CASES = {
    "bridge": VLAN,
    "trunk": replace(VLAN, vlan="0-4094", port="", mtu=None),
    "localnet": replace(VLAN, kind="localnet", name="physnet", to="nad:vlan-120"),
    "cudn": replace(VLAN, kind="cudn", name="physnet", port="", mtu=None),
    "udn": Making(of="seg", to="udn", kind="udn", name="seg-a", subnets=("10.20.0.0/24",)),
}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    made = network_documents(CASES[name], "finance")
    golden(f"network-{name}.yaml", dump(made))
    assert rules.check(made) == []


def config(made: Making) -> Any:
    (attachment,) = (one for one in network_documents(made, "finance") if "config" in one["spec"])  # type: ignore[operator]
    spec: Any = attachment["spec"]
    return json.loads(spec["config"])


@pytest.mark.parametrize("kind", ["bridge", "localnet"])
def test_frames_without_a_tag_get_none(kind: Any) -> None:
    for vlan in ("", "0"):
        assert {"vlan", "vlanID", "vlanTrunk"}.isdisjoint(config(replace(VLAN, kind=kind, vlan=vlan)))


def test_a_trunk_is_the_guests_to_tag() -> None:
    assert config(replace(VLAN, vlan="10-20,30-30,0-0"))["vlanTrunk"] == [
        {"maxID": 20, "minID": 10},
        {"maxID": 30, "minID": 30},
    ]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (replace(VLAN, vlan="private 120"), "known to the switch alone"),
        (replace(VLAN, vlan="10,20"), "differs from host to host"),
        (replace(VLAN, vlan="10 or 20"), "differs"),
        (replace(VLAN, kind="cudn", vlan="10-20"), "carry one"),
        (replace(CASES["udn"], subnets=()), "needs `subnets`"),
    ],
)
def test_what_cannot_be_made(made: Making, said: str) -> None:
    assert said in loss(made)


@pytest.mark.parametrize("name", CASES)
def test_what_can_be_made(name: str) -> None:
    assert loss(CASES[name]) == ""


@given(st.text(alphabet="0123456789-, privateo", max_size=20), st.sampled_from(["bridge", "localnet", "cudn"]))
def test_what_is_not_refused_is_taken_by_the_api(vlan: str, kind: Any) -> None:
    made = replace(VLAN, vlan=vlan, kind=kind)
    if not loss(made):
        assert rules.check(network_documents(made, "finance")) == []
        assert all(1 <= first <= last <= 4094 for first, last in trunk(vlan))
