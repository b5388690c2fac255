import pytest

from mtv.converters.network import slots
from mtv.model.estate import Nic


@pytest.mark.parametrize(
    ("slot", "name", "path"),
    [
        (32, "ens32", "0000:02:00.0"),
        (33, "ens33", "0000:02:01.0"),
        (160, "ens160", "0000:03:00.0"),
        (192, "ens192", "0000:0b:00.0"),
        (224, "ens224", "0000:13:00.0"),
        (256, "ens256", "0000:1b:00.0"),
        (1184, "ens161", "0000:04:00.0"),
        (1216, "ens193", "0000:0c:00.0"),
        (2208, "ens162", "0000:05:00.0"),
    ],
)
def test_a_slot_has_the_names_and_the_place_that_vmware_gives(slot: int, name: str, path: str) -> None:
    assert slots.names(slot)[0] == name
    assert slots.path(slot) == path


def test_the_second_name_is_by_bus() -> None:
    assert slots.names(192) == ("ens192", "enp11s0")
    assert slots.names(33) == ("ens33", "enp2s1")


def test_a_bridge_that_is_not_known_has_no_place() -> None:
    assert slots.names(96) == ("ens96",)
    assert slots.path(96) == ""


def test_the_fifth_card_comes_second_on_the_bus() -> None:
    nics = [Nic(key=str(slot), pci_slot=slot) for slot in (160, 192, 224, 256, 1184)]
    assert [nic.pci_slot for nic in slots.pci_order(nics)] == [160, 1184, 192, 224, 256]


def test_one_card_without_a_slot_leaves_the_order_alone() -> None:
    nics = [Nic(key="a", pci_slot=192), Nic(key="b"), Nic(key="c", pci_slot=160)]
    assert slots.pci_order(nics) == nics


def test_two_cards_of_one_slot_leave_the_order_alone() -> None:
    nics = [Nic(key="a", pci_slot=224), Nic(key="b", pci_slot=192), Nic(key="c", pci_slot=192)]
    assert slots.pci_order(nics) == nics


@pytest.mark.parametrize("slots_told", [(-1,), (0,), (192, 192), (9000,), (None,)])
def test_a_slot_that_tells_no_card_from_another_is_none(slots_told: tuple[int | None, ...]) -> None:
    nics = [Nic(key=str(index), pci_slot=slot) for index, slot in enumerate(slots_told)]
    assert slots.usable(nics[0], nics) is None


def test_a_slot_of_its_own_is_used() -> None:
    nics = [Nic(key="a", pci_slot=192), Nic(key="b", pci_slot=1184)]
    assert [slots.usable(nic, nics) for nic in nics] == [192, 1184]
