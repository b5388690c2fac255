import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.network.syntax import addresses
from mtv.converters.network.syntax.text import Flaw


@pytest.mark.parametrize(
    ("text", "mask", "found"),
    [
        ("192.0.2.10/24", "", "192.0.2.10/24"),
        ("192.0.2.10", "255.255.254.0", "192.0.2.10/23"),
        ("192.0.2.10", "24", "192.0.2.10/24"),
        ("10.1.1.1", "", "10.1.1.1/8"),
        ("172.16.1.1", "", "172.16.1.1/16"),
        ("192.0.2.10", "", "192.0.2.10/24"),
        ("2001:DB8::0010", "", "2001:db8::10/64"),
        ("fe80::1%ens192", "64", "fe80::1/64"),
        ("192.0.2.10/24", "16", "192.0.2.10/24"),
        ("192.0.2.256", "", None),
        ("192.0.2.10/33", "", None),
        ("192.0.2.10", "255.0.255.0", None),
        ("", "", None),
        ("host", "24", None),
    ],
)
def test_addresses(text: str, mask: str, found: str | None) -> None:
    assert addresses.address(text, mask) == found


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (("0.0.0.0/0", "192.0.2.1"), "default via 192.0.2.1"),
        (("default", "2001:db8::1"), "default via 2001:db8::1"),
        (("::/0", "", "", "e0"), "default dev e0"),
        (("10.1.2.3", "192.0.2.1", "255.0.0.0"), "10.0.0.0/8 via 192.0.2.1"),
        (("10.1.2.3", "192.0.2.1"), "10.1.2.3/32 via 192.0.2.1"),
        (("10.0.0.0/8", "0.0.0.0", "", "e0"), "10.0.0.0/8 dev e0"),
        (("10.0.0.0/8", "192.0.2.1", "", "e0"), "10.0.0.0/8 via 192.0.2.1"),
        (("10.0.0.0/8",), None),
        (("nowhere", "192.0.2.1"), None),
        (("10.0.0.0/99", "192.0.2.1"), None),
        (("10.0.0.0/8", "", "", "a/b"), None),
    ],
)
def test_routes(told: tuple[str, ...], found: str | None) -> None:
    assert addresses.route(*told) == found


def test_servers_once_each_and_only_addresses() -> None:
    assert addresses.servers(["192.0.2.53", "x", "2001:db8::53", "192.0.2.53", "0.0.0.0"]) == (
        "192.0.2.53",
        "2001:db8::53",
    )


@pytest.mark.parametrize("name", ["eth0", "ens192", "bond0.120", "enp0s3f1np1", "br-lan", "a", "x@y"])
def test_names(name: str) -> None:
    assert addresses.is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a b", "a\nb", "eth0\n", "eth0:1", "sixteen-letters1", "%k", "-a", 'a"', "é"]
)
def test_what_is_no_name(name: str) -> None:
    assert not addresses.is_name(name)
    flaws: list[Flaw] = []
    assert addresses.checked_name(name, "x", 1, flaws) == ""
    assert len(flaws) == 1


def test_patterns() -> None:
    assert addresses.is_pattern("en*")
    assert not addresses.is_pattern("en0")
    assert not addresses.is_pattern("en*\n")
    assert not addresses.is_pattern("/*")


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_is_an_address_or_none(text: str, mask: str) -> None:
    found = addresses.address(text, mask)
    assert found is None or str(ipaddress.ip_interface(found)) == found


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(0, 32))
def test_an_address_is_kept(ip: ipaddress.IPv4Address, length: int) -> None:
    assert addresses.address(f"{ip}/{length}") == f"{ip}/{length}"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_route_or_none(to: str, via: str, mask: str, dev: str) -> None:
    found = addresses.route(to, via, mask, dev)
    assert found is None or found.split()[1] in ("via", "dev")
