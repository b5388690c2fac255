from mtv.converters.network import read
from mtv.model.guest import GuestNetwork
from tests.converters.network.trees import Tree

A, B = "00:50:56:00:00:0a", "00:50:56:00:00:0b"
RULES = "/etc/udev/rules.d/70-persistent-net.rules"


def test_an_empty_guest() -> None:
    assert read(Tree()) == GuestNetwork()


def test_a_system_counts_when_it_configures_something() -> None:
    found = read(
        Tree.of(
            **{
                "/etc/network/interfaces": "auto lo\niface lo inet loopback\n",
                "/etc/netplan/1.yaml": "network: {ethernets: {e0: {dhcp4: true}}}\n",
                "/etc/NetworkManager/system-connections/a": "[connection]\ntype=ethernet\ninterface-name=e0\n",
                "/etc/sysconfig/network-scripts/ifcfg-e1": "BOOTPROTO=dhcp\n",
                "/etc/sysconfig/network/ifcfg-e2": "BOOTPROTO=dhcp\n",
                "/etc/systemd/network/1.network": "[Match]\nName=e3\n",
                "/etc/cloud/cloud.cfg": "network: {version: 1, config: [{type: physical, name: e4}]}\n",
            }
        )
    )
    assert found.systems == ("netplan", "networkmanager", "ifcfg", "wicked", "networkd", "cloud-init")
    assert [one.name for one in found.interfaces] == ["e0", "e0", "e1", "e2", "e3", "e4"]


def test_cloud_init_repeats_nothing() -> None:
    seed = f"version: 2\nethernets:\n x: {{match: {{macaddress: '{A}'}}}}\n e1: {{}}\n e2: {{}}\n"
    made = f"network:\n ethernets:\n  x: {{match: {{macaddress: '{A}'}}}}\n  e1: {{}}\n"
    tree = {"/etc/netplan/50-cloud-init.yaml": made, "/var/lib/cloud/seed/nocloud/network-config": seed}
    found = read(Tree.of(**tree))
    assert [(one.name, one.mac, one.file[:12]) for one in found.interfaces] == [
        ("", A, "/etc/netplan"),
        ("e1", "", "/etc/netplan"),
        ("e2", "", "/var/lib/clo"),
    ]


def test_what_names_a_card_counts_more_than_what_configures_and_remembers_it() -> None:
    lease = {"/var/lib/NetworkManager/internal-x-e0.lease": "CLIENTID=0100505600000c\n"}
    config = {"/etc/sysconfig/network-scripts/ifcfg-e0": f"DEVICE=e0\nHWADDR={B}\n"}
    rule = {RULES: f'SUBSYSTEM=="net", ATTR{{address}}=="{A}", NAME="e0"\n'}
    assert read(Tree.of(**lease)).bound_macs == {"e0": "00:50:56:00:00:0c"}
    assert read(Tree.of(**lease, **config)).bound_macs == {"e0": B}
    assert read(Tree.of(**lease, **config, **rule)).bound_macs == {"e0": A}


def test_resolvers_count_where_no_configuration_names_any() -> None:
    resolv = {"/etc/resolv.conf": "nameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver\nnameserver x\n"}
    assert read(Tree.of(**resolv)).nameservers == ("192.0.2.53",)
    netplan = {"/etc/netplan/1.yaml": "network: {ethernets: {e0: {nameservers: {addresses: [192.0.2.1]}}}}\n"}
    assert read(Tree.of(**resolv, **netplan)).nameservers == ("192.0.2.1",)
