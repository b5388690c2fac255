"""Descriptors with a word changed here and there: they are read, or refused by us; never anything else."""

import re
import time
from encodings import aliases

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
MARKUP = [
    b"<", b">", b"</", b"/>", b"&", b"&#0;", b"&#x41;", b"&a;", b"<!DOCTYPE x [", b"]>", b'<!ENTITY a "b">', b"]]>",
    b"<![CDATA[", b"<?xml?>", b"<!--", b"-->", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b" xmlns:ovf='x'", b"<Disk/>",
    b'<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1">', b"</Envelope>", b"<VirtualSystem>",
    b"</VirtualSystem>", b"<VirtualHardwareSection>", b"</VirtualHardwareSection>", b"<Item>", b"</Item>",
    b"<ResourceType>17</ResourceType>", b'encoding="unicode_escape"',
]  # fmt: skip
PLACES = re.compile(r'(?<=")[^"<>]*(?=")|(?<=>)[^<>]*(?=<)|(?<=</)\w+|(?<=<)\w+:?\w*')


@given(
    st.sampled_from(TEXTS), st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(WORDS)), min_size=1, max_size=4)
)
def test_changed_words_never_crash_the_reader(text: str, changes: list[tuple[int, str]]) -> None:
    for number, word in changes:
        places = list(PLACES.finditer(text))
        place = places[number % len(places)]
        text = text[: place.start()] + word + text[place.end() :]
    assert "x.ovf" in told(text.encode())


def told(data: bytes) -> str:
    """Where a descriptor is wrong; its name where nothing is."""
    try:
        found = read(data, "x.ovf")
        for system in found.systems:
            machine = hardware.read(system, "x.ovf", "")
            assert all(drive.bus >= 0 and drive.unit >= 0 for drive in drives(machine, found, "x.ovf"))
            assert hardware.cpus(machine, "x.ovf")[0] > 0
            assert hardware.memory_bytes(machine, "x.ovf") > 0
            keys = [nic.key for nic in nics(machine, system)]
            assert len(keys) == len(set(keys))
    except MtvError as error:
        return str(error)
    return "x.ovf"


@given(st.binary(max_size=300) | st.lists(st.sampled_from(MARKUP), max_size=20).map(b"".join))
def test_whatever_the_bytes_the_reader_names_the_file(data: bytes) -> None:
    assert "x.ovf" in told(data)


@given(st.sampled_from(TEXTS), st.data())
def test_changed_bytes_never_crash_the_reader(text: str, data: st.DataObject) -> None:
    """Bytes overwritten, parts left out or put in twice."""
    made = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at, length = data.draw(st.integers(0, len(made))), data.draw(st.integers(0, 300))
        part = data.draw(st.sampled_from([b"", bytes(made[at : at + length]) * 2, *MARKUP]) | st.binary(max_size=4))
        made[at : at + length] = part
    assert "x.ovf" in told(bytes(made))


def test_every_encoding_that_python_knows_is_read_or_refused() -> None:
    """Some of them are no text at all: zip, hex, rot13."""
    known = {*aliases.aliases, *aliases.aliases.values(), "undefined", "idna", "unicode_escape", "no-such", ""}
    for name in known:
        assert "x.ovf" in told(TEXTS[0].replace("UTF-8", name).encode())
    assert "encoding 'unicode_escape'" in told(TEXTS[0].replace("UTF-8", "unicode_escape").encode())
    for name in ("utf-8", "UTF-8", "us-ascii", "ISO-8859-15", "windows-1252"):
        assert told(TEXTS[0].replace("UTF-8", name).encode()) == "x.ovf"


def test_a_descriptor_that_is_nested_without_end_is_read_in_bounded_time() -> None:
    deep = b"<Section>" * 200_000 + b"</Section>" * 200_000
    since = time.monotonic()
    assert "no VirtualSystem" in told(TEXTS[0].encode().partition(b"<References>")[0] + deep + b"</Envelope>")
    assert time.monotonic() - since < 20


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
