"""Sizes as CDI and KubeVirt were measured to have them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.providers.kubevirt.volumes import sizes

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
DEFAULT = Fraction("0.06")
OVERHEADS = st.integers(0, 500).map(lambda thousandths: Fraction(thousandths, 1000))
BYTES = st.integers(1, 64 * TIB)


@pytest.mark.parametrize(
    ("size_bytes", "mode", "asked_bytes"),
    [
        (100 * MIB, "Filesystem", 111149056), (100 * MIB, "Block", 100 * MIB), (1500 * MIB, "Block", 1500 * MIB),
        (100 * MIB + 512, "Block", 101 * MIB), (1, "Filesystem", 1111491), (1, "Block", MIB),
    ],
)  # fmt: skip
def test_a_claim_asks_for_what_cdi_would(size_bytes: int, mode: str, asked_bytes: int) -> None:
    assert sizes.asked(size_bytes, mode, DEFAULT) == asked_bytes


@given(BYTES, OVERHEADS)
def test_what_was_asked_for_takes_the_disk_and_is_never_grown(size_bytes: int, overhead: Fraction) -> None:
    asked = sizes.asked(size_bytes, "Filesystem", overhead)
    assert sizes.fits(asked, size_bytes, "Filesystem", overhead)
    assert not sizes.fits(asked - 1, size_bytes, "Filesystem", overhead)
    larger = asked + GIB  # as a driver may make it: KubeVirt takes the request then
    assert sizes.grown(asked, larger, overhead) <= sizes.aligned(size_bytes)


@given(BYTES)
def test_a_device_is_whole_mebibytes_and_holds_the_disk(size_bytes: int) -> None:
    asked = sizes.asked(size_bytes, "Block", DEFAULT)
    assert asked % MIB == 0
    assert 0 <= asked - size_bytes < MIB


def test_the_trap_as_it_was_measured() -> None:
    """1572864000 bytes grew to 3027238912 in a claim of 3 GiB that somebody made by hand."""
    assert sizes.grown(3 * GIB, 3 * GIB, DEFAULT) == 3027238912


@given(st.lists(BYTES, min_size=1, max_size=8))
def test_scratch_space_holds_journal_and_overlays(disks: list[int]) -> None:
    room = sizes.scratch(disks)
    assert room >= min(sum(disks), sizes.OVERLAY_BYTES) + sum(disks) // MIB * 64
    assert room <= sum(disks) // 5000 + 5 * GIB
    assert room % MIB == 0


@pytest.mark.parametrize(("size_bytes", "said"), [(1, "1 MiB"), (5 * MIB, "5 MiB"), (3 * GIB // 2, "1.5 GiB")])
def test_sizes_for_people(size_bytes: int, said: str) -> None:
    assert sizes.told(size_bytes) == said
