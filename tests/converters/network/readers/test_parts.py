import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network.readers.parts import together
from mtv.converters.network.reading import READERS, survey
from mtv.converters.network.syntax import addresses
from mtv.model.guest import Interface
from tests.converters.network.corpus import NAMES, case
from tests.converters.network.trees import Tree

PATHS = sorted({path for name in NAMES for path in case(name).tree.held} | {
    "/etc/network/interfaces",
    "/etc/netplan/1.yaml",
    "/etc/NetworkManager/system-connections/a",
    "/etc/sysconfig/network-scripts/ifcfg-e0",
    "/etc/sysconfig/network-scripts/route-e0",
    "/etc/sysconfig/network/ifcfg-eth0",
    "/etc/sysconfig/network/routes",
    "/etc/wicked/ifconfig/a.xml",
    "/etc/systemd/network/1.network",
    "/etc/systemd/network/1.netdev",
    "/etc/systemd/network/1.link",
    "/etc/udev/rules.d/70.rules",
    "/etc/cloud/cloud.cfg",
    "/var/lib/cloud/seed/nocloud/network-config",
    "/var/lib/dhcp/dhclient.leases",
    "/etc/resolv.conf",
})  # fmt: skip
_WRITTEN = """
iface inet static address source /etc/network/interfaces auto bond-slaves bridge_ports mapping up ip route add
network: ethernets: bonds: match: {macaddress: set-name: addresses: version: config: *a &a - : { } [ ] ? | > % ! <<:
[Match] [Network] [connection] [ipv4] Name= MACAddress= type=ethernet interface-name= mac-address= address1=
DEVICE= HWADDR= IPADDR= BONDING_SLAVE0= = ' " \\ # 192.0.2.1/24 2001:db8::1/64 default via 00:50:56:00:00:0a eth0
<interface> </interface> <name> </name> <!DOCTYPE <bond> ../../etc SUBSYSTEM=="net", ATTR{address}== NAME= Driver=
"""
_WORDS = st.sampled_from(_WRITTEN.split())
_TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(_WORDS, st.just("\n"), st.just(" "), st.just("\n  ")), max_size=60).map("".join),
    st.lists(_WORDS, max_size=40).map(" ".join),
)


@given(st.dictionaries(st.sampled_from(PATHS), _TEXTS.map(str.encode) | st.binary(max_size=200), max_size=4))
def test_no_text_makes_a_reader_raise(held: dict[str, bytes]) -> None:
    found = survey(Tree(dict(held)))
    for one in found.network.interfaces:
        assert one.name == "" or addresses.is_name(one.name) or addresses.is_pattern(one.name)
        assert all(addresses.is_name(name) for name in one.members)
    for flaw in found.flaws:
        assert flaw.file in held
        assert 0 <= flaw.line <= held[flaw.file].count(b"\n") + 1
    for binding in found.bindings:
        assert 0 <= binding.line <= held[binding.file].count(b"\n") + 1


@given(st.sampled_from(NAMES), st.data())
def test_no_damage_to_a_real_file_makes_a_reader_raise(name: str, data: st.DataObject) -> None:
    held = dict(case(name).tree.held)
    path = data.draw(st.sampled_from(sorted(held)))
    raw = held[path] or b""
    at = data.draw(st.integers(0, len(raw)))
    until = data.draw(st.integers(at, len(raw)))
    held[path] = raw[:at] + data.draw(st.binary(max_size=8)) + raw[until:]
    survey(Tree(held))


@pytest.mark.parametrize("reader", READERS)
def test_an_empty_guest_says_nothing(reader: object) -> None:
    assert callable(reader)
    found = reader(Tree())
    assert (found.interfaces, found.bindings, found.flaws) == ((), (), ())


def test_rows_of_one_name_are_put_together_and_nameless_ones_stay_apart() -> None:
    found = together(
        [
            Interface(name="e0", method="none", file="a"),
            Interface(name="e0", kind="bond", method="dhcp", members=("e1",), file="b"),
            Interface(name="", mac="1", file="a"),
            Interface(name="", mac="2", file="a"),
        ]
    )
    assert [(one.name, one.kind, one.method, one.file) for one in found] == [
        ("e0", "bond", "dhcp", "a"),
        ("", "ethernet", "unknown", "a"),
        ("", "ethernet", "unknown", "a"),
    ]
