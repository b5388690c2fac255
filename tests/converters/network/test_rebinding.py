import pytest

from mtv.converters.network.pairing import Pairing, pair
from mtv.converters.network.reading import survey
from mtv.converters.network.rebinding import Edit, Overlay, applied, rebind
from mtv.model.estate import Concern, Level, Nic
from tests.converters.network.trees import Tree

A, B = "00:50:56:00:00:0a", "00:50:56:00:00:0b"
NIC = Nic(key="n", mac=A, pci_slot=192)
KEYFILE = "/etc/NetworkManager/system-connections/a"
NETWORK = "/etc/systemd/network/1.network"
RULES = "/etc/udev/rules.d/70-persistent-net.rules"


def _rebound(path: str, text: str, mac: str = A, nic: Nic = NIC) -> tuple[str, list[Concern]]:
    tree = Tree.of(**{path: text})
    seen = survey(tree)
    found: Pairing = pair(seen.network, seen.bindings, [nic], False)
    edits, told = rebind(seen.bindings, found, {nic.key: mac}, "virtio_net")
    return applied(edits, tree).get(path, ("", text))[1], told


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (KEYFILE, f"[connection]\ntype=ethernet\n[ethernet]\nmac-address={A.upper()}\n"),
        (KEYFILE, f"[connection]\ntype=ethernet\ninterface-name=ens192\n[ethernet]\nmac-address={A}\n"),
        ("/etc/netplan/1.yaml", f"network:\n ethernets:\n  x:\n   match:\n    macaddress: '{A}'\n"),
        ("/etc/sysconfig/network-scripts/ifcfg-lan", f'HWADDR="{A}"\r\nBOOTPROTO=dhcp\n'),
        (NETWORK, f"[Match]\nMACAddress={A.replace(':', '-')}\n"),
        ("/etc/systemd/network/1.link", f"[Match]\nMACAddress={A}\n[Link]\nName=ens192\n"),
        (
            "/etc/wicked/ifconfig/a.xml",
            f"<interface><name><permanent-address>{A}</permanent-address></name></interface>",
        ),
    ],
)
def test_a_new_mac_replaces_the_old_one_and_nothing_else(path: str, text: str) -> None:
    if path.endswith(".link"):  # a name alone configures nothing: something must want it
        tree = Tree.of(**{path: text, "/etc/network/interfaces": "iface ens192 inet dhcp\n"})
        seen = survey(tree)
        edits, told = rebind(seen.bindings, pair(seen.network, seen.bindings, [NIC], False), {"n": B}, "virtio_net")
        after = applied(edits, tree)[path][1]
    else:
        after, told = _rebound(path, text, mac=B)
    assert after == text.replace(A, B).replace(A.upper(), B.upper()).replace(A.replace(":", "-"), B.replace(":", "-"))
    assert after != text
    assert [one.id for one in told] == ["network.mac-rewritten"]
    assert _rebound(path, text, mac=A) == (text, [])


def test_a_stale_mac_beside_a_name_is_set_right() -> None:
    text = f"[connection]\ntype=ethernet\ninterface-name=ens192\n[ethernet]\nmac-address={B}\n"
    assert _rebound(KEYFILE, text)[0] == text.replace(B, A)


@pytest.mark.parametrize("driver", ["vmxnet3", "e1000"])
def test_vmwares_driver_becomes_the_targets(driver: str) -> None:
    after, told = _rebound(NETWORK, f"[Match]\nDriver={driver}\n[Network]\nDHCP=yes\n")
    assert after == "[Match]\nDriver=virtio_net\n[Network]\nDHCP=yes\n"
    assert [one.level for one in told] == [Level.INFO]


@pytest.mark.parametrize("driver", ["virtio_net", "virtio*", "!vmxnet3", "vmxnet3 virtio_net"])
def test_a_driver_that_fits_stays(driver: str) -> None:
    text = f"[Match]\nDriver={driver}\n"
    assert _rebound(NETWORK, text) == (text, [])


def test_two_drivers_cannot_be_told_apart_any_more() -> None:
    tree = Tree.of(
        **{NETWORK: "[Match]\nDriver=vmxnet3\n", "/etc/systemd/network/2.network": "[Match]\nDriver=e1000\n"}
    )
    edits, told = rebind(survey(tree).bindings, Pairing(), {}, "virtio_net")
    assert edits == []
    assert {(one.id, one.level) for one in told} == {("network.driver-ambiguous", Level.CRITICAL)}


def test_a_place_on_the_bus_becomes_a_mac() -> None:
    after, told = _rebound(NETWORK, "[Match]\nPath=pci-0000:0b:00.0\n")
    assert after == f"[Match]\nMACAddress={A}\n"
    assert [one.id for one in told] == ["network.path-rewritten"]


