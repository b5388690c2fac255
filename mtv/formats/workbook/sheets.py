"""A workbook's tabs, row by row, as values: text, numbers, yes and no. Formulas are never evaluated: their last result
counts. Dates are numbers here; who knows that a column holds dates makes them so."""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

from mtv.errors import Refused
from mtv.formats.workbook.package import AGAIN, Element, Package
from mtv.formats.workbook.strings import plain, shared, words

Value = str | int | float | bool
Row = Mapping[int, Value]
"""By column, from 0; empty cells are left out."""

COLUMNS = 16_384
ROWS = 1_048_576
_PLACE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})")
_RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Workbook:
    """`tabs` are their names, in their order. Raises Refused `workbook.*`."""

    def __init__(self, path: Path) -> None:
        self._package = Package(path)
        try:
            self._read(path)
        except BaseException:
            self._package.close()
            raise
        self._columns: dict[str, int] = {}

    def _read(self, path: Path) -> None:
        main = _main(self._package)
        book = self._package.whole(main)
        self.since_1904 = any(one.get("date1904") in ("1", "true") for one in book.iter("{*}workbookPr"))
        parts = _related(self._package, main)
        self._parts: dict[str, str] = {}
        for one in book.iter("{*}sheet"):
            part = parts.get(one.get(_RELATED) or one.get(_STRICT) or "", "")
            if self._package.has(part):
                self._parts[plain(one.get("name") or "")] = part
        strings = next((part for part in parts.values() if part.endswith("sharedStrings.xml")), "")
        has = self._package.has(strings)
        self._strings: Sequence[str] = shared(self._package, strings) if has else ()

    @property
    def tabs(self) -> Sequence[str]:
        return list(self._parts)

    def close(self) -> None:
        self._package.close()

    def rows(self, tab: str) -> Generator[tuple[int, Row]]:
        """Each row that holds something, with its number as Excel shows it."""
        number = 0
        with closing(self._package.each(self._parts[tab], "row", "sheetData")) as found:
            for one in found:
                if not str(one.tag).endswith("}row"):
                    return  # what follows are widths, links and filters
                number = _numbered(one.get("r") or "", number)
                if number > ROWS:
                    text = f"{self._package.name}: tab {tab} has a row {number}, of {ROWS} that can be"
                    raise Refused("workbook.bomb", text, AGAIN)
                if cells := dict(self._cells(one)):
                    yield number, cells

    def _cells(self, row: Element) -> Iterator[tuple[int, Value]]:
        column = -1
        for one in row:
            place = one.get("r")
            column = self._column(place) if place else column + 1
            if 0 <= column < COLUMNS and (value := self._value(one)) is not None and value != "":
                yield column, value

    def _column(self, place: str) -> int:
        """0 for A1; -1 for a place that there is not."""
        letters = place.rstrip("0123456789")
        known = self._columns.get(letters)
        if known is None:
            known = -1
            if _PLACE.fullmatch(place):
                known = 0
                for letter in letters.upper():
                    known = known * 26 + ord(letter) - 64
                known -= 1
            if len(self._columns) < COLUMNS:
                self._columns[letters] = known
        return known

    def _value(self, cell: Element) -> Value | None:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return words(cell[-1]) if len(cell) else None
        text = next((one.text for one in cell if str(one.tag).endswith("}v")), None)
        if text is None:
            return None
        match kind:
            case "s":
                return self._shared(text)
            case "b":
                return text.strip() in ("1", "true")
            case "n":
                return number(text)
            case "e":
                return None  # #N/A and its kin
        return plain(text)

    def _shared(self, text: str) -> str | None:
        at = number(text)
        return self._strings[at] if isinstance(at, int) and 0 <= at < len(self._strings) else None


def _numbered(told: str, last: int) -> int:
    return int(told) if told.isascii() and told.isdigit() and len(told) < 8 else last + 1


def number(text: str) -> int | float | None:
    """A cell's number; a whole one without a fraction is an int. None for what is none, or infinite."""
    try:
        found = int(text) if len(text) < 19 else float(text)
    except ValueError:
        try:
            found = float(text)
        except ValueError:
            return None
    if isinstance(found, float):
        if found != found or abs(found) > 1e300:
            return None
        if found.is_integer() and abs(found) < 1 << 63:
            return int(found)
    return found


def _main(package: Package) -> str:
    """Where the workbook itself lies in its package."""
    if package.has("_rels/.rels"):
        for one in package.whole("_rels/.rels").iter("{*}Relationship"):
            if (one.get("Type") or "").endswith("/officeDocument"):
                part = (one.get("Target") or "").lstrip("/")
                if package.has(part):
                    return part
    if package.has("xl/workbook.xml"):
        return "xl/workbook.xml"
    raise Refused("workbook.foreign", f"{package.name} is a zip file, but no .xlsx workbook", AGAIN)


def _related(package: Package, of: str) -> Mapping[str, str]:
    """Parts by the ids that `of` calls them."""
    at = PurePosixPath(of)
    part = str(at.parent / "_rels" / f"{at.name}.rels")
    found = {}
    for one in package.whole(part).iter("{*}Relationship") if package.has(part) else ():
        target = one.get("Target") or ""
        found[one.get("Id") or ""] = target.lstrip("/") if target.startswith("/") else str(at.parent / target)
    return found
