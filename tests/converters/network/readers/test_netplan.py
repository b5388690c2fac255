from mtv.converters.network.readers import netplan
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"


def _read(**texts: str) -> Reading:
    return netplan.read(Tree.of(**texts))


def _ethernet(body: str) -> Reading:
    return _read(**{"/etc/netplan/1.yaml": f"network:\n  version: 2\n  ethernets:\n{body}"})


def test_the_key_is_the_name_without_a_match() -> None:
    found = _ethernet("    ens192: {dhcp4: yes}\n")
    assert [(one.name, one.method) for one in found.interfaces] == [("ens192", "dhcp")]


def test_the_key_is_only_a_label_with_a_match() -> None:
    found = _ethernet(f"    lan:\n      match: {{macaddress: '{A.upper()}'}}\n      dhcp4: true\n")
    assert [(one.name, one.mac) for one in found.interfaces] == [("", A)]
    assert [(one.name, one.value, one.line, one.names_nic) for one in found.bindings] == [("", A, 5, False)]


def test_set_name_by_mac_holds_the_name() -> None:
    found = _ethernet(f"    lan:\n      match:\n        macaddress: {A}\n      set-name: ens192\n")
    assert found.interfaces[0].name == "ens192"
    assert [(one.name, one.line, one.names_nic) for one in found.bindings] == [("ens192", 6, True)]


def test_a_pattern_stays_a_pattern() -> None:
    assert _ethernet("    all:\n      match: {name: 'en*'}\n      dhcp6: true\n").interfaces[0].name == "en*"


def test_files_are_merged_by_name_over_the_folders() -> None:
    found = _read(
        **{
            "/lib/netplan/20.yaml": "network: {ethernets: {e0: {dhcp4: true}}}\n",
            "/etc/netplan/20.yaml": "network: {ethernets: {e0: {addresses: [192.0.2.10/24]}}}\n",
            "/etc/netplan/30.yaml": "network: {ethernets: {e0: {addresses: [192.0.2.11/24]}, e1: {}}}\n",
            "/etc/netplan/40.yaml": "network: {ethernets: {e0: }}\n",
            "/etc/netplan/50.yml": "network: {ethernets: {e9: {}}}\n",
        }
    )
    assert [(one.name, one.method, one.addresses) for one in found.interfaces] == [
        ("e0", "static", ("192.0.2.10/24", "192.0.2.11/24")),
        ("e1", "none", ()),
    ]


def test_members_by_label_become_names() -> None:
    found = _read(
        **{
            "/etc/netplan/1.yaml": f"network:\n ethernets:\n  lan: {{match: {{macaddress: '{A}'}}, set-name: ens192}}\n"
            " bonds:\n  bond0: {interfaces: [lan]}\n vlans:\n  v5: {id: 5, link: bond0}\n"
            " bridges:\n  br0: {interfaces: [v5]}\n"
        }
    )
    assert [(one.name, one.kind, one.members) for one in found.interfaces[1:]] == [
        ("bond0", "bond", ("ens192",)),
        ("br0", "bridge", ("v5",)),
        ("v5", "vlan", ("bond0",)),
    ]


def test_gateways_routes_and_dns() -> None:
    found = _ethernet(
        "    e0:\n      addresses: ['2001:db8::10/64']\n      gateway6: '2001:db8::1'\n"
        "      routes: [{to: 0.0.0.0/0, via: 192.0.2.1}, {to: 10.0.0.0/8, via: 192.0.2.254}, {to: x, via: y}, scalar]\n"
        "      nameservers: {addresses: ['2001:db8::53', 192.0.2.53]}\n"
    )
    assert found.routes == ("default via 2001:db8::1", "default via 192.0.2.1", "10.0.0.0/8 via 192.0.2.254")
    assert found.interfaces[0].gateway == "192.0.2.1"
    assert found.nameservers == ("2001:db8::53", "192.0.2.53")


def test_an_own_mac_of_a_card_is_a_clone_and_of_a_bond_nothing() -> None:
    text = f"network:\n ethernets:\n  e0: {{macaddress: '{A}'}}\n bonds:\n  b: {{macaddress: '{A}'}}\n"
    found = _read(**{"/etc/netplan/1.yaml": text})
    assert [(one.key, one.name) for one in found.bindings] == [("clone", "e0")]


def test_drivers_may_be_a_list() -> None:
    found = _ethernet("    x:\n      match:\n        driver:\n          - vmxnet3\n          - e1000\n")
    assert [(one.key, one.value, one.line) for one in found.bindings] == [
        ("driver", "vmxnet3", 7),
        ("driver", "e1000", 8),
    ]


def test_what_is_no_mapping_no_name_and_no_mac() -> None:
    found = _read(
        **{
            "/etc/netplan/1.yaml": "- a\n",
            "/etc/netplan/2.yaml": "network:\n  ethernets:\n    e0:\n      match: {macaddress: nonsense}\n",
            "/etc/netplan/3.yaml": "network:\n  bonds:\n    '../../etc': {interfaces: [e0]}\n",
            "/etc/netplan/4.yaml": "network: [1, 2]\n",
        }
    )
    assert [(one.file[-6:], one.line) for one in found.flaws] == [("1.yaml", 1)]


def test_flaws_of_a_tree_that_can_be_walked() -> None:
    found = _read(
        **{
            "/etc/netplan/2.yaml": "network:\n  ethernets:\n    e0:\n      match: {macaddress: nonsense}\n"
            "    e1:\n      set-name: a/b\n      addresses: [nowhere]\n  bonds:\n    '../../etc': {interfaces: [e0]}\n",
        }
    )
    assert [one.line for one in found.flaws] == [4, 6, 7, 9]
