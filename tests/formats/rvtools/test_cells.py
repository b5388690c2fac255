"""Cells of any kind: what is written is read back, and a stranger's is a value or an error that says what is needed."""

import re
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyVmomi import vim

from mtv.formats.rvtools import cells, dates, systems
from mtv.formats.rvtools.cells import Cell

KINDS = {name: one for name, one in vars(cells).items() if isinstance(one, Cell)}
RAW = st.one_of(
    st.text(max_size=20), st.integers(), st.floats(allow_nan=False), st.booleans(),
    st.sampled_from(["1,234", "-1", "1.5", "1e400", "nan", "inf", "31.12.2026", "\u0663", "1_000", "9" * 30, " "]),
)  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@given(raw=RAW)
def test_any_cell_is_a_value_or_says_what_is_needed(name: str, raw: cells.Raw) -> None:
    found: object = None
    with suppress(ValueError, OverflowError):
        found = KINDS[name].read(raw)
    assert found is None or isinstance(found, str | int | float | tuple)
    if isinstance(found, int):
        assert abs(found) < 1 << 63


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("FLAG", True, "True"), ("FLAG", False, "False"), ("SIZE", 5 << 20, 5), ("SIZE", (5 << 20) + 1, 6),
        ("ROOM", (5 << 20) + 1, 5), ("SIZE_LIMIT", -1, -1), ("LIST", ("a", "b"), "a, b"), ("POWER", "on", "poweredOn"),
        ("CONTROLLER", "lsisas", "LSI Logic SAS"), ("ADAPTER", "e1000e", "E1000e"), ("TEXT", "", None),
        ("SHARED_BUS", "physical", "physicalSharing"), ("POWER", "dreaming", "dreaming"),
    ],
)  # fmt: skip
def test_values_are_written_as_rvtools_does(kind: str, value: object, written: object) -> None:
    assert KINDS[kind].write(value) == written


@given(st.datetimes(datetime(1901, 1, 1), datetime(2200, 1, 1)))
def test_a_date_is_read_as_it_was_written(at: datetime) -> None:
    told = dates.stamp(at.replace(microsecond=at.microsecond // 1000 * 1000))
    made = dates.written(told)
    assert isinstance(made, datetime)
    serial = (made - dates.EPOCH).total_seconds() / 86400
    assert dates.read(serial) == told
    assert dates.read(told) == told


@given(st.text("0123456789/-.: TZAPM+,", max_size=24), st.sampled_from(["", "dmy", "mdy"]))
def test_any_text_is_a_date_or_none(text: str, order: str) -> None:
    with suppress(ValueError):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", dates.read(text, order))


def test_a_date_before_excels_first_is_text() -> None:
    assert dates.written("1601-01-01T00:00:00Z") == "1601-01-01T00:00:00Z"
    assert dates.written("yesterday") == "yesterday"
    assert dates.written("") is None


def test_ids_of_systems_are_those_that_vsphere_knows() -> None:
    known = {str(one) for one in vim.vm.GuestOsDescriptor.GuestOsIdentifier.values}
    assert set(systems.NAMES) <= known


@pytest.mark.parametrize("name", ["Microsoft Windows Server 2016 or later (64-bit)", "CentOS 4/5 or later (64-bit)"])
def test_or_later_is_of_the_servers_age(name: str) -> None:
    assert systems.id_of(name) in ("windows9Server64Guest", "centos64Guest")


def test_each_systems_name_leads_back_to_its_id() -> None:
    assert len(set(systems.NAMES.values())) == len(systems.NAMES)
    for id_, name in systems.NAMES.items():
        assert systems.id_of(name) == id_
        assert systems.id_of(id_) == id_


@pytest.mark.parametrize(
    ("id_", "name", "family"),
    [
        ("windows2019srvNext_64Guest", "Microsoft Windows Server 2022 (64-bit)", "windows"),
        ("windows9Server64Guest", "Microsoft Windows Server 2016 (64-bit)", "windows"),
        ("debian12_64Guest", "Debian GNU/Linux 12 (64-bit)", "linux"),
        ("ubuntu64Guest", "Ubuntu Linux (64-bit)", "linux"),
        ("rockylinux_64Guest", "Rocky Linux (64-bit)", "linux"),
        ("other3xLinux64Guest", "Other 3.x Linux (64-bit)", "linux"),
        ("centos7_64Guest", "CentOS 7 (64-bit)", "linux"),
        ("freebsd13_64Guest", "FreeBSD 13 (64-bit)", "other"),
        ("otherGuest64", "Other (64-bit)", "unknown"),
    ],
)
def test_ids_are_vspheres(id_: str, name: str, family: str) -> None:
    assert systems.NAMES[id_] == name
    assert systems.family(name) == family
