import pytest

from mtv.converters.manifests.quantities import aligned, quantity, request


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
