import pytest

from mtv.converters.network.readers import cloudinit
from mtv.converters.network.readers.cloudinit import Cloud
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"
SEED = cloudinit.SEEDS[0]


def _read(**texts: str) -> Reading:
    return cloudinit.read(Tree.of(**texts))


def test_version_1() -> None:
    found = _read(
        **{
            SEED: f"version: 1\nconfig:\n- {{type: physical, name: e0, mac_address: '{A}', subnets: [{{type: static, "
            "address: 192.0.2.10, netmask: 255.255.255.0, gateway: 192.0.2.1, routes: [{network: 10.0.0.0, "
            "netmask: 255.0.0.0, gateway: 192.0.2.254}]}]}\n- {type: bond, name: b0, bond_interfaces: [e0, e1]}\n"
            "- {type: vlan, name: b0.5, vlan_link: b0, subnets: [{type: ipv6_dhcpv6-stateful}]}\n"
            "- {type: nameserver, address: [192.0.2.53]}\n"
            "- {type: route, destination: 172.16.0.0/12, gateway: 192.0.2.2}\n"
        }
    )
    assert [(one.name, one.kind, one.method, one.members) for one in found.interfaces] == [
        ("e0", "ethernet", "static", ()),
        ("b0", "bond", "none", ("e0", "e1")),
        ("b0.5", "vlan", "dhcp", ("b0",)),
    ]
    assert found.interfaces[0].mac == A
    assert [(one.key, one.name, one.line, one.names_nic) for one in found.bindings] == [("mac", "e0", 3, False)]
    assert found.routes == ("default via 192.0.2.1", "10.0.0.0/8 via 192.0.2.254", "172.16.0.0/12 via 192.0.2.2")
    assert found.nameservers == ("192.0.2.53",)


def test_version_2_is_netplans() -> None:
    text = f"network:\n  version: 2\n  ethernets: {{x: {{match: {{macaddress: '{A}'}}, set-name: e0, dhcp4: true}}}}\n"
    found = _read(**{"/etc/cloud/cloud.cfg.d/50.cfg": text})
    assert [(one.name, one.method) for one in found.interfaces] == [("e0", "dhcp")]
    assert [one.names_nic for one in found.bindings] == [False]


def test_a_seed_goes_before_the_configuration() -> None:
    found = _read(
        **{
            "/etc/cloud/cloud.cfg": "network: {version: 1, config: [{type: physical, name: e0}]}\n",
            SEED: "network: {version: 1, config: [{type: physical, name: e1}]}\n",
        }
    )
    assert [one.name for one in found.interfaces] == ["e1"]


def test_switched_off_says_nothing() -> None:
    found = _read(
        **{
            "/etc/cloud/cloud.cfg.d/99.cfg": "network: {config: disabled}\n",
            SEED: "version: 1\nconfig: [{type: physical, name: e1}]\n",
        }
    )
    assert found.interfaces == ()


def test_flaws_name_the_line() -> None:
    found = _read(
        **{
            SEED: "version: 1\nconfig:\n- {type: physical, name: a/b}\n- {type: physical, name: e0,\n"
            "   subnets: [{type: static, address: x}]}\n- 7\n"
        }
    )
    assert [(one.file, one.line) for one in found.flaws] == [(SEED, 3), (SEED, 4)]


def test_no_cloud_init() -> None:
    assert cloudinit.state(Tree()) == Cloud()
    assert not cloudinit.state(Tree()).installed


def test_its_state() -> None:
    tree = Tree.of(
        **{
            "/etc/cloud/cloud.cfg": "",
            "/etc/cloud/cloud-init.disabled": "",
            "/etc/cloud/cloud.cfg.d/9.cfg": "network: {config: disabled}\n",
            "/var/lib/cloud/instance/datasource": "DataSourceOVF: DataSourceOVF [seed=iso]\nmore\n",
            "/var/lib/cloud/data/instance-id": "iid-1\n",
        }
    )
    assert cloudinit.state(tree) == Cloud(
        installed=True,
        disabled=True,
        network_disabled=True,
        datasource="DataSourceOVF: DataSourceOVF [seed=iso]",
        instance_id="iid-1",
    )


@pytest.mark.parametrize(
    ("datasource", "stays"),
    [
        ("", True),
        ("DataSourceNone: DataSourceNone", True),
        ("DataSourceNoCloud: DataSourceNoCloud [seed=/var/lib/cloud/seed/nocloud-net][dsmode=net]", True),
        ("DataSourceNoCloud: DataSourceNoCloud [seed=ds_config][dsmode=net]", True),
        ("DataSourceNoCloud: DataSourceNoCloud [seed=/dev/sr0][dsmode=net]", False),
        ("DataSourceNoCloud: DataSourceNoCloud [seed=dmi][dsmode=net]", False),
        ("DataSourceVMware: DataSourceVMware [seed=guestinfo]", False),
        ("DataSourceOVF: DataSourceOVF [seed=iso]", False),
        ("DataSourceConfigDriveNet: DataSourceConfigDriveNet [net,ver=2][source=/dev/sr0]", False),
    ],
)
def test_what_stays_behind(datasource: str, stays: bool) -> None:
    assert Cloud(installed=True, datasource=datasource).datasource_stays is stays
