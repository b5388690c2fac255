"""Books that are broken, or were made to do harm: named, within bounds, and what can be read is read."""

from pathlib import Path

import pytest

from mtv.errors import Refused
from mtv.model.estate import VM
from mtv.model.infrastructure import Gap
from mtv.providers.rvtools import reading
from tests.formats.workbook import zips
from tests.providers.rvtools.reading import all_of, changes

TWO = zips.BOOK.replace("</sheets>", '<sheet name="vDisk" sheetId="2" r:id="rId3"/></sheets>')
LINKS = zips.LINKS.replace(
    "</Relationships>",
    f'<Relationship Id="rId3" Type="{zips.RELATED}/worksheet" Target="worksheets/sheet2.xml"/></Relationships>',
)
INFO = '<row r="1"><c r="A1" t="str"><v>VM</v></c></row><row r="2"><c r="A2" t="str"><v>db01</v></c></row>'


def book(path: Path, disks: str, info: str = INFO) -> Path:
    return zips.make(
        path, info,
        {"xl/workbook.xml": TWO, "xl/_rels/workbook.xml.rels": LINKS, "xl/worksheets/sheet2.xml": disks},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("disks", "said"),
    [
        (zips.sheet('<row r="1"><c t="str"><v>VM</v></c></row><row'), "is damaged"),
        (zips.sheet("", '<!DOCTYPE x [<!ENTITY a "b">]>'), "declares entities"),
        (zips.sheet('<row r="9999999"><c t="str"><v>VM</v></c></row>'), "has a row 9999999"),
    ],
)
def test_a_tab_that_cannot_be_read_is_named_and_stops_nothing_else(disks: str, said: str, tmp_path: Path) -> None:
    found = changes(book(tmp_path / "a.xlsx", disks))
    assert [vm.name for vm in all_of(VM, found)] == ["db01"]
    (gap,) = [gap for gap in all_of(Gap, found) if gap.name == "vDisk"]
    assert gap.text.startswith("a.xlsx tab vDisk cannot be read: ")
    assert said in gap.text


def test_vinfo_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="sheet1.xml is damaged"):
        changes(book(tmp_path / "a.xlsx", zips.sheet(""), f"{INFO}<row><c>"))


def test_more_cells_than_any_estate_has_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CELLS", 500)
    rows = "".join(f'<row><c t="str"><v>vm{number}</v></c></row>' for number in range(600))
    with pytest.raises(Refused) as told:
        changes(book(tmp_path / "a.xlsx", zips.sheet(""), '<row><c t="str"><v>VM</v></c></row>' + rows))
    assert told.value.fault.code == "rvtools.too-large"


def test_a_row_at_the_far_end_costs_nothing(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="A1048576" t="str"><v>end</v></c><c r="XFD1048576"><v>1</v></c></row>'
    assert [vm.name for vm in all_of(VM, changes(book(tmp_path / "a.xlsx", zips.sheet(""), INFO + far)))] == [
        "db01",
        "end",
    ]


def test_a_formula_is_never_evaluated(tmp_path: Path) -> None:
    row = '<row r="3"><c r="A3" t="str"><f>WEBSERVICE("http://127.0.0.1/")</f><v>kept</v></c></row>'
    bare = '<row r="4"><c r="A4"><f>1+1</f></c></row>'
    found = all_of(VM, changes(book(tmp_path / "a.xlsx", zips.sheet(""), INFO + row + bare)))
    assert [vm.name for vm in found] == ["db01", "kept"]
