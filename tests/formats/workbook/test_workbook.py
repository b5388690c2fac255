"""A stranger's workbook: what is in it, and what it may not do."""

from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtv.errors import Refused
from mtv.formats.workbook import package, strings
from mtv.formats.workbook.sheets import Row, Workbook, number
from tests.formats.workbook import zips


def rows(path: Path, tab: str = "vInfo") -> list[tuple[int, Row]]:
    with closing(Workbook(path)) as book:
        return list(book.rows(tab))


def refused(path: Path) -> Refused:
    with pytest.raises(Refused) as told:
        rows(path)
    assert path.name in told.value.fault.text
    assert told.value.fault.hint
    return told.value


def test_what_another_program_wrote_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.create_sheet("vInfo")
    page.append(["VM", "CPUs", "Template", "when", None, "share"])
    page.append(["a", 4, True, date(2026, 3, 1), None, 0.5])
    page.append([])
    page.append(["=1+1", "#N/A", False])
    book.save(tmp_path / "a.xlsx")
    assert rows(tmp_path / "a.xlsx") == [
        (1, {0: "VM", 1: "CPUs", 2: "Template", 3: "when", 5: "share"}),
        (2, {0: "a", 1: 4, 2: True, 3: 46082, 5: 0.5}),
        (4, {2: False}),  # a formula without a result, and an error
    ]


def test_every_sort_of_cell_has_its_value(tmp_path: Path) -> None:
    cells = (
        '<c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r></is></c>'
        '<c r="C1" t="str"><f>A1&amp;B1</f><v>result</v></c><c r="D1"><f>1+1</f><v>2</v></c>'
        '<c r="E1" t="b"><v>1</v></c><c r="F1" t="e"><v>#REF!</v></c><c r="G1" t="d"><v>2026-03-01</v></c>'
        '<c r="H1"><v>1.5E+3</v></c><c r="I1"><v>NaN</v></c><c r="J1" t="s"><v>9</v></c><c r="K1"/>'
        '<c r="L1" t="inlineStr"><is><t>cr_x000D__x005F_x0041__xD83D__xDE00__xD83D_</t></is></c>'
        '<c r="M1" t="inlineStr"><is><t>kanji</t><rPh sb="0" eb="1"><t>sound</t></rPh></is></c>'
    )
    parts = {"xl/sharedStrings.xml": zips.strings("zero", "one")}
    path = zips.make(tmp_path / "a.xlsx", f'<row r="1">{cells}</row>', parts)
    told = {
        0: "one",
        1: "inline",
        2: "result",
        3: 2,
        4: True,
        6: "2026-03-01",
        7: 1500,
        11: "cr\r_x0041_\U0001f600\ufffd",
        12: "kanji",
    }
    assert rows(path) == [(1, told)]


def test_places_that_are_not_told_follow_each_other(tmp_path: Path) -> None:
    path = zips.make(tmp_path / "a.xlsx", "<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>")
    assert rows(path) == [(1, {0: 1, 1: 2}), (2, {0: 3})]


@pytest.mark.parametrize("place", ["A0000000000000001", "ZZZZ1", "XFE1", "1A", "A", "_1", "\u0661"])
def test_a_place_that_there_is_not_is_left_out(place: str, tmp_path: Path) -> None:
    path = zips.make(tmp_path / "a.xlsx", f'<row r="1"><c r="{place}"><v>1</v></c><c r="XFD1"><v>2</v></c></row>')
    assert rows(path) == [(1, {16383: 2})]


def test_a_row_that_there_is_not_is_refused(tmp_path: Path) -> None:
    error = refused(zips.make(tmp_path / "a.xlsx", '<row r="1048577"><c><v>1</v></c></row>'))
    assert error.fault.code == "workbook.bomb"


def test_dates_since_1904_are_told(tmp_path: Path) -> None:
    main = {"xl/workbook.xml": zips.BOOK.replace("<workbookPr/>", '<workbookPr date1904="1"/>')}
    with closing(Workbook(zips.make(tmp_path / "a.xlsx", parts=main))) as book:
        assert book.since_1904


