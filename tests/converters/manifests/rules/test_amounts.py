from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests.rules.amounts import amount, milli, whole
from mtv.model.estate import Json


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1.5Gi", 3 << 29), ("1e8", 10**8), ("1572864k", 1572864000), (104857600, 104857600), ("0", 0),
        ("-1Gi", -(1 << 30)),
        ("1E", 10**18), (".5Ki", 512), ("5.", 5), ("1n", 1), ("100m", 1), ("1E2", 100), ("+2M", 2_000_000), (1.5, 2),
    ],
)  # fmt: skip
def test_amounts_are_rounded_up(text: Json, found: int) -> None:
    assert whole(text) == found


def test_parts_count() -> None:
    assert (milli("2500m"), milli(2), milli("0.0001")) == (2500, 2000, 1)
    assert amount("1.25Mi") == Fraction(1310720)


@pytest.mark.parametrize(
    "text", ["", "1 Gi", "Gi", "1GB", "1e", "--1", "1.2.3", ".", None, True, [1], "inf", float("nan")]
)
def test_what_is_none(text: Json) -> None:
    assert amount(text) is None
    assert (whole(text), milli(text)) == (0, 0)


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_nothing_makes_it_fail(value: Json) -> None:
    whole(value)
    milli(value)
