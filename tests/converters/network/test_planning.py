from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests.shape import shape
from mtv.converters.network import NetworkPlan, diff, plan, read, stable_mac
from mtv.model.estate import VM, Level, Nic
from mtv.model.guest import GuestFacts, Kernel
from mtv.model.plans import GuestChoice, NicChoice, VmPlan
from tests.converters.network.trees import Tree

A, B = "00:50:56:00:00:0a", "00:50:56:00:00:0b"
LINK = "/etc/systemd/network/70-mtv-ens192.link"
RULES = "/etc/udev/rules.d/70-persistent-net.rules"
IFUPDOWN = "iface ens192 inet static\n address 192.0.2.10/24\n"
ONE = Tree.of(**{"/etc/network/interfaces": IFUPDOWN})
NIC = Nic(key="n0", label="Network adapter 1", mac=A, pci_slot=192)
FACTS = GuestFacts(
    roots=1,
    family="linux",
    distro="debian",
    systemd=252,
    kernels=(Kernel(version="6", initramfs="/boot/i", drivers=("vmxnet3",)),),
)


def _plan(
    tree: Tree = ONE,
    facts: GuestFacts = FACTS,
    nics: tuple[Nic, ...] = (NIC,),
    choices: tuple[NicChoice, ...] | None = None,
    **choice: Any,
) -> NetworkPlan:
    vm = VM(source="ova", id="vm-1", name="vm-1", nics=nics)
    given_choices = tuple(NicChoice(nic=nic.key, to="pod") for nic in nics) if choices is None else choices
    return plan(read(tree), facts, vm, given_choices, GuestChoice(**choice), tree)


def _ids(made: NetworkPlan) -> set[str]:
    return {one.id.removeprefix("network.") for one in made.concerns}


def _text(made: NetworkPlan, path: str) -> str:
    return next(one.after or "" for one in made.changes if one.path == path)


def test_one_name_is_kept_by_one_link() -> None:
    made = _plan()
    assert [one.path for one in made.changes] == [LINK]
    assert made.names == {"n0": "ens192"}
    assert made.macs == {"n0": A}
    assert made.concerns == ()
    assert not made.rebuild_initramfs


@pytest.mark.parametrize(
    ("systemd", "line"),
    [(209, "Driver=virtio_net"), (244, "Driver=virtio_net"), (245, "Type=ether"), (257, "Type=ether")],
)
def test_old_systemd_matches_by_driver(systemd: int, line: str) -> None:
    text = _text(_plan(facts=replace(FACTS, systemd=systemd)), LINK)
    assert line in text.splitlines()
    assert ("Driver=" in text) != ("Type=" in text)


@pytest.mark.parametrize("systemd", [0, 183, 196, 204, 208])
def test_without_links_a_rule_is_written(systemd: int) -> None:
    made = _plan(facts=replace(FACTS, systemd=systemd))
    assert [one.path for one in made.changes] == [RULES]
    assert f'ATTR{{address}}=="{A}"' in _text(made, RULES)


def test_a_rule_is_added_to_the_rules_that_are_there() -> None:
    tree = Tree({**ONE.held, RULES: b"# mine"})
    assert _text(_plan(tree, replace(FACTS, systemd=0)), RULES).startswith("# mine\n# Written by mtv")


def test_compatible_devices_are_matched_by_their_driver() -> None:
    made = _plan(facts=replace(FACTS, systemd=241), devices="compatible")
    assert "Driver=e1000e" in _text(made, LINK)


@pytest.mark.parametrize(
    ("drivers", "devices", "rebuild"),
    [
        (("vmxnet3", "virtio_net"), "virtio", True),
        (("vmxnet3",), "virtio", False),
        (("vmxnet3", "e1000e"), "virtio", False),
        (("vmxnet3", "e1000e"), "compatible", True),
        ((), "virtio", True),
    ],
)
def test_an_initramfs_that_drives_the_card_must_be_rebuilt(
    drivers: tuple[str, ...], devices: str, rebuild: bool
) -> None:
    facts = replace(FACTS, kernels=(Kernel(version="6", drivers=drivers),))
    made = _plan(facts=facts, devices=devices)
    assert made.rebuild_initramfs is rebuild
    assert ("initramfs" in _ids(made)) is rebuild


def test_one_of_two_kernels_is_enough() -> None:
    kernels = (Kernel(version="5", drivers=("vmxnet3",)), Kernel(version="6", drivers=("virtio_net",)))
    assert _plan(facts=replace(FACTS, kernels=kernels)).rebuild_initramfs