ENTITY = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str, tmp_path: Path) -> None:
    text = zips.sheet('<row r="1"><c t="str"><v>&b;</v></c></row>', ENTITY).replace("UTF-8", encoding)
    path = zips.make(tmp_path / "a.xlsx", parts={"xl/worksheets/sheet1.xml": text.encode(encoding)})
    assert refused(path).fault.code == "workbook.entities"


def test_a_part_that_unpacks_to_too_much_is_refused_before_it_is_read(tmp_path: Path) -> None:
    spaces = " " * (package.RATIO_FROM_BYTES + 1)
    error = refused(zips.make(tmp_path / "a.xlsx", parts={"xl/bomb.xml": spaces}))
    assert error.fault.code == "workbook.bomb"
    assert "xl/bomb.xml" in error.fault.text


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"xl/{n}": "" for n in range(package.MEMBERS)}
    assert refused(zips.make(tmp_path / "a.xlsx", parts=parts)).fault.code == "workbook.bomb"


def test_a_row_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "ROW_BYTES", 64 << 10)
    cells = "".join(f'<c r="A1"><v>{n}</v></c>' for n in range(20_000))
    assert refused(zips.make(tmp_path / "a.xlsx", f"<row>{cells}</row>")).fault.code == "workbook.bomb"
    one = "".join(f"<row><c><v>{n}</v></c></row>" for n in range(20_000))
    assert len(rows(zips.make(tmp_path / "b.xlsx", one))) == 20_000


def test_too_many_texts_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "STRINGS", 10)
    parts = {"xl/sharedStrings.xml": zips.strings(*"abcdefghijk")}
    assert refused(zips.make(tmp_path / "a.xlsx", parts=parts)).fault.code == "workbook.bomb"


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"", "workbook.foreign", "no .xlsx workbook"),
        (b"VM,Powerstate\na,poweredOn\n", "workbook.foreign", "no .xlsx workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook.foreign", "has a password"),
    ],
)
def test_another_file_is_refused_by_what_it_is(data: bytes, code: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    error = refused(path)
    assert error.fault.code == code
    assert said in error.fault.text


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.xlsx").fault.code == "workbook.missing"


@pytest.mark.parametrize(
    "parts",
    [
        {"xl/worksheets/sheet1.xml": zips.sheet("<row><c>")},
        {"xl/worksheets/sheet1.xml": "no XML at all"},
        {"xl/workbook.xml": "<workbook"},
        {"xl/_rels/workbook.xml.rels": "<broken"},
    ],
)
def test_broken_xml_names_its_part(parts: Mapping[str, str], tmp_path: Path) -> None:
    error = refused(zips.make(tmp_path / "a.xlsx", parts=parts))
    assert error.fault.code == "workbook.damaged"
    assert next(iter(parts)) in error.fault.text


def test_a_path_out_of_the_package_leads_nowhere(tmp_path: Path) -> None:
    links = zips.LINKS.replace("worksheets/sheet1.xml", "../../../../etc/passwd")
    with closing(Workbook(zips.make(tmp_path / "a.xlsx", parts={"xl/_rels/workbook.xml.rels": links}))) as book:
        assert book.tabs == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 4000), st.integers(0, 255), st.integers(1, 60))
def test_a_damaged_file_is_read_or_refused_and_never_anything_else(
    tmp_path: Path, at: int, byte: int, length: int
) -> None:
    """Bytes are overwritten anywhere: the zip's own tables, its packed parts."""
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>5</v></c></row>'
    path = zips.make(tmp_path / "a.xlsx", row, {"xl/sharedStrings.xml": zips.strings("VM")})
    data = bytearray(path.read_bytes())
    at %= len(data)
    data[at : at + length] = bytes([byte]) * len(data[at : at + length])
    path.write_bytes(data)
    with suppress(Refused), closing(Workbook(path)) as book:
        for tab in book.tabs:
            assert all(isinstance(row, dict) for _, row in book.rows(tab))


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = number(text)
    assert found is None or isinstance(found, int | float)
