import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.converters.manifests.quantities import aligned, quantity, request, size_bytes
from mtv.errors import Refused


@pytest.mark.parametrize(
    ("size", "text"),
    [(1 << 30, "1Gi"), (3 << 19, "1536Ki"), (1, "1"), (0, "0"), (5 << 40, "5Ti"), (768 << 20, "768Mi")],
)
def test_quantity(size: int, text: str) -> None:
    assert quantity(size) == text


@pytest.mark.parametrize(
    ("size", "mode", "wanted"),
    [
        (100 << 20, "Filesystem", 111149056),  # what CDI 1.66 was seen to ask for
        (100 << 20, "Block", 100 << 20),
        ((100 << 20) - 511, "Block", 100 << 20),
        (0, "Block", 1 << 20),
    ],
)
def test_request(size: int, mode: str, wanted: int) -> None:
    assert request(size, mode) == wanted


@pytest.mark.parametrize("size", [1, 1 << 20, 2 << 30, (10 << 30) + 512, 1500 << 20, 62 << 40])
def test_the_disk_fits_and_is_not_made_larger(size: int) -> None:
    """KubeVirt enlarges a disk to what its claim can hold: whole MiB of request / 1.06."""
    usable = -(-request(size, "Filesystem") * 100 // 106) // (1 << 20) * (1 << 20)
    assert usable == aligned(size)


@given(st.integers(0, 1 << 62))
def test_a_quantity_is_read_back(size: int) -> None:
    assert size_bytes(quantity(size)) == size


@pytest.mark.parametrize(("text", "size"), [("1572864k", 1572864000), ("1.5Gi", 3 << 29), (5, 5), ("2G", 2 * 10**9)])
def test_other_peoples_quantities(text: str | int, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1 Gi", "1i", "9" * 40, "NaN"])
def test_no_quantity(text: str) -> None:
    with pytest.raises(Refused):
        size_bytes(text)
