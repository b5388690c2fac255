"""One reading of a book: its tabs as tables, and what it lacks."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice

from mtv.errors import MtvError, Refused
from mtv.formats.rvtools.book import TABS
from mtv.formats.rvtools.cells import text
from mtv.formats.rvtools.machines import VINFO
from mtv.formats.rvtools.tab import Tab
from mtv.formats.workbook.sheets import Row as Cells
from mtv.model.infrastructure import Gap
from mtv.providers.rvtools.book import Book, tab_of
from mtv.providers.rvtools.heads import Heads, match
from mtv.providers.rvtools.joining import PLACES
from mtv.providers.rvtools.machines import PARTS
from mtv.providers.rvtools.tables import Table, table

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


class Reading:
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
