from dataclasses import replace

import pytest

from mtv.converters.network import holding
from mtv.converters.network.holding import Card
from mtv.converters.network.reading import survey
from mtv.model.guest import GuestFacts, Kernel
from tests.converters.network.trees import Tree

A = "00:50:56:00:00:0a"
CARD = Card(key="n", name="ens192", mac=A, driver="virtio_net", kernel_name="eth0")
SET_NAME = f"{{match: {{macaddress: '{A}'}}, set-name: ens192}}"
LINKS = "/etc/systemd/network"


def _held(texts: dict[str, str], card: Card = CARD, by_kernel: bool = False) -> bool:
    return holding.is_held(card, survey(Tree.of(**texts)), by_kernel)


@pytest.mark.parametrize(
    ("texts", "held"),
    [
        ({}, False),
        ({f"{LINKS}/10.link": f"[Match]\nMACAddress={A}\n[Link]\nName=ens192\n"}, True),
        ({f"{LINKS}/10.link": f"[Match]\nMACAddress={A}\n[Link]\nName=lan0\n"}, False),
        ({f"{LINKS}/10.link": f"[Match]\nMACAddress={A}\nDriver=vmxnet3\n[Link]\nName=ens192\n"}, False),
        (
            {
                f"{LINKS}/10.link": "[Match]\nOriginalName=*\n[Link]\nName=lan0\n",
                f"{LINKS}/20.link": f"[Match]\nMACAddress={A}\n[Link]\nName=ens192\n",
            },
            False,
        ),
        (
            {"/etc/netplan/1.yaml": f"network: {{ethernets: {{x: {SET_NAME}}}}}\n"},
            True,
        ),
        ({"/etc/netplan/1.yaml": f"network: {{ethernets: {{ens192: {{match: {{macaddress: '{A}'}}}}}}}}\n"}, False),
        ({"/etc/sysconfig/network-scripts/ifcfg-x": f"DEVICE=ens192\nHWADDR={A}\n"}, False),
        (
            {
                "/etc/sysconfig/network-scripts/ifcfg-x": f"DEVICE=ens192\nHWADDR={A}\n",
                "/usr/lib/udev/rename_device": "",
            },
            True,
        ),
        ({holding.RULES: holding.rule_line("ens192", A) + "\n"}, True),
        ({holding.RULES: holding.rule_line("ens192", "00:50:56:00:00:0b") + "\n"}, False),
        ({holding.RULES: holding.rule_line("lan0", A) + "\n"}, False),
    ],
)
def test_what_holds_a_name(texts: dict[str, str], held: bool) -> None:
    assert _held(texts) is held


def test_the_kernel_holds_what_no_link_takes_away() -> None:
    assert _held({}, by_kernel=True)
    assert _held({f"{LINKS}/99-default.link": "[Match]\nOriginalName=*\n[Link]\nNamePolicy=path\n"}, by_kernel=True)
    assert not _held({f"{LINKS}/10.link": "[Match]\nOriginalName=*\n[Link]\nName=lan0\n"}, by_kernel=True)


@pytest.mark.parametrize("systemd", [209, 219, 245, 257])
def test_what_is_written_holds_the_name_for_the_reader_too(systemd: int) -> None:
    for card in (CARD, replace(CARD, driver="e1000e")):
        path, text = holding.link_path(card, False), holding.link_text(card, systemd)
        assert _held({path: text}, card)
        assert not _held({path: text}, replace(card, mac="00:50:56:00:00:0b"))


def test_a_link_does_not_take_a_bond_or_vlan_with_the_same_mac() -> None:
    new, old = holding.link_text(CARD, 252), holding.link_text(CARD, 219)
    assert "Type=ether" in new  # a bond's type is bond, a VLAN's vlan
    assert "Driver=virtio_net" in old  # theirs are bonding and 802.1Q VLAN Support
    assert 'DRIVERS=="?*"' in holding.rule_line("ens192", A)  # they have no parent with a driver


def test_rules_end_with_a_line_feed_and_keep_what_was() -> None:
    assert holding.rules_text(CARD, None).startswith("# Written by mtv")
    twice = holding.rules_text(replace(CARD, name="b"), holding.rules_text(CARD, "# mine"))
    assert twice.startswith("# mine\n")
    assert twice.count('NAME="') == 2
    assert twice.endswith('"\n')


@pytest.mark.parametrize(
    ("name", "shadowed"),
    [("50-virtio.link", True), ("70-lan.link", True), ("70-x.link", False), ("99-default.link", False)],
)
def test_who_comes_before_ours(name: str, shadowed: bool) -> None:
    path = f"{LINKS}/{name}"
    seen = survey(Tree.of(**{path: "[Match]\nDriver=virtio_net\n[Link]\nMTUBytes=9000\n"}))
    assert holding.shadow(CARD, seen) == (path if shadowed else "")
    assert holding.link_path(CARD, shadowed).rpartition("/")[2][:2] == ("00" if shadowed else "70")


def test_our_own_link_is_no_shadow() -> None:
    seen = survey(Tree.of(**{holding.link_path(CARD, True): holding.link_text(CARD, 252)}))
    assert holding.shadow(CARD, seen) == ""


@pytest.mark.parametrize(
    ("facts", "texts", "named"),
    [
        (GuestFacts(roots=1, systemd=252, distro="debian"), {}, False),
        (GuestFacts(roots=1, systemd=252, cmdline="ro net.ifnames=0"), {}, True),
        (GuestFacts(roots=1, systemd=252, cmdline="ro net.ifnames=01"), {}, False),
        (GuestFacts(roots=1, systemd=196), {}, True),
        (GuestFacts(roots=1, systemd=246, distro="sles"), {}, True),
        (GuestFacts(roots=1, systemd=252), {"/etc/udev/rules.d/80-net-setup-link.rules": ""}, True),
        (GuestFacts(roots=1, systemd=252), {"/etc/udev/rules.d/80-net-name-slot.rules": ""}, True),
    ],
)
def test_who_names_the_cards(facts: GuestFacts, texts: dict[str, str], named: bool) -> None:
    assert holding.is_kernel_named(facts, Tree.of(**texts)) is named


def test_an_unknown_initramfs_counts_as_one_that_must_be_rebuilt() -> None:
    assert holding.wants_rebuild(GuestFacts(roots=1), "virtio_net")
    assert holding.wants_rebuild(GuestFacts(roots=1, kernels=(Kernel(version="6"),)), "virtio_net")
    assert not holding.wants_rebuild(GuestFacts(roots=1, kernels=(Kernel(version="6", drivers=("x",)),)), "virtio_net")
