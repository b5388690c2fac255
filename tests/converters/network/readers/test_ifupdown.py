from mtv.converters.network.readers import ifupdown
from mtv.converters.network.readers.parts import Reading
from mtv.model.guest import Interface
from tests.converters.network.trees import Tree

MAIN = "/etc/network/interfaces"


def _read(**extra: str) -> Reading:
    return ifupdown.read(Tree.of(**extra))


def _one(text: str) -> Interface:
    found = _read(**{MAIN: text})
    assert found.flaws == ()
    assert len(found.interfaces) == 1
    return found.interfaces[0]


def test_static_with_mask_and_gateway() -> None:
    one = _one(
        "auto ens192\niface ens192 inet static\n\taddress 192.0.2.10\n\tnetmask 255.255.255.0\n\tgateway 192.0.2.1\n"
    )
    assert (one.method, one.addresses, one.gateway) == ("static", ("192.0.2.10/24",), "192.0.2.1")


def test_both_families_and_an_alias_are_one_interface() -> None:
    one = _one(
        "iface e0 inet static\n address 192.0.2.10/24\niface e0:1 inet static\n address 192.0.2.11/24\n"
        "iface e0 inet6 static\n address 2001:db8::10\n netmask 64\n"
    )
    assert one.addresses == ("192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64")


def test_comments_continued_lines_and_tabs() -> None:
    one = _one("# iface x inet dhcp\niface \\\n  e0 inet\tstatic\n  # gateway 192.0.2.9\n address\t192.0.2.10/24\n")
    assert one.addresses == ("192.0.2.10/24",)
    assert one.gateway == ""


def test_sources_relative_absolute_and_by_folder() -> None:
    found = _read(
        **{
            MAIN: "source interfaces.d/*.cfg\nsource /etc/more\nsource-directory interfaces.d\niface a inet dhcp\n",
            "/etc/network/interfaces.d/x.cfg": "iface b inet dhcp\n",
            "/etc/network/interfaces.d/y": "iface c inet dhcp\n",
            "/etc/network/interfaces.d/y.dpkg-old": "iface d inet dhcp\n",
            "/etc/more": "iface e inet dhcp\nsource /etc/network/interfaces\n",
        }
    )
    assert [one.name for one in found.interfaces] == ["b", "e", "c", "a"]


def test_bond_by_slaves_and_by_master() -> None:
    by_slaves = _read(**{MAIN: "iface bond0 inet manual\n bond-slaves e0 e1\n"}).interfaces
    assert (by_slaves[0].kind, by_slaves[0].members) == ("bond", ("e0", "e1"))
    by_master = _read(
        **{MAIN: "iface e0 inet manual\n bond-master b\niface b inet dhcp\n bond-slaves none\n bond_mode 1\n"}
    )
    assert (by_master.interfaces[1].kind, by_master.interfaces[1].members) == ("bond", ("e0",))
    assert by_master.interfaces[0].kind == "ethernet"


def test_vlans_by_name_and_by_device() -> None:
    found = _read(**{MAIN: "iface e0.5 inet dhcp\niface vlan6 inet dhcp\n vlan_raw_device e0\n"}).interfaces
    assert [(one.kind, one.members) for one in found] == [("vlan", ("e0",)), ("vlan", ("e0",))]


def test_bridge_without_ports() -> None:
    one = _one("iface br0 inet dhcp\n bridge_ports none\n")
    assert (one.kind, one.members) == ("bridge", ())


def test_routes_of_up_lines() -> None:
    text = (
        "iface e0 inet static\n address 192.0.2.10/24\n up route add -net 10.0.0.0 netmask 255.0.0.0 gw 192.0.2.254\n"
        " post-up ip route add 172.16.0.0/12 via 192.0.2.253 || true\n up ip -6 route add 2001:db8:1::/48 dev e0\n"
        " up route add default gw 192.0.2.1\n down ip route del 172.16.0.0/12\n up /usr/local/bin/own\n"
    )
    assert _read(**{MAIN: text}).routes == (
        "10.0.0.0/8 via 192.0.2.254",
        "172.16.0.0/12 via 192.0.2.253",
        "2001:db8:1::/48 dev e0",
        "default via 192.0.2.1",
    )


def test_a_mac_that_the_guest_sets_is_no_mac_of_a_card() -> None:
    found = _read(**{MAIN: "iface e0 inet dhcp\n hwaddress ether 00:50:56:00:00:0A\n"})
    assert [(one.key, one.value, one.line) for one in found.bindings] == [("clone", "00:50:56:00:00:0a", 2)]
    assert found.interfaces[0].mac == ""


def test_flaws_name_file_and_line() -> None:
    text = "iface e0\niface ../../x inet dhcp\niface e1 inet static\n address 192.0.2.300\nmapping e2\n script x\n"
    found = _read(**{MAIN: text})
    assert [(one.file, one.line) for one in found.flaws] == [(MAIN, 1), (MAIN, 2), (MAIN, 5), (MAIN, 4)]


def test_dns_servers() -> None:
    found = _read(**{MAIN: "iface e0 inet dhcp\n dns-nameservers 192.0.2.53 x 2001:db8::53\n dns-search a.test\n"})
    assert found.nameservers == ("192.0.2.53", "2001:db8::53")
