from mtv.converters.network.readers import networkmanager
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"
FOLDER = "/etc/NetworkManager/system-connections"


def _read(*texts: str) -> Reading:
    return networkmanager.read(Tree.of(**{f"{FOLDER}/{index}.nmconnection": text for index, text in enumerate(texts)}))


def test_addresses_gateways_routes_and_dns() -> None:
    found = _read(
        "[connection]\ntype=ethernet\ninterface-name=ens192\n[ipv4]\nmethod=manual\naddress1=192.0.2.10/24,192.0.2.1\n"
        "address2=192.0.2.11/24\ndns=192.0.2.53;\nroute1=10.0.0.0/8,192.0.2.254,100\nroute1_options=mtu=1400\n"
        "[ipv6]\nmethod=manual\naddress1=2001:db8::10/64\ngateway=2001:db8::1\n"
    )
    one = found.interfaces[0]
    assert one.addresses == ("192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64")
    assert (one.method, one.gateway) == ("static", "192.0.2.1")
    assert found.routes == ("10.0.0.0/8 via 192.0.2.254", "default via 192.0.2.1", "default via 2001:db8::1")
    assert found.nameservers == ("192.0.2.53",)


def test_the_old_list_of_addresses() -> None:
    found = _read(
        "[connection]\ntype=802-3-ethernet\ninterface-name=e0\n[ipv4]\naddresses=192.0.2.10/24;192.0.2.11/24;\n"
    )
    assert found.interfaces[0].addresses == ("192.0.2.10/24", "192.0.2.11/24")


def test_ipv4_decides_the_method() -> None:
    texts = [
        f"[connection]\ntype=ethernet\ninterface-name=e{n}\n[ipv4]\nmethod={four}\n[ipv6]\nmethod={six}\n"
        for n, (four, six) in enumerate([("auto", "ignore"), ("disabled", "auto"), ("disabled", "disabled")])
    ]
    assert [one.method for one in _read(*texts).interfaces] == ["dhcp", "dhcp", "none"]


def test_bound_by_permanent_mac_and_with_one_of_its_own() -> None:
    found = _read(
        f"[connection]\ntype=ethernet\n[ethernet]\nmac-address={A.upper()}\ncloned-mac-address=02:00:00:00:00:01\n",
        "[connection]\ntype=ethernet\ninterface-name=e1\n[ethernet]\ncloned-mac-address=permanent\n",
    )
    assert [(one.name, one.mac) for one in found.interfaces] == [("", A), ("e1", "")]
    assert [(one.key, one.line) for one in found.bindings] == [("mac", 4), ("clone", 5)]


def test_members_by_uuid_name_and_both_spellings() -> None:
    found = _read(
        "[connection]\ntype=bond\nuuid=u-1\ninterface-name=bond0\n",
        "[connection]\ntype=ethernet\ninterface-name=e0\nmaster=u-1\nslave-type=bond\n",
        "[connection]\ntype=ethernet\ninterface-name=e1\ncontroller=bond0\nport-type=bond\n",
        "[connection]\ntype=vlan\ninterface-name=bond0.5\n[vlan]\nid=5\nparent=u-1\n",
        "[connection]\ntype=team\ninterface-name=team0\n",
    )
    told = {one.name: (one.kind, one.members) for one in found.interfaces}
    assert told["bond0"] == ("bond", ("e0", "e1"))
    assert told["bond0.5"] == ("vlan", ("bond0",))
    assert told["team0"] == ("bond", ())


def test_match_by_driver_and_path() -> None:
    found = _read("[connection]\ntype=ethernet\n[match]\ndriver=vmxnet3;\npath=pci-0000:0b:00.0;\n")
    assert [(one.key, one.value) for one in found.bindings] == [("driver", "vmxnet3"), ("path", "pci-0000:0b:00.0")]


def test_what_is_no_card_is_left_out() -> None:
    texts = [f"[connection]\ntype={kind}\ninterface-name=x0\n" for kind in ("wifi", "vpn", "loopback", "wireguard", "")]
    assert _read(*texts).interfaces == ()


def test_editors_leavings_are_left_out() -> None:
    text = "[connection]\ntype=ethernet\ninterface-name=e0\n"
    names = ("a~", "a.rpmsave", ".a.swp", "a.bak")
    assert networkmanager.read(Tree.of(**{f"{FOLDER}/{name}": text for name in names})).interfaces == ()


def test_flaws_name_the_line() -> None:
    found = _read(
        "no section\n[connection]\ntype=ethernet\ninterface-name=e0\n[ethernet]\nmac-address=x\n[ipv4]\naddress1=y\n"
    )
    assert [one.line for one in found.flaws] == [1, 6, 8]
