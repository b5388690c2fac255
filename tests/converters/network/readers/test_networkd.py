from mtv.converters.network.readers import networkd
from mtv.converters.network.readers.parts import Reading
from tests.converters.network.trees import Tree

A, B = "00:50:56:00:00:0a", "00:50:56:00:00:0b"


def _read(**texts: str) -> Reading:
    return networkd.read(Tree.of(**{f"{networkd.FOLDER}/{path}": text for path, text in texts.items()}))


def test_addresses_routes_and_dns() -> None:
    found = _read(
        **{
            "10.network": "[Match]\nName=e0\n[Network]\nAddress=192.0.2.10/24\nGateway=192.0.2.1\nGateway=2001:db8::1\n"
            "DNS=192.0.2.53 2001:db8::53\n[Address]\nAddress=2001:db8::10/64\n[Route]\nDestination=10.0.0.0/8\n"
            "Gateway=192.0.2.254\n[Route]\nGateway=192.0.2.2\n"
        }
    )
    one = found.interfaces[0]
    assert (one.method, one.gateway) == ("static", "192.0.2.1")
    assert one.addresses == ("192.0.2.10/24", "2001:db8::10/64")
    assert found.routes == (
        "default via 192.0.2.1",
        "default via 2001:db8::1",
        "10.0.0.0/8 via 192.0.2.254",
        "default via 192.0.2.2",
    )
    assert found.nameservers == ("192.0.2.53", "2001:db8::53")


def test_drop_ins_are_read_after_their_file() -> None:
    found = _read(
        **{"10.network": "[Match]\nName=e0\n[Network]\nDHCP=no\n", "10.network.d/a.conf": "[Network]\nDHCP=ipv4\n"}
    )
    assert found.interfaces[0].method == "dhcp"


def test_one_mac_is_the_cards_and_two_are_nobodys() -> None:
    found = _read(**{"1.network": f"[Match]\nMACAddress={A}\n", "2.network": f"[Match]\nPermanentMACAddress={A} {B}\n"})
    assert [one.mac for one in found.interfaces] == [A, ""]
    assert [one.value for one in found.bindings] == [A, A, B]


def test_several_names_and_a_negated_one() -> None:
    found = _read(**{"1.network": "[Match]\nName=e0 en* !e9\n[Network]\nBond=bond0\n"})
    assert [(one.name, one.kind, one.members) for one in found.interfaces] == [
        ("bond0", "bond", ("e0",)),
        ("e0", "ethernet", ()),
        ("en*", "ethernet", ()),
    ]


def test_devices_have_the_kind_of_their_netdev() -> None:
    found = _read(
        **{
            "1.netdev": "[NetDev]\nName=v5\nKind=vlan\n[VLAN]\nId=5\n",
            "2.netdev": "[NetDev]\nName=wg0\nKind=wireguard\n",
            "3.network": "[Match]\nName=e0\n[Network]\nVLAN=v5\n",
            "4.network": "[Match]\nName=v5\n[Network]\nDHCP=yes\n",
        }
    )
    told = {one.name: (one.kind, one.members, one.method) for one in found.interfaces}
    assert told == {"v5": ("vlan", ("e0",), "dhcp"), "wg0": ("other", (), "unknown"), "e0": ("ethernet", (), "none")}


def test_driver_path_and_own_mac() -> None:
    found = _read(**{"1.network": f"[Match]\nDriver=vmxnet3\nPath=pci-0000:0b:00.0\n[Link]\nMACAddress={A}\n"})
    assert [(one.key, one.line) for one in found.bindings] == [("driver", 2), ("path", 3), ("clone", 5)]


def test_loopback_is_left_out_and_a_continued_line_is_one() -> None:
    found = _read(**{"1.network": "[Match]\nName=lo\n", "2.network": "[Match]\nName=e0 \\\n  e1\n"})
    assert [one.name for one in found.interfaces] == ["e0", "e1"]


def test_flaws_name_the_line() -> None:
    found = _read(
        **{
            "1.network": "[Network]\nDHCP=yes\n",
            "2.network": "[Match]\nName=a/b\nMACAddress=x\n[Network]\nAddress=y\nnonsense\n",
            "3.netdev": "[NetDev]\nKind=bond\n",
        }
    )
    assert sorted((one.file.rpartition("/")[2], one.line) for one in found.flaws) == [
        ("1.network", 0),
        ("2.network", 2),
        ("2.network", 3),
        ("2.network", 5),
        ("2.network", 6),
        ("3.netdev", 1),
    ]
