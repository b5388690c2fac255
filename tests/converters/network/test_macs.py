import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network import stable_mac
from mtv.converters.network.macs import normal_mac


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_made_mac_is_local_unicast_and_the_same_each_time(key: str, index: int) -> None:
    mac = stable_mac(key, index)
    first = int(mac[:2], 16)
    assert first & 0b11 == 0b10
    assert mac == stable_mac(key, index) == normal_mac(mac)


def test_made_macs_of_one_vm_and_of_many_differ() -> None:
    made = [stable_mac(f"ova/vm-{vm}", index) for vm in range(200) for index in range(10)]
    assert len(set(made)) == len(made)


def test_a_made_mac_never_changes_between_versions() -> None:
    assert stable_mac("ova/vm-1", 0) == "5a:38:59:62:ed:4f"


@pytest.mark.parametrize(
    ("written", "mac"),
    [
        ("00:50:56:8A:10:00", "00:50:56:8a:10:00"),
        (" 0:50:56:8a:1:0 ", "00:50:56:8a:01:00"),
        ("00-50-56-8a-10-00", "00:50:56:8a:10:00"),
        ("00:00:00:00:00:00", ""),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("01:00:5e:00:00:01", ""),
        ("0050568a1000", ""),
        ("00:50:56:8a:10:00:11", ""),
        ("00:50:56:8a:10:zz", ""),
        ("permanent", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_cards_pass(written: str, mac: str) -> None:
    assert normal_mac(written) == mac
