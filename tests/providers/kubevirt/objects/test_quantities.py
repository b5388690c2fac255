"""Quantities as Kubernetes writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.providers.kubevirt.objects.quantities import size, thousandths


@pytest.mark.parametrize(
    ("given_", "bytes_"),
    [
        ("10Gi", 10 << 30), ("1572864k", 1572864000), ("111149056", 111149056), ("1.5Gi", 3 << 29), ("1e3", 1000),
        ("1E3", 1000), ("2E", 2 * 10**18), ("9E9E", None), ("10E", None), ("100m", 1), ("0", 0), (".5Ki", 512),
        ("+1k", 1000), (7, 7),
        ("", None), ("10GiB", None), ("ten", None), ("1e999", None), (None, None), (True, None), ("1 Gi", None),
    ],
)  # fmt: skip
def test_sizes(given_: object, bytes_: int | None) -> None:
    assert size(given_) == bytes_


@given(st.integers(0, 2**62), st.sampled_from([("", 1), ("k", 1000), ("Ki", 1024), ("M", 10**6), ("Ti", 2**40)]))
def test_a_whole_number_with_a_unit_is_its_product(number: int, unit: tuple[str, int]) -> None:
    product = number * unit[1]
    assert size(f"{number}{unit[0]}") == (product if product < 2**63 else None)


@given(st.text(max_size=60))
def test_any_text_is_a_size_or_none(said: str) -> None:
    found = size(said)
    assert found is None or isinstance(found, int)


def test_cpus_are_counted_in_thousandths() -> None:
    assert [thousandths(one) for one in ("1500m", "2", 2, "0.1", "x")] == [1500, 2000, 2000, 100, None]
