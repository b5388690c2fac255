"""The `rvtools` source: a book is read as a whole, once while it stays the same. It has no disks to read: its VMs are
planned, never moved."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from mtv import codec
from mtv.errors import MtvError, Refused
from mtv.model.estate import VM, Change, Entity, Finding, Level, Removal, Revision, kind_of
from mtv.model.reading import Opener, SourceCheck
from mtv.providers.rvtools.contents import Contents, contents
from mtv.providers.rvtools.estate import Named, things
from mtv.providers.rvtools.reading import ALL_TABS

PAGE = 200
VERSION = 1  # of what is made of a book: another one tells all again
INSTEAD = (
    "add the vCenter itself with `mtv add provider NAME https://... --kind vsphere`, and make it the plan's source"
)


@dataclass(frozen=True)
class Told:
    """What a revision says: the file as it was, and digests by kind and id."""

    file: str
    things: Mapping[str, str]

    @classmethod
    def load(cls, since: str | None) -> "Told | None":
        try:
            found = json.loads(since or "")
            return cls(found["file"], found["things"]) if found["v"] == VERSION else None
        except (ValueError, TypeError, KeyError):
            return None

    def dump(self) -> str:
        return json.dumps({"v": VERSION, "file": self.file, "things": self.things}, separators=(",", ":"))


class RVTools:
    """`address` is a workbook, or a folder with a CSV file for each tab."""

    kind = "rvtools"
    steady = True
    openers: Mapping[str, Opener] = {}
    checks: Mapping[str, SourceCheck] = {}
    instead = INSTEAD

    def __init__(self, name: str, address: str, secrets: Mapping[str, bytes] | None = None) -> None:
        self.name = name
        self._path = Path(address).expanduser().absolute()
        self._read: tuple[str, Contents] | None = None

    async def check(self) -> Sequence[Finding]:
        """Which tabs and columns there are; what is missing, with its fix."""
        return await asyncio.to_thread(lambda: list(self._findings()))

    async def inventory(self, since: str | None) -> AsyncIterator[Change]:
        """In pages: a page of VMs is in memory at a time."""
        found = self._changes(Told.load(since))
        while page := await asyncio.to_thread(next, found, None):
            for change in page:
                yield change

    async def vm(self, id: str) -> VM:  # noqa: A002 - the contract's word
        found = await asyncio.to_thread(lambda: self._contents().vm(self.name, id))
        if found is None:
            raise Refused(
                "rvtools.no-vm", f"{self._path.name} has no VM with the id '{id}'", f"mtv refresh {self.name}"
            )
        return found

    async def close(self) -> None:
        self._read = None

    def _contents(self) -> Contents:
        stamp = _stamp(self._path)
        if self._read is None or self._read[0] != stamp:
            self._read = None  # not two of them at once
            self._read = (stamp, contents(self._path, self.name))
        return self._read[1]

    def _changes(self, since: Told | None) -> Iterator[list[Change]]:
        file = _stamp(self._path)
        if since and since.file == file:
            yield [Revision(since.dump())]
            return
        book, before, now = self._contents(), since.things if since else {}, dict[str, str]()

        def news(found: Sequence[Entity]) -> list[Change]:
            keys = [(f"{kind_of(type(one))}/{one.id}", one) for one in found]
            now.update((key, _digest(one)) for key, one in keys)
            return [one for key, one in keys if before.get(key) != now[key]]

        told = things(self.name, book.tables)
        named, page = Named(self.name, told), list[Entity](told)
        for vm in book.vms(self.name):
            named.take(vm)
            page.append(vm)
            if len(page) >= PAGE:
                if found := news(page):
                    yield found
                page = []
        last = news([*page, *named.left(), *book.gaps])
        gone: list[Change] = [Removal(*key.split("/", 1)) for key in before if key not in now]
        yield [*last, *gone, Revision(Told(file, now).dump())]

    def _findings(self) -> Iterator[Finding]:
        try:
            book = self._contents()
        except MtvError as error:
            yield Finding(name="book", ok=False, text=error.fault.text, fix=error.fault.hint or ALL_TABS)
            return
        version = f", of RVTools {book.version}" if book.version else ""
        yield Finding(name="book", ok=True, text=f"{len(book.machines)} VMs in {self._path}{version}")
        for gap in book.gaps:
            yield Finding(name=gap.name, ok=False, text=gap.text, fix=gap.hint, level=Level.WARNING)
        text = "a book has no disks: its VMs can be planned, not moved"
        yield Finding(name="disks", ok=False, text=text, fix=INSTEAD, level=Level.INFO)


def _digest(one: Entity) -> str:
    if isinstance(one, VM):
        return one.revision
    return blake2b(json.dumps(codec.dump(one), sort_keys=True).encode(), digest_size=12).hexdigest()


def _stamp(path: Path) -> str:
    """Inode, size and time of the file, or of each CSV file. Raises Refused `workbook.missing`."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found = [(file.name, *_of(file)) for file in files]
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise Refused("workbook.missing", f"{path} cannot be read: {why}", "name a file that is there") from error
    return blake2b(repr(found).encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


def _of(file: Path) -> tuple[int, int, int]:
    found = os.stat(file)
    return found.st_ino, found.st_size, found.st_mtime_ns
