from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network.pairing import Pairing, pair
from mtv.model.estate import Nic
from mtv.model.guest import GuestNetwork, Interface

A, B, C = "00:50:56:00:00:0a", "00:50:56:00:00:0b", "00:50:56:00:00:0c"


def _network(*names: str, bound: Mapping[str, str] | None = None, extra: tuple[Interface, ...] = ()) -> GuestNetwork:
    own = tuple(Interface(name=name) for name in names)
    return GuestNetwork(interfaces=own + extra, bound_macs=bound or {})


def _nics(*told: tuple[str, int | None]) -> list[Nic]:
    return [Nic(key=str(index), mac=mac, pci_slot=slot) for index, (mac, slot) in enumerate(told)]


def _pairs(found: Pairing) -> dict[str, tuple[str, str]]:
    return {str(one.wanted): (one.nic.key, one.by) for one in found.pairs}


def test_a_mac_in_the_guest_counts_more_than_the_slot() -> None:
    found = pair(_network("ens192", "ens224", bound={"ens192": B, "ens224": A}), (), _nics((A, 192), (B, 224)), False)
    assert _pairs(found) == {"ens224": ("0", "mac"), "ens192": ("1", "mac")}


def test_a_slot_counts_more_than_the_order() -> None:
    found = pair(_network("ens192", "ens224"), (), _nics((A, 224), (B, 192)), False)
    assert _pairs(found) == {"ens224": ("0", "slot"), "ens192": ("1", "slot")}


def test_a_name_by_bus_fits_its_slot() -> None:
    assert _pairs(pair(_network("enp11s0"), (), _nics((A, 192), (B, 224)), False)) == {"enp11s0": ("0", "slot")}


def test_eth_counts_along_the_bus() -> None:
    found = pair(_network("eth0", "eth1"), (), _nics((A, 224), (B, 192)), True)
    assert _pairs(found) == {"eth0": ("1", "order"), "eth1": ("0", "order")}


def test_a_mac_takes_its_card_out_of_the_order() -> None:
    found = pair(_network("eth0", "eth1", bound={"eth1": A}), (), _nics((A, None), (B, None)), True)
    assert _pairs(found) == {"eth1": ("0", "mac"), "eth0": ("1", "only")}


def test_the_only_pair_left_is_no_guess() -> None:
    found = pair(_network("ens192", "uplink"), (), _nics((A, 192), (B, None)), False)
    assert _pairs(found)["uplink"] == ("1", "only")


def test_numbers_decide_last_and_ten_comes_after_nine() -> None:
    found = pair(_network("lan10", "lan9"), (), _nics(("", None), ("", None)), False)
    assert _pairs(found) == {"lan9": ("0", "guess"), "lan10": ("1", "guess")}


def test_more_names_than_cards_fit_nothing() -> None:
    found = pair(_network("lan0", "lan1", "lan2"), (), _nics(("", None), ("", None)), False)
    assert found.pairs == ()
    assert [one.name for one in found.unfit] == ["lan0", "lan1", "lan2"]


def test_names_without_numbers_are_not_guessed() -> None:
    found = pair(_network("lan", "dmz"), (), _nics(("", None), ("", None)), False)
    assert len(found.unfit) == 2


def test_with_every_card_known_other_configuration_is_stale() -> None:
    found = pair(_network("ens192", "ens256"), (), _nics((A, 192)), False)
    assert [one.name for one in found.stale] == ["ens256"]
    assert found.unfit == ()


@pytest.mark.parametrize(("kernel_named", "live", "stale"), [(False, "ens192", "eth0"), (True, "eth0", "ens192")])
def test_the_other_way_of_naming_is_a_leftover(kernel_named: bool, live: str, stale: str) -> None:
    found = pair(_network("eth0", "ens192"), (), _nics((A, 192), (B, 224)), kernel_named)
    assert _pairs(found)[live][0] == "0"
    assert [one.name for one in found.stale] == [stale]


def test_two_names_for_one_mac_go_to_the_one_that_fits_the_slot() -> None:
    found = pair(_network("eth0", "ens192", bound={"eth0": A, "ens192": A}), (), _nics((A, 192)), False)
    assert _pairs(found) == {"ens192": ("0", "mac")}
    assert [one.name for one in found.stale] == ["eth0"]


def test_two_cards_with_one_mac_are_not_paired_by_it() -> None:
    found = pair(_network("ens192", bound={"ens192": A}), (), _nics((A, 224), (A, 192)), False)
    assert _pairs(found) == {"ens192": ("1", "slot")}


def test_members_are_cards_and_what_software_makes_is_none() -> None:
    bond = Interface(name="bond0", kind="bond", members=("ens192", "ens224"))
    vlan = Interface(name="bond0.5", kind="vlan", members=("bond0",))
    found = pair(_network("docker0", "virbr0", "lo", extra=(bond, vlan)), (), _nics((A, 192), (B, 224)), False)
    assert set(_pairs(found)) == {"ens192", "ens224"}
    assert found.unfit == found.stale == ()


def test_a_card_known_by_mac_alone_is_paired_and_a_wrong_mac_is_the_only_one_left() -> None:
    nameless = Interface(name="", mac=C)
    found = pair(_network("ens192", extra=(nameless,)), (), _nics((A, 192), (B, 224)), False)
    assert _pairs(found)[C] == ("1", "only")


_NAMES = st.lists(st.sampled_from(["eth0", "eth1", "eth2", "ens192", "ens224", "lan0", "lan1", "x"]), unique=True)
_CARDS = st.lists(st.tuples(st.sampled_from(["", A, B, C]), st.sampled_from([None, 160, 192, 224])), max_size=4)
_BOUND = st.dictionaries(st.sampled_from(["eth0", "ens192", "lan0"]), st.sampled_from([A, B, C]))


@given(_NAMES, _CARDS, _BOUND, st.booleans())
def test_every_name_and_every_card_ends_in_one_place(
    names: list[str], told: list[tuple[str, int | None]], bound: dict[str, str], kernel_named: bool
) -> None:
    nics = _nics(*told)
    found = pair(_network(*names, bound=bound), (), nics, kernel_named)
    placed = [str(one.wanted) for one in found.pairs] + [str(one) for one in (*found.unfit, *found.stale)]
    assert sorted(placed) == sorted(names)
    cards = [one.nic.key for one in found.pairs] + [nic.key for nic in found.spare]
    assert sorted(cards) == sorted(nic.key for nic in nics)
