import pytest

from mtv.converters.network.readers import ifcfg
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"
FOLDER = ifcfg.FOLDER


def _read(**texts: str) -> Reading:
    return ifcfg.read(
        Tree.of(**{(path if path[0] == "/" else f"{FOLDER}/{path}"): text for path, text in texts.items()})
    )


def test_quotes_comments_export_and_the_last_word() -> None:
    found = _read(
        **{"ifcfg-e0": "export DEVICE='e0' # card\n#IPADDR=192.0.2.9\nIPADDR=x\nIPADDR=\"192.0.2.10\"\nPREFIX=24\n"}
    )
    assert found.interfaces[0].addresses == ("192.0.2.10/24",)
    assert found.flaws == ()


def test_the_files_name_stands_in_for_device() -> None:
    assert _read(**{"ifcfg-e7": "BOOTPROTO=dhcp\n"}).interfaces[0].name == "e7"


def test_without_a_device_a_mac_is_enough() -> None:
    found = _read(**{"ifcfg-lan": f"HWADDR={A.upper()}\nBOOTPROTO=dhcp\n"})
    assert [(one.name, one.mac) for one in found.interfaces] == [("", A)]
    assert [(one.name, one.names_nic) for one in found.bindings] == [("", False)]


@pytest.mark.parametrize("helper", ["/usr/lib/udev/rename_device", "/lib/udev/rename_device"])
def test_the_helper_makes_hwaddr_hold_the_name(helper: str) -> None:
    found = _read(**{"ifcfg-e0": f"DEVICE=e0\nHWADDR={A}\n", helper: "x"})
    assert [one.names_nic for one in found.bindings] == [True]


def test_numbered_addresses_and_masks() -> None:
    found = _read(
        **{
            "ifcfg-e0": "IPADDR0=192.0.2.10\nPREFIX0=25\nIPADDR1=192.0.2.200\nNETMASK1=255.255.255.128\n"
            "IPADDR=10.0.0.1\n"
        }
    )
    assert found.interfaces[0].addresses == ("192.0.2.10/25", "192.0.2.200/25", "10.0.0.1/8")


def test_an_alias_adds_to_its_base() -> None:
    found = _read(
        **{
            "ifcfg-e0": "DEVICE=e0\nIPADDR=192.0.2.10\nPREFIX=24\n",
            "ifcfg-e0:1": "DEVICE=e0:1\nIPADDR=192.0.2.11\nPREFIX=24\n",
        }
    )
    assert [(one.name, one.addresses) for one in found.interfaces] == [("e0", ("192.0.2.10/24", "192.0.2.11/24"))]


@pytest.mark.parametrize(
    ("text", "kind", "members"),
    [
        ("DEVICE=e0.5\nVLAN=yes\n", "vlan", ("e0",)),
        ("DEVICE=vlan5\nTYPE=Vlan\nPHYSDEV=e0\n", "vlan", ("e0",)),
        ("DEVICE=b0\nTYPE=Bond\n", "bond", ()),
        ("DEVICE=b0\nBONDING_OPTS=mode=1\n", "bond", ()),
        ("DEVICE=t0\nDEVICETYPE=Team\n", "bond", ()),
        ("DEVICE=br0\nTYPE=Bridge\n", "bridge", ()),
        ("DEVICE=i0\nTYPE=InfiniBand\n", "other", ()),
        ("DEVICE=e0\nTYPE=Ethernet\n", "ethernet", ()),
    ],
)
def test_kinds(text: str, kind: str, members: tuple[str, ...]) -> None:
    one = _read(**{"ifcfg-x": text}).interfaces[0]
    assert (one.kind, one.members) == (kind, members)


def test_members_name_their_master() -> None:
    found = _read(
        **{
            "ifcfg-br0": "DEVICE=br0\nTYPE=Bridge\nBOOTPROTO=dhcp\n",
            "ifcfg-e0": "DEVICE=e0\nBRIDGE=br0\n",
            "ifcfg-e1": "DEVICE=e1\nTEAM_MASTER=team0\n",
        }
    )
    told = {one.name: (one.kind, one.members, one.file) for one in found.interfaces}
    assert told["br0"] == ("bridge", ("e0",), f"{FOLDER}/ifcfg-br0")
    assert told["team0"][:2] == ("bond", ("e1",))


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("BOOTPROTO=dhcp\n", "dhcp"),
        ("BOOTPROTO=none\nIPADDR=192.0.2.1\n", "static"),
        ("IPADDR=192.0.2.1\n", "static"),
        ("BOOTPROTO=none\nDHCPV6C=yes\n", "dhcp"),
        ("BOOTPROTO=none\n", "none"),
        ("BOOTPROTO=ibft\n", "unknown"),
    ],
)
def test_methods(text: str, method: str) -> None:
    assert _read(**{"ifcfg-e0": text}).interfaces[0].method == method


def test_three_forms_of_routes() -> None:
    found = _read(
        **{
            "ifcfg-e0": "IPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\n",
            "route-e0": "ADDRESS0=10.0.0.0\nNETMASK0=255.0.0.0\nGATEWAY0=192.0.2.254\n",
            "route-e1": "172.16.0.0/12 via 192.0.2.253 dev e1 metric 5\n\n# none\n10.9.0.0/16\n",
            "route6-e0": "2001:db8:1::/48 via 2001:db8::1\n",
            "route-e0.bak": "10.1.0.0/16 via 192.0.2.2\n",
        }
    )
    assert found.routes == (
        "default via 192.0.2.1",
        "10.0.0.0/8 via 192.0.2.254",
        "172.16.0.0/12 via 192.0.2.253",
        "10.9.0.0/16 dev e1",
        "2001:db8:1::/48 via 2001:db8::1",
    )


def test_loopback_and_leavings_are_left_out() -> None:
    assert _read(**{"ifcfg-lo": "DEVICE=lo\n", "ifcfg-e0.rpmsave": "DEVICE=e0\n", "ifcfg-e0~": ""}).interfaces == ()


def test_flaws_name_the_line() -> None:
    found = _read(
        **{"ifcfg-e0": "DEVICE=e0\nif x\nIPADDR='192\nHWADDR=zz\nIPADDR1=nowhere\n", "ifcfg-x": "DEVICE=a/b\n"}
    )
    assert [(one.file[-8:], one.line) for one in found.flaws] == [
        ("ifcfg-e0", 2),
        ("ifcfg-e0", 3),
        ("ifcfg-e0", 4),
        ("ifcfg-e0", 5),
        ("/ifcfg-x", 1),
    ]
