"""A workbook's zip file: what is in it, within bounds that no bomb passes."""

import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lxml import etree

from mtv.errors import Refused

Element = etree._Element
MEMBERS = 2000
PART_BYTES = 2 << 30  # a tab with a million rows of a hundred columns has 1 GiB
SMALL_BYTES = 16 << 20  # lists of tabs, of relations
TOTAL_BYTES = 6 << 30
RATIO = 400  # a tab of one repeated row has 60 to 150; deflate ends at 1032
RATIO_FROM_BYTES = 64 << 20
ROW_BYTES = 64 << 20  # between two ends of rows, strings or parts: Excel's longest row has fewer
CHUNK_BYTES = 256 << 10
_OLD = b"\xd0\xcf\x11\xe0"  # .xls, and any workbook with a password
AGAIN = "export it again, or save it as .xlsx without a password"


class Package:
    """`name` names the file in errors. Raises Refused `workbook.*`."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            why = (error.strerror or "cannot be read").lower()
            raise Refused("workbook.missing", f"{path} cannot be read: {why}", "name a file that is there") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            with path.open("rb") as file:
                old = file.read(4) == _OLD
            what = "an old .xls, or has a password" if old else "no .xlsx workbook"
            raise Refused("workbook.foreign", f"{self.name} is {what}", AGAIN) from error
        try:
            self._check(self._zip.infolist())
        except Refused:
            self.close()
            raise

    def close(self) -> None:
        self._zip.close()

    def has(self, part: str) -> bool:
        return part in self._zip.NameToInfo

    def _check(self, members: list[zipfile.ZipInfo]) -> None:
        if len(members) > MEMBERS:
            raise Refused("workbook.bomb", f"{self.name} has {len(members)} parts, at most {MEMBERS} are read", AGAIN)
        total = sum(one.file_size for one in members)
        if total > TOTAL_BYTES:
            raise Refused(
                "workbook.bomb", f"{self.name} unpacks to {total} bytes, at most {TOTAL_BYTES} are read", AGAIN
            )
        for one in members:
            if one.file_size > PART_BYTES or (
                one.file_size > RATIO_FROM_BYTES and one.file_size > RATIO * max(one.compress_size, 1)
            ):
                text = f"its part {one.filename[:100]} unpacks from {one.compress_size} to {one.file_size} bytes"
                raise Refused("workbook.bomb", f"{self.name}: {text}", AGAIN)

    def each(self, part: str, *tags: str) -> Generator[Element]:
        """Elements with one of those tags, once each is complete; it is emptied when the next one is asked for."""
        parser = etree.XMLPullParser(
            events=("end",), tag=[f"{{*}}{tag}" for tag in tags], resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        with self._said(part), self._open(part) as file:
            waiting, seen = 0, b""
            while data := file.read(CHUNK_BYTES):
                self._plain(part, seen[-18:] + data)
                seen, waiting = data, waiting + len(data)
                parser.feed(data)
                for _, element in parser.read_events():
                    waiting = 0
                    if isinstance(element, Element):
                        yield element
                        _empty(element)
                if waiting > ROW_BYTES:
                    raise Refused("workbook.bomb", f"{self.name}: {part} has over {ROW_BYTES} bytes in one row", AGAIN)
            parser.close()

    def whole(self, part: str) -> Element:
        """A small part."""
        with self._said(part), self._open(part) as file:
            data = file.read(SMALL_BYTES + 1)
            if len(data) > SMALL_BYTES:
                raise Refused("workbook.bomb", f"{self.name}: {part} has over {SMALL_BYTES} bytes", AGAIN)
            self._plain(part, data)
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
            return etree.fromstring(data, parser)

    def _open(self, part: str) -> IO[bytes]:
        try:
            return self._zip.open(part)
        except KeyError as error:
            raise Refused("workbook.damaged", f"{self.name} lacks its part {part}", AGAIN) from error

    def _plain(self, part: str, data: bytes) -> None:
        """Nobody's workbook declares entities. In UTF-16 such a word has zeroes between its letters."""
        text = data.replace(b"\0", b"") if b"\0" in data else data
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
            raise Refused("workbook.entities", f"{self.name}: {part} declares entities, which no workbook does", AGAIN)

    @contextmanager
    def _said(self, part: str) -> Iterator[None]:
        try:
            yield
        except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            text = str(getattr(error, "msg", "") or error).lower()[:200]
            raise Refused("workbook.damaged", f"{self.name}: {part} is damaged: {text}", AGAIN) from error
        except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed by an unknown method
            raise Refused(
                "workbook.foreign", f"{self.name}: {part} cannot be unpacked: {error}"[:300], AGAIN
            ) from error


def _empty(element: Element) -> None:
    parent = element.getparent()
    element.clear()
    while parent is not None and parent[0] is not element:
        del parent[0]
