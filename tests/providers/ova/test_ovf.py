"""Descriptors with a word changed here and there: they are read, or refused by us; never anything else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtv.errors import MtvError, Refused
from mtv.providers.ova.ovf import hardware, units
from mtv.providers.ova.ovf.drives import drives
from mtv.providers.ova.ovf.envelope import read
from mtv.providers.ova.ovf.guests import family
from mtv.providers.ova.ovf.nics import nics
from tests.providers.ova.builders import SIZE, VMDK, Vmware
from tests.providers.ova.texts import OVIRT, VIRTUALBOX

TEXTS = (Vmware().text(), VIRTUALBOX.format(size=SIZE, format=VMDK), OVIRT.format())
WORDS = [
    "",
    "-1",
    "0",
    "99999999999999999999",
    "1e5",
    "x",
    "ovf:/disk/",
    "byte * 2^64",
    "١",
    "3",
    "true",
    "{}",
    "a b",
    "\t",
]
PLACES = re.compile(r'(?<=")[^"<>]*(?=")|(?<=>)[^<>]*(?=<)|(?<=</)\w+|(?<=<)\w+:?\w*')


@given(
    st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS)), min_size=1, max_size=4)
)
def test_changed_words_never_crash_the_reader(text: str, changes: list[tuple[int, str]]) -> None:
    for number, word in changes:
        places = list(PLACES.finditer(text))
        place = places[number % len(places)]
        text = text[: place.start()] + word + text[place.end() :]
    told = "x.ovf"
    try:
        found = read(text.encode(), "x.ovf")
        for system in found.systems:
            machine = hardware.read(system, "x.ovf", "")
            assert all(drive.bus >= 0 and drive.unit >= 0 for drive in drives(machine, found, "x.ovf"))
            assert hardware.cpus(machine, "x.ovf")[0] > 0
            assert hardware.memory_bytes(machine, "x.ovf") > 0
            keys = [nic.key for nic in nics(machine, system)]
            assert len(keys) == len(set(keys))
    except MtvError as error:
        told = str(error)
    assert "x.ovf" in told


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("byte", 1), ("Bytes", 1), ("", 1), ("byte * 2^20", 1 << 20), ("byte*2^20", 1 << 20), ("KB", 1024),
        ("KiB", 1024), ("MegaBytes", 1 << 20), ("GigaBytes", 1 << 30), ("TB", 1 << 40), ("byte * 10^9", 10**9),
        ("MB * 2", 2 << 20),
    ],
)  # fmt: skip
def test_units(words: str, size: int) -> None:
    assert units.bytes_of(words, "x") == size


@given(st.text(max_size=40) | st.from_regex(r"byte( \* [0-9]{1,9}\^[0-9]{1,2}){0,4}", fullmatch=True))
def test_whatever_the_units_they_are_bounded(words: str) -> None:
    try:
        size = units.bytes_of(words, "x")
    except Refused:
        return
    assert 0 < size <= units.LIMIT_BYTES


@pytest.mark.parametrize(
    ("word", "cim", "wanted"),
    [
        ("rhel9_64Guest", 80, "linux"), ("windows11_64Guest", None, "windows"), ("Windows2022_64", 1, "windows"),
        ("freebsd13_64Guest", 78, "other"), ("otherGuest", 1, "unknown"), ("", None, "unknown"), ("", 9999, "unknown"),
        ("rhcos_x64", 125, "linux"), ("dosGuest", None, "other"), ("vmwarePhoton64Guest", 36, "linux"),
        ("winNetEnterpriseGuest", 69, "windows"), ("asianux8_64Guest", None, "linux"),
    ],
)  # fmt: skip
def test_families(word: str, cim: int | None, wanted: str) -> None:
    assert family(word, cim) == wanted
