"""VLANs and switches of networks: of distributed groups by themselves, of standard ones by their hosts."""

from typing import Any

import pytest
from lxml import etree

from mtv.model.estate import Network
from mtv.providers.vsphere.objects import hosts, stores
from mtv.providers.vsphere.reading.collector import Found
from mtv.providers.vsphere.reading.tree import Tree
from mtv.providers.vsphere.wire.answer import VIM, Element
from mtv.providers.vsphere.wire.soap import Ref
from tests.providers.vsphere.opening import read, source_of
from tests.vcenter.server import VCenter

XSI = 'xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def value(inside: str) -> Element:
    return etree.fromstring(f"<val {XSI}>{inside}</val>")


def network(kind: str, groups: stores.Groups, vlan: str = "") -> Network:
    tree = Tree()
    found = Found(Ref(kind, "network-1"), {"name": etree.fromstring(f'<name xmlns="{VIM[1:-1]}">lab</name>')})
    if vlan:
        found.props["config.defaultPortConfig"] = value(vlan)  # type: ignore[index]
    tree.add(found)
    return stores.network(found, "vc", tree, groups)


@pytest.mark.parametrize(("vlan", "told"), [
    ("", ""),
    ('<vlan xsi:type="VmwareDistributedVirtualSwitchVlanIdSpec"><vlanId>0</vlanId></vlan>', "0"),
    ('<vlan xsi:type="VmwareDistributedVirtualSwitchVlanIdSpec"><vlanId>120</vlanId></vlan>', "120"),
    ('<vlan xsi:type="VmwareDistributedVirtualSwitchPvlanSpec"><pvlanId>7</pvlanId></vlan>', "private 7"),
    ('<vlan xsi:type="VmwareDistributedVirtualSwitchTrunkVlanSpec"><vlanId><start>0</start><end>4094</end></vlanId>'
     "</vlan>", "0-4094"),
])  # fmt: skip
def test_a_distributed_group_says_its_vlan(vlan: str, told: str) -> None:
    assert network("DistributedVirtualPortgroup", {("", "lab"): {("9", "other")}}, vlan).vlan == told


def test_a_standard_group_is_what_its_hosts_say() -> None:
    group = (
        "<HostPortGroup><spec><name>lab</name><vlanId>{}</vlanId><vswitchName>{}</vswitchName></spec></HostPortGroup>"
    )
    groups: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for vlan, switch in ((0, "vSwitch0"), (4095, "vSwitch1"), (0, "vSwitch0")):
        props: Any = {"config.network.portgroup": value(group.format(vlan, switch))}
        for name, *told in hosts.port_groups(Found(Ref("HostSystem", "host-1"), props)):
            groups.setdefault(("", name), set()).add((told[0], told[1]))
    found = network("Network", groups)
    assert (found.vlan, found.switch) == ("0,0-4094", "vSwitch0,vSwitch1")
    assert network("Network", {("", "another"): {("5", "x")}}).vlan == ""


def test_the_servers_own_standard_network_has_both(vc: VCenter, made: Any) -> None:
    (found,) = (one for one in read(source_of(vc))[0] if isinstance(one, Network) and one.name == "VM Network")
    assert (found.kind, found.vlan, found.switch) == ("standard", "0", "vSwitch0")