def test_a_rebuild_is_asked_only_for_what_was_written() -> None:
    tree = Tree.of(**{"/etc/systemd/network/10.network": "[Match]\nName=en*\n[Network]\nDHCP=yes\n"})
    facts = replace(FACTS, kernels=(Kernel(version="6", drivers=("virtio_net",)),))
    made = _plan(tree, facts)
    assert made.changes == ()
    assert not made.rebuild_initramfs


@pytest.mark.parametrize("choice", [{"addresses": "leave"}, {"conversion": "none"}])
def test_left_alone_by_choice(choice: dict[str, Any]) -> None:
    made = _plan(**choice)
    assert made.changes == ()
    assert made.macs == {"n0": A}
    assert _ids(made) == {"addresses-left"}


@pytest.mark.parametrize("family", ["windows", "unknown"])
def test_only_linux_is_touched(family: str) -> None:
    made = _plan(facts=replace(FACTS, family=family))
    assert made.changes == ()
    assert family in made.concerns[0].text


def test_a_card_to_no_network_is_told_and_gets_no_mac() -> None:
    made = _plan(choices=(NicChoice(nic="n0", to="none"),))
    assert made.changes == ()
    assert made.macs == made.names == {}
    assert _ids(made) == {"nic-dropped"}


def test_a_card_without_a_choice_goes_to_no_network() -> None:
    assert _ids(_plan(choices=())) == {"nic-dropped"}


def test_a_vm_without_cards_is_told() -> None:
    made = _plan(nics=())
    assert made.changes == ()
    assert _ids(made) == {"no-nics", "stale-interface"}


def test_the_plans_mac_holds_and_is_written() -> None:
    made = _plan(choices=(NicChoice(nic="n0", to="pod", mac="02-AA-00-00-00-01"),))
    assert made.macs == {"n0": "02:aa:00:00:00:01"}
    assert "MACAddress=02:aa:00:00:00:01\n" in _text(made, LINK)


def test_a_card_that_nobody_knows_the_mac_of_gets_a_made_one() -> None:
    made = _plan(nics=(replace(NIC, mac=""),))
    assert made.macs == {"n0": stable_mac("ova/vm-1", 0)}
    assert f"MACAddress={made.macs['n0']}\n" in _text(made, LINK)
    assert _ids(made) == {"mac-made"}


def test_a_mac_that_the_plan_made_before_is_told_as_made() -> None:
    made = _plan(nics=(replace(NIC, mac=""),), choices=(NicChoice(nic="n0", to="pod", mac=stable_mac("ova/vm-1", 0)),))
    assert _ids(made) == {"mac-made"}


def test_kubevirts_own_mac_is_never_taken() -> None:
    assert _plan(nics=(replace(NIC, mac="02:00:00:00:00:00"),)).macs == {"n0": stable_mac("ova/vm-1", 0)}


def test_the_guest_knows_a_mac_that_the_source_does_not() -> None:
    tree = Tree.of(
        **{"/etc/sysconfig/network-scripts/ifcfg-ens192": f"DEVICE=ens192\nHWADDR={B.upper()}\nBOOTPROTO=dhcp\n"}
    )
    made = _plan(tree, nics=(replace(NIC, mac=""),))
    assert made.macs == {"n0": B}
    assert _ids(made) == {"mac-from-guest"}


def test_two_cards_with_one_mac_are_refused() -> None:
    made = _plan(nics=(NIC, replace(NIC, key="n1", pci_slot=224)))
    told = [one for one in made.concerns if one.id == "network.mac-twice"]
    assert [one.level for one in told] == [Level.CRITICAL]
    assert made.changes == ()


def test_a_changed_mac_is_rewritten_where_the_guest_names_it() -> None:
    path = "/etc/netplan/01.yaml"
    text = f"network:\n ethernets:\n  lan:\n   match: {{macaddress: '{A}'}}\n   set-name: ens192\n   dhcp4: true\n"
    tree = Tree.of(**{path: text})
    made = _plan(tree, choices=(NicChoice(nic="n0", to="pod", mac=B),))
    assert [one.path for one in made.changes] == [path]
    assert _text(made, path) == text.replace(A, B)
    assert _ids(made) == {"mac-rewritten"}


def test_a_file_that_is_no_text_is_never_touched() -> None:
    tree = Tree({**ONE.held, LINK: b"\xff\xfe"})
    made = _plan(tree)
    assert made.changes == ()
    assert _ids(made) == {"file-unclear", "file-undecodable"}
    assert Level.CRITICAL in {one.level for one in made.concerns}


