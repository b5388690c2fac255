import pytest

from mtv.converters.network.readers import wicked
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"


def _read(**texts: str) -> Reading:
    tree = Tree.of(**{(path if path[0] == "/" else f"{wicked.FOLDER}/{path}"): text for path, text in texts.items()})
    return wicked.read(tree)


def test_the_files_name_is_the_interfaces() -> None:
    found = _read(**{"ifcfg-eth0": "BOOTPROTO='dhcp'\nSTARTMODE='auto'\n", "ifcfg-lo": "IPADDR=127.0.0.1/8\n"})
    assert [(one.name, one.method) for one in found.interfaces] == [("eth0", "dhcp")]


def test_addresses_with_their_own_masks() -> None:
    text = (
        "IPADDR=192.0.2.10\nNETMASK=255.255.255.0\nIPADDR_1=192.0.2.11\nPREFIXLEN_1=25\nIPADDR_six='2001:db8::10/64'\n"
    )
    assert _read(**{"ifcfg-eth0": text}).interfaces[0].addresses == (
        "192.0.2.10/24",
        "192.0.2.11/25",
        "2001:db8::10/64",
    )


@pytest.mark.parametrize("suffix", [f"eth-id-{A}", f"id-{A.upper()}"])
def test_old_files_named_by_mac(suffix: str) -> None:
    found = _read(**{f"ifcfg-{suffix}": "BOOTPROTO=dhcp\n"})
    assert [(one.name, one.mac) for one in found.interfaces] == [("", A)]
    assert [(one.key, one.line) for one in found.bindings] == [("mac", 0)]


@pytest.mark.parametrize(
    ("text", "kind", "members"),
    [
        ("BONDING_MASTER=yes\nBONDING_SLAVE0=eth0\nBONDING_SLAVE_1=eth1\n", "bond", ("eth0", "eth1")),
        ("BRIDGE=yes\nBRIDGE_PORTS='eth0 eth1'\n", "bridge", ("eth0", "eth1")),
        ("ETHERDEVICE=bond0\nVLAN_ID=5\n", "vlan", ("bond0",)),
        ("TEAM_RUNNER=lacp\nTEAM_PORT_DEVICE_0=eth0\n", "bond", ("eth0",)),
        ("BOOTPROTO=none\n", "ethernet", ()),
    ],
)
def test_kinds(text: str, kind: str, members: tuple[str, ...]) -> None:
    one = _read(**{"ifcfg-x0": text}).interfaces[0]
    assert (one.kind, one.members) == (kind, members)


def test_a_vlan_by_name() -> None:
    assert _read(**{"ifcfg-eth0.5": ""}).interfaces[0].members == ("eth0",)


def test_routes_and_dns() -> None:
    found = _read(
        **{
            "ifcfg-eth0": "BOOTPROTO=static\n",
            "routes": "# comment\ndefault 192.0.2.1 - -\n10.0.0.0 192.0.2.254 255.0.0.0 eth0\n",
            "ifroute-eth0": "2001:db8:1::/48 2001:db8::1 - eth0\n172.16.0.0/12 - - eth0\n",
            "config": "NETCONFIG_DNS_STATIC_SERVERS='192.0.2.53 x'\nbroken line\n",
        }
    )
    assert found.routes == (
        "default via 192.0.2.1",
        "10.0.0.0/8 via 192.0.2.254",
        "2001:db8:1::/48 via 2001:db8::1",
        "172.16.0.0/12 dev eth0",
    )
    assert found.nameservers == ("192.0.2.53",)
    assert found.flaws == ()


def test_an_own_mac_is_a_clone() -> None:
    found = _read(**{"ifcfg-eth0": f"BOOTPROTO=dhcp\nLLADDR='{A}'\n"})
    assert [(one.key, one.name, one.line) for one in found.bindings] == [("clone", "eth0", 2)]


def test_flaws_name_the_line() -> None:
    found = _read(**{"ifcfg-eth0": "STARTMODE=auto\nIPADDR=nowhere\n", "ifcfg-..": ""})
    assert [(one.file.rpartition("/")[2], one.line) for one in found.flaws] == [("ifcfg-..", 0), ("ifcfg-eth0", 2)]