def test_the_only_place_and_the_only_card_belong_together() -> None:
    assert _rebound(NETWORK, "[Match]\nPath=pci-0000:02:00.0\n")[0] == f"[Match]\nMACAddress={A}\n"


def test_in_a_keyfile_a_place_becomes_the_name() -> None:
    text = "[connection]\ntype=ethernet\ninterface-name=ens192\n[match]\npath=pci-0000:0b:00.0;\n"
    assert _rebound(KEYFILE, text)[0] == text.replace("path=pci-0000:0b:00.0;", "interface-name=ens192;")


def test_a_place_that_leads_to_no_card_is_critical() -> None:
    text = "[Match]\nPath=pci-0000:13:00.0\n"
    two = Tree.of(**{NETWORK: text})
    seen = survey(two)
    found = pair(seen.network, seen.bindings, [NIC, Nic(key="m", mac=B, pci_slot=256)], False)
    assert [one.id for one in rebind(seen.bindings, found, {"n": A, "m": B}, "virtio_net")[1]] == ["network.path-lost"]


def test_a_rule_by_driver_or_place_becomes_one_by_mac() -> None:
    for tie in ('DRIVERS=="vmxnet3"', 'KERNELS=="0000:0b:00.0"'):
        tree = Tree.of(
            **{
                RULES: f'# a\nSUBSYSTEM=="net", {tie}, NAME="lan0"\n',
                "/etc/network/interfaces": "iface lan0 inet dhcp\n",
            }
        )
        seen = survey(tree)
        edits, _ = rebind(seen.bindings, pair(seen.network, seen.bindings, [NIC], False), {"n": A}, "virtio_net")
        after = applied(edits, tree)[RULES][1]
        assert after.startswith("# a\nSUBSYSTEM==")
        assert f'ATTR{{address}}=="{A}"' in after
        assert tie not in after


def test_a_rule_of_an_older_card_is_left() -> None:
    old = f'SUBSYSTEM=="net", ATTR{{address}}=="{B}", NAME="lan0"\n'
    new = f'SUBSYSTEM=="net", ATTR{{address}}=="{A}", NAME="lan0"\n'
    tree = Tree.of(**{RULES: old + new, "/etc/network/interfaces": "iface lan0 inet dhcp\n"})
    seen = survey(tree)
    assert rebind(seen.bindings, pair(seen.network, seen.bindings, [NIC], False), {"n": A}, "virtio_net") == ([], [])


def test_a_mac_in_a_files_name_cannot_be_rewritten() -> None:
    path = f"/etc/sysconfig/network/ifcfg-eth-id-{A}"
    after, told = _rebound(path, "BOOTPROTO=dhcp\n", mac=B)
    assert after == "BOOTPROTO=dhcp\n"
    assert [(one.id, one.level) for one in told] == [("network.mac-in-file-name", Level.CRITICAL)]


def test_a_mac_of_its_own_is_told_and_left() -> None:
    text = f"iface ens192 inet dhcp\n hwaddress {B}\n"
    after, told = _rebound("/etc/network/interfaces", text)
    assert after == text
    assert [one.id for one in told] == ["network.mac-cloned"]
    assert _rebound("/etc/network/interfaces", text.replace(B, A)) == (text.replace(B, A), [])


def test_an_overlay_shows_what_will_be() -> None:
    tree = Tree.of(**{"/a": "1", "/b": "2"})
    over = Overlay(tree, {"/a": "3"})
    assert (over.read("/a"), over.read("/b")) == (b"3", b"2")
    assert over.exists("/a")
    assert not over.exists("/c")
    assert over.glob("/*") == ["/a", "/b"]


def test_edits_outside_the_file_change_nothing() -> None:
    tree = Tree.of(**{"/a": "x\ny"})
    assert applied([Edit(file="/a", line=9, old="", new="z"), Edit(file="/b", line=1, old="", new="z")], tree) == {}
    assert applied([Edit(file="/a", line=2, old="", new="z")], tree) == {"/a": ("x\ny", "x\nz")}


def test_what_a_distribution_ships_for_any_machine_is_no_concern() -> None:
    two = Tree.of(**{"/usr/lib/systemd/network/73-usb-net-by-mac.link": "[Match]\nPath=*-usb-*\n[Link]\nName=x\n"})
    seen = survey(two)
    found = pair(seen.network, seen.bindings, [NIC, Nic(key="m", mac=B, pci_slot=256)], False)
    told = rebind(seen.bindings, found, {"n": A, "m": B}, "virtio_net")[1]
    assert not [one for one in told if one.level == "critical"]
