import pytest

from mtv.converters.network import slotnames
from mtv.model.estate import Nic
from mtv.model.guest import GuestNetwork, Interface
from tests.converters.network.trees import Tree

NICS = [Nic(key="a", pci_slot=192), Nic(key="b", pci_slot=224), Nic(key="c")]


def _relied(network: GuestNetwork, tree: Tree, taken: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(nic.key, name) for nic, name in slotnames.relied_on(network, tree, NICS, taken)]


@pytest.mark.parametrize(
    ("pattern", "broken"),
    [("en*", False), ("e*", False), ("*", False), ("ens*", True), ("enp11s*", True), ("eth*", False)],
)
def test_patterns_that_fit_no_card_at_the_target(pattern: str, broken: bool) -> None:
    network = GuestNetwork(interfaces=(Interface(name=pattern), Interface(name="ens192")))
    assert slotnames.patterns(network) == [pattern]
    assert slotnames.broken_patterns(network) == ([pattern] if broken else [])


def test_a_pattern_keeps_the_names_that_it_matches() -> None:
    network = GuestNetwork(interfaces=(Interface(name="ens1*"),))
    assert _relied(network, Tree()) == [("a", "ens192")]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("/etc/firewalld/zones/a.xml", '<interface name="ens192"/>', True),
        ("/etc/sysctl.d/9.conf", "net.ipv4.conf.ens192.rp_filter=1\n", False),
        ("/etc/sysctl.d/9.conf", "net/ipv4/conf/ens192/rp_filter=1\n", True),
        ("/etc/nftables.conf", "iif ens1920 drop\n", False),
        ("/etc/nftables.conf", "iif ens192.5 drop\n", True),
        ("/etc/iptables/rules.v4", "-A INPUT -i ens192 -j DROP\n", True),
        ("/etc/other.conf", "ens192\n", False),
    ],
)
def test_files_that_name_a_card(path: str, text: str, found: bool) -> None:
    assert _relied(GuestNetwork(), Tree.of(**{path: text})) == ([("a", "ens192")] if found else [])


def test_a_name_that_is_taken_is_not_given_again() -> None:
    tree = Tree.of(**{"/etc/nftables.conf": "ens192 ens224\n"})
    assert _relied(GuestNetwork(), tree, ("ens192",)) == [("b", "ens224")]
