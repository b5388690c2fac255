"""All that a book tells: its VMs one after the other, what they stand on, and what it does not have."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

from mtv.errors import MtvError, Refused
from mtv.formats.rvtools.book import TABS
from mtv.formats.rvtools.cells import text
from mtv.formats.rvtools.machines import VINFO
from mtv.formats.rvtools.tab import Tab
from mtv.formats.workbook.sheets import Row as Cells
from mtv.model.estate import VM
from mtv.model.infrastructure import Gap
from mtv.providers.rvtools.book import Book, opened, tab_of
from mtv.providers.rvtools.concerns import judged
from mtv.providers.rvtools.heads import Heads, match
from mtv.providers.rvtools.joining import PLACES, Joined, join
from mtv.providers.rvtools.machines import PARTS, read
from mtv.providers.rvtools.tables import Row, Table, table

CELLS = 40_000_000  # 10,000 VMs have 1.5 million
WITHOUT = {
    "vCPU": "sockets, reservations and limits", "vMemory": "reservations and limits of memory",
    "vDisk": "disks", "vPartition": "file systems of guests", "vNetwork": "addresses and kinds of network cards",
    "vCD": "connected CDs", "vUSB": "USB devices", "vSnapshot": "snapshots", "vTools": "VMware tools",
    "vCluster": "clusters", "vHost": "hosts", "vDatastore": "sizes of datastores", 
    "vPort": "VLANs of standard switches", "dvPort": "VLANs of distributed switches",
}  # fmt: skip
ALL_TABS = "export all tabs: RVTools, File, Export all to xlsx"
NEWER = "export it with a newer RVTools"
NAMED = 8
TITLES = 8  # rows that may stand above the heads
KEYS = ("id", "instance", "vm", *PLACES)


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
        reading = _Reading(book, names, path.name, source)
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


class _Reading:
    """One reading of a book, tab by tab."""

    def __init__(self, book: Book, names: Mapping[str, str], file: str, source: str) -> None:
        self._book, self._names, self._file, self._source = book, names, file, source
        self._shared: dict[str, str] = {}
        self._left = CELLS
        self.gaps: list[Gap] = []

    def tables(self) -> Iterator[tuple[str, Table]]:
        for tab in TABS:
            name = self._names.get(tab_of(tab.name))
            if name is None:
                if tab.name in WITHOUT:
                    self._miss(tab, f"has no tab {tab.name}: {WITHOUT[tab.name]} are not known")
                continue
            try:
                with closing(self._book.rows(name)) as rows:
                    made = self._table(tab, rows)
                yield tab.name, made
            except MtvError as error:
                if tab is VINFO or error.fault.code == "rvtools.too-large":
                    raise
                self._miss(tab, f"tab {tab.name} cannot be read: {error.fault.text}")

    def _miss(self, tab: Tab[object], what: str, hint: str = ALL_TABS) -> None:
        text = f"{self._file} {what}"
        self.gaps.append(Gap(source=self._source, id=f"tab/{tab.name}", name=tab.name, text=text, hint=hint))

    def _table(self, tab: Tab[object], rows: Iterator[tuple[int, Cells]]) -> Table:
        heads, first = _heads(tab, rows)
        if tab is VINFO and "vm" not in heads.places:
            told = ", ".join(first[:5]) or "nothing"
            raise Refused("rvtools.no-vinfo", f"{self._file}: tab vInfo needs a column VM, its first row has {told}",
                          "the first row must have the names of the columns")  # fmt: skip
        if tab.name in (*WITHOUT, "vInfo") and (missing := _missing(tab, heads)):
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            self._miss(tab, f"tab {tab.name} lacks {', '.join(missing[:NAMED])}{more}", NEWER)
        repeated = _COMMON if tab.name in PARTS else ()
        wanted = [column.field for column in tab.columns if column.field and column.field not in repeated]
        made = table(tab, heads, self._bounded(rows, len(wanted) + len(heads.custom)), self._shared, wanted)
        return replace(made, since_1904=self._book.since_1904)

    def _bounded(self, rows: Iterator[tuple[int, Cells]], width: int) -> Iterator[tuple[int, Cells]]:
        for row in rows:
            self._left -= width
            if self._left < 0:
                text = f"{self._file} has over {CELLS} cells that matter"
                raise Refused("rvtools.too-large", text, "export each vCenter by itself")
            yield row


def _heads(tab: Tab[object], rows: Iterator[tuple[int, Cells]]) -> tuple[Heads, list[str]]:
    """Of the first row that names a column that matters: people put titles above. And what the first row has."""
    found, first = match(tab, {}), list[str]()
    for _, cells in islice(rows, TITLES):
        names = {place: text(one) for place, one in cells.items()}
        first = first or list(names.values())
        found = match(tab, names)
        if "vm" in found.places if tab is VINFO else found.places:
            break
    return found, first


def _missing(tab: Tab[object], heads: Heads) -> list[str]:
    """Columns that would have told something that no other tells."""
    has = heads.places.keys()
    idle = set(_IDLE)
    if tab.name in PARTS:
        idle |= _COMMON | set(KEYS)
    if "path" in has or "old_path" in has:
        idle |= {"path", "old_path"}
    return [column.name for column in tab.columns if column.field and column.field not in has | idle]


_IDLE = frozenset(
    ("placeholder", "server", "server_uuid", "total_bytes", "is_raw", *(f"network{n}" for n in range(1, 9)))
)
"""Columns that other columns make up for."""

_COMMON = frozenset(("power", "template", "placeholder", "notes", "cluster", "host", "os_config", "os_tools"))
"""What each row of a VM's parts repeats, and vInfo says."""


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