def test_a_file_that_is_too_big_is_told() -> None:
    tree = Tree({**ONE.held, "/etc/netplan/big.yaml": b"#" * (300 << 10)})
    made = _plan(tree)
    assert _ids(made) == {"file-unclear"}
    assert "big.yaml" in made.concerns[0].text


def test_many_flaws_are_counted() -> None:
    tree = Tree.of(**{"/etc/sysconfig/network-scripts/ifcfg-ens192": "if true\n" * 500})
    made = _plan(tree)
    assert len([one for one in made.concerns if one.id == "network.file-unclear"]) == 21
    assert "480 more" in made.concerns[20].text


def test_kernel_names_are_pinned_where_nothing_shows_that_the_kernel_gives_them() -> None:
    tree = Tree.of(**{"/etc/network/interfaces": "iface eth0 inet dhcp\n"})
    assert [one.path for one in _plan(tree).changes] == ["/etc/systemd/network/70-mtv-eth0.link"]
    assert _plan(tree, replace(FACTS, cmdline="ro net.ifnames=0")).changes == ()
    assert _plan(tree, replace(FACTS, distro="sles")).changes == ()
    masked = Tree({**tree.held, "/etc/udev/rules.d/80-net-setup-link.rules": None})
    assert _plan(masked).changes == ()


def test_the_last_eth_left_is_renamed_without_collision() -> None:
    tree = Tree.of(**{"/etc/network/interfaces": "iface eth0 inet dhcp\niface eth1 inet dhcp\n"})
    nics = (NIC, Nic(key="n1", mac=B, pci_slot=224))
    made = _plan(tree, replace(FACTS, cmdline="net.ifnames=0"), nics, (NicChoice(nic="n1", to="pod"),))
    assert [one.path for one in made.changes] == ["/etc/systemd/network/70-mtv-eth1.link"]
    assert _ids(made) == {"nic-dropped"}


def test_eths_that_move_up_collide() -> None:
    tree = Tree.of(**{"/etc/network/interfaces": "".join(f"iface eth{n} inet dhcp\n" for n in range(3))})
    nics = tuple(Nic(key=f"n{n}", mac=f"00:50:56:00:00:0{n}") for n in range(3))
    choices = tuple(NicChoice(nic=f"n{n}", to="pod") for n in (1, 2))
    made = _plan(tree, replace(FACTS, cmdline="net.ifnames=0"), nics, choices)
    told = [one for one in made.concerns if one.id == "network.eth-collision"]
    assert ["eth1" in one.text for one in told] == [True]  # eth2 is free: only two cards are left
    assert told[0].level == Level.CRITICAL


SLOTS = [160, 192, 224, 256, 1184, 1216, 1248, 1280, 2208, 2240]  # as vSphere gives them, one NIC after the other


@pytest.mark.parametrize("count", range(1, len(SLOTS) + 1))
def test_however_many_cards_there_are_the_kernel_counts_them_as_before(count: int) -> None:
    """The fifth comes second on VMware's bus, and so it does in the manifest: nothing collides, nothing is written."""
    tree = Tree.of(**{"/etc/network/interfaces": "".join(f"iface eth{n} inet dhcp\n" for n in range(count))})
    nics = tuple(Nic(key=f"n{n}", mac=f"00:50:56:00:01:{n:02x}", pci_slot=SLOTS[n]) for n in range(count))
    vm = VM(source="ova", id="vm-1", name="vm-1", nics=nics)
    choices = tuple(NicChoice(nic=nic.key, to="pod") for nic in nics)
    made = plan(read(tree), replace(FACTS, cmdline="net.ifnames=0"), vm, choices, GuestChoice(), tree)
    assert (made.changes, made.concerns) == ((), ())
    by_mac = {made.macs[key]: name for key, name in made.names.items()}
    shown = shape(VmPlan(vm=vm, machine="vm-1", disks=(), nics=choices), None, macs=made.macs).nics
    assert [by_mac[nic.mac] for nic in shown] == [f"eth{n}" for n in range(count)]


def test_a_pattern_that_no_slot_saves_is_critical() -> None:
    tree = Tree.of(**{"/etc/systemd/network/10.network": "[Match]\nName=ens*\n[Network]\nDHCP=yes\n"})
    made = _plan(tree, nics=(replace(NIC, pci_slot=None),))
    assert made.changes == ()
    assert [(one.id, one.level) for one in made.concerns] == [("network.pattern-lost", Level.CRITICAL)]


def test_an_unnamed_card_is_told() -> None:
    made = _plan(Tree())
    assert made.changes == ()
    assert _ids(made) == {"nic-unnamed"}


