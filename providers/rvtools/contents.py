"""All that a book tells: its VMs one after the other, what they stand on, and what it does not have."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mtv.errors import Refused
from mtv.formats.rvtools.cells import text
from mtv.model.estate import VM
from mtv.model.infrastructure import Gap
from mtv.providers.rvtools.book import opened, tab_of
from mtv.providers.rvtools.concerns import judged
from mtv.providers.rvtools.joining import Joined, join
from mtv.providers.rvtools.machines import PARTS, read
from mtv.providers.rvtools.reading import ALL_TABS, Reading
from mtv.providers.rvtools.tables import Row, Table


@dataclass(frozen=True)
class Contents:
    machines: Sequence[tuple[str, int, Row]]  # id, its number, its row of vInfo
    joined: Joined
    tables: Mapping[str, Table]
    gaps: Sequence[Gap]
    version: str
    servers: Sequence[str]

    def vms(self, source: str) -> Iterator[VM]:
        stores = self._stores()
        return (self._vm(source, one, stores) for one in self.machines)

    def vm(self, source: str, id_: str) -> VM | None:
        found = next((one for one in self.machines if one[0] == id_), None)
        return self._vm(source, found, self._stores()) if found else None

    def _vm(self, source: str, of: tuple[str, int, Row], stores: Sequence[str]) -> VM:
        id_, number, row = of
        made, odd = read(row, number, id_, source, self.joined, stores)
        nics = tuple(replace(nic, kind=self._kinds.get(nic.network, "")) for nic in made.nics)
        return judged(replace(made, nics=nics), row, odd)

    @cached_property
    def _kinds(self) -> Mapping[str, str]:
        """Sorts of networks by name; none where several of a name differ."""
        found: dict[str, str] = {}
        for tab, kind in (("dvPort", "distributed"), ("vPort", "standard")):
            for row in self.tables[tab].each() if tab in self.tables else ():
                name = row.text("name")
                found[name] = kind if found.get(name, kind) == kind else ""
        return found

    def _stores(self) -> Sequence[str]:
        known = self.tables["vDatastore"].each() if "vDatastore" in self.tables else ()
        return sorted({row.text("name") for row in known}, key=len, reverse=True)


def contents(path: Path, source: str) -> Contents:
    """Raises Refused `workbook.*`, `rvtools.no-vinfo`, `rvtools.no-vms`, `rvtools.too-large`."""
    with closing(opened(path)) as book:
        names = {tab_of(name): name for name in reversed(book.tabs)}
        if tab_of("vInfo") not in names:
            has = ", ".join(book.tabs[:12]) or "none"
            raise Refused("rvtools.no-vinfo", f"{path.name} has no tab vInfo: it has {has}", ALL_TABS)
        reading = Reading(book, names, path.name, source)
        tables = dict(reading.tables())
    rows, more = _machines(tables["vInfo"])
    if not rows:
        raise Refused("rvtools.no-vms", f"{path.name}: tab vInfo has no row with a VM", ALL_TABS)
    joined = join(rows, [tables[tab] for tab in PARTS if tab in tables])
    servers = list(dict.fromkeys(text(raw) for row in rows if (raw := row.raw("server"))))
    lost = [Gap(source=source, id=f"rows/{number}", name=line.partition(":")[0], text=f"{path.name}: {line}",
                hint=ALL_TABS) for number, line in enumerate([*more, *joined.lost])]  # fmt: skip
    gaps = [*reading.gaps, *lost]
    return Contents(list(_named(rows, len(servers) > 1)), joined, tables, gaps, _version(tables), servers)


def _machines(info: Table) -> tuple[list[Row], list[str]]:
    """Rows that are VMs; and what was left out. Merged books repeat heads, and whole rows."""
    found, told, again = [], set[object](), list[str]()
    for row in info.each():
        name = row.raw("vm")
        if name is None or text(name) in ("", "VM") and row.raw("id") in (None, "VM ID"):
            continue
        key = (row.raw("server_uuid") or row.raw("server"), row.raw("id")) if row.raw("id") else row.values
        if key in told:
            again.append(f"vInfo: row {row.number} is VM '{text(name)[:60]}' a second time, and is left out")
        else:
            told.add(key)
            found.append(row)
    more = [f"vInfo: and {len(again) - 3} more rows that are there twice"] if len(again) > 3 else []
    return found, [*again[:3], *more]


def _named(rows: Sequence[Row], several: bool) -> Iterator[tuple[str, int, Row]]:
    """Each with an id that no other has: vCenter's own; of several vCenters, or of a book without, made of what there
    is."""
    taken: set[str] = set()
    for number, row in enumerate(rows):
        server = row.text("server") or row.text("server_uuid")
        id_ = row.text("id") or row.text("instance") or row.text("uuid") or _place(row)
        if several and server and row.text("id"):
            id_ = f"{server}/{id_}"
        if id_ in taken:
            id_ = f"{id_}#row{row.number}"
        taken.add(id_)
        yield id_, number, row


def _place(row: Row) -> str:
    return "/".join(part for part in (row.text("datacenter"), row.text("folder").strip("/"), row.text("vm")) if part)


def _version(tables: Mapping[str, Table]) -> str:
    row = next(tables["vMetaData"].each(), None) if "vMetaData" in tables else None
    return "" if row is None else row.text("version") or row.text("major")
