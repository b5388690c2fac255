"""What RVTools exported: a workbook, or a folder with a CSV file for each tab. A stranger's bytes, within bounds."""

import codecs
import csv
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from mtv.errors import Refused
from mtv.formats.workbook.sheets import Row, Workbook

FILE_BYTES = 2 << 30
SNIFF_BYTES = 64 << 10
AGAIN = "export it again with RVTools 4.6.2 or later, as xlsx"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Book(Protocol):
    since_1904: bool

    @property
    def tabs(self) -> Sequence[str]: ...

    def rows(self, tab: str) -> Generator[tuple[int, Row]]:
        """Each row that holds something, with its number."""
        ...

    def close(self) -> None: ...


def opened(path: Path) -> Book:
    """Raises Refused `workbook.*`, `rvtools.no-vinfo`."""
    return Folder(path) if path.is_dir() else Workbook(path)


def tab_of(name: str) -> str:
    """vinfo for vInfo, tabvInfo, RVTools_tabvInfo.csv; vscvmk for vSC_VMK and vSC+VMK."""
    plain = re.sub("[^a-z]", "", name.lower().removesuffix(".csv"))
    return plain.removeprefix("rvtools").removeprefix("tab")


class Folder:
    """CSV files, as `RVTools_tabvInfo.csv`."""

    since_1904 = False

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            files = sorted(one for one in path.iterdir() if one.suffix.lower() == ".csv" and one.is_file())
        except OSError as error:
            why = (error.strerror or "cannot be read").lower()
            raise Refused("workbook.missing", f"{path} cannot be read: {why}") from error
        self._files: Mapping[str, Path] = {one.stem: one for one in files}

    @property
    def tabs(self) -> Sequence[str]:
        return list(self._files)

    def close(self) -> None:
        return

    def rows(self, tab: str) -> Generator[tuple[int, Row]]:
        file = self._files[tab]
        if file.stat().st_size > FILE_BYTES:
            raise self._refuse(file, f"has over {FILE_BYTES} bytes")
        try:
            with file.open("r", encoding=_encoding(file), errors="replace", newline="") as lines:
                yield from self._rows(file, lines)
        except (csv.Error, OSError) as error:
            raise self._refuse(file, f"cannot be read: {error}".lower()) from error

    def _rows(self, file: Path, lines: IO[str]) -> Iterator[tuple[int, Row]]:
        head = lines.read(SNIFF_BYTES)
        lines.seek(0)
        reader, width = csv.reader(lines, delimiter=_delimiter(head)), 0
        for number, cells in enumerate(reader, 1):
            width = width or len(cells)
            if any(cells[width:]):
                text = f"row {number} has {len(cells)} cells, its head {width}: quotes in a cell were not doubled"
                raise self._refuse(file, text)
            if found := {place: cell for place, cell in enumerate(cells) if cell}:
                yield number, found

    def _refuse(self, file: Path, text: str) -> Refused:
        return Refused("workbook.damaged", f"{file.name} {text}", AGAIN)


def _encoding(file: Path) -> str:
    """By its mark; else UTF-8, or what old exports are in where that cannot be."""
    with file.open("rb") as data:
        first = data.read(4)
        if told := next((name for mark, name in _MARKS if first.startswith(mark)), ""):
            return told
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(first)
            while piece := data.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _delimiter(head: str) -> str:
    """Which one stands in the first line the most; some countries' is a semicolon."""
    line = head.partition("\n")[0]
    return max(",;\t", key=line.count)