def test_a_lost_datasource_is_kept_beside_the_names() -> None:
    tree = Tree(
        {
            **ONE.held,
            "/etc/cloud/cloud.cfg": b"",
            "/var/lib/cloud/instance/datasource": b"DataSourceVMware: DataSourceVMware [seed=guestinfo]\n",
            "/var/lib/cloud/data/instance-id": b"iid-7\n",
        }
    )
    made = _plan(tree)
    assert [one.path for one in made.changes] == ["/etc/cloud/cloud.cfg.d/99-mtv.cfg", LINK]
    assert _ids(made) == {"cloud-init-kept"}


NAMES = ("ens192", "ens224", "eth0", "eth1", "lan0")
MACS = (A, B, "00:50:56:00:00:0c", "")
_name, _mac = st.sampled_from(NAMES), st.sampled_from(MACS[:3])
FILES: dict[str, st.SearchStrategy[str]] = {
    "/etc/network/interfaces": st.builds("iface {} inet dhcp\n".format, _name),
    "/etc/netplan/1.yaml": st.builds(
        "network:\n ethernets:\n  {0}:\n   match: {{macaddress: '{1}'}}\n   set-name: {0}\n".format, _name, _mac
    ),
    "/etc/netplan/2.yaml": st.builds("network:\n ethernets:\n  x:\n   match: {{driver: {0}}}\n".format, _name),
    "/etc/NetworkManager/system-connections/a": st.builds(
        "[connection]\ntype=ethernet\ninterface-name={}\n[ethernet]\nmac-address={}\n".format, _name, _mac
    ),
    "/etc/NetworkManager/system-connections/b": st.builds(
        "[connection]\ntype=ethernet\n[ethernet]\nmac-address={}\n[match]\npath=pci-0000:0b:00.0\n".format, _mac
    ),
    "/etc/sysconfig/network-scripts/ifcfg-a": st.builds("DEVICE={}\nHWADDR={}\n".format, _name, _mac),
    "/usr/lib/udev/rename_device": st.just(""),
    "/etc/sysconfig/network/ifcfg-eth0": st.just("BOOTPROTO=dhcp\n"),
    "/etc/systemd/network/10.network": st.builds("[Match]\nMACAddress={}\n".format, _mac),
    "/etc/systemd/network/20.network": st.just("[Match]\nDriver=vmxnet3\nPath=pci-0000:0b:00.0\n"),
    "/etc/systemd/network/30.link": st.builds("[Match]\nMACAddress={}\n[Link]\nName={}\n".format, _mac, _name),
    "/etc/systemd/network/40.link": st.sampled_from(
        ["[Match]\nDriver=virtio_net\n[Link]\nMTUBytes=9000\n", "[Match]\nOriginalName=*\n[Link]\nName=lan0\n"]
    ),
    RULES: st.builds(
        'SUBSYSTEM=="net", DRIVERS=="{}", ATTR{{address}}=="{}", NAME="{}"\n'.format,
        st.sampled_from(["?*", "vmxnet3"]),
        _mac,
        _name,
    ),
    "/etc/cloud/cloud.cfg": st.just("{}\n"),
    "/var/lib/cloud/instance/datasource": st.just("DataSourceOVF: x\n"),
    "/etc/nftables.conf": st.builds('iifname "{}" drop\n'.format, _name),
}
_TREES = st.fixed_dictionaries({}, optional=FILES)
_CARDS = st.lists(
    st.tuples(st.sampled_from(MACS), st.sampled_from([None, 192, 224]), st.sampled_from(["pod", "none"])), max_size=3
)


@given(
    _TREES,
    _CARDS,
    st.sampled_from([0, 204, 219, 252]),
    st.sampled_from(["", "net.ifnames=0"]),
    st.sampled_from(["virtio", "compatible"]),
)
def test_planning_is_done_once(
    texts: dict[str, str], cards: list[tuple[str, int | None, str]], systemd: int, cmdline: str, devices: str
) -> None:
    tree = Tree.of(**texts)
    nics = tuple(Nic(key=str(index), mac=mac, pci_slot=slot) for index, (mac, slot, _) in enumerate(cards))
    choices = tuple(NicChoice(nic=str(index), to=to) for index, (_, _, to) in enumerate(cards))
    facts = replace(FACTS, systemd=systemd, cmdline=cmdline)
    first = _plan(tree, facts, nics, choices, devices=devices)
    again = _plan(tree.changed(first), facts, nics, choices, devices=devices)
    assert diff(again) == ""
    assert again.macs == first.macs
    assert len(set(first.names.values())) == len(first.names)
    assert set(first.names) <= set(first.macs) == {one.nic for one in choices if one.to != "none"}
