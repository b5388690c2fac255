"""What a tab and a column are."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Generic, TypeVar

from mtv.formats.rvtools.cells import TEXT, Cell, Written
from mtv.model.estate import VM

P = TypeVar("P")
NOBODY = VM(source="", id="", name="")


@dataclass(frozen=True, kw_only=True)
class Around:
    """What rows say besides of their own object."""

    server: str = ""  # whose estate it is: the vCenter's name
    version: str = ""  # of who writes the book
    written_at: datetime = datetime(1970, 1, 1)
    switches: Mapping[str, str] = field(default_factory=dict)  # by network
    uplinks: Mapping[tuple[str, str], str] = field(default_factory=dict)  # switch by host and its card
    hosts: Mapping[str, "Load"] = field(default_factory=dict)
    datastores: Mapping[str, "Load"] = field(default_factory=dict)
    clusters: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)  # cores, threads


@dataclass
class Load:
    """What VMs are on a host or a datastore; `active` ones are no templates, and on."""

    vms: int = 0
    active: int = 0
    cpus: int = 0
    memory_bytes: int = 0


@dataclass(frozen=True)
class Line(Generic[P]):
    """A row to be written: what it is about, and the VM that this belongs to."""

    part: P
    around: Around
    vm: VM = NOBODY


@dataclass(frozen=True)
class Column(Generic[P]):
    """`field` is the name of what comes back when it is read, and of the part's own field that is written; `told`
    where that is not the part's own. A column with neither is not known to us: empty, and not read."""

    name: str
    cell: Cell = TEXT
    field: str = ""
    told: Callable[[Line[P]], object] | None = None
    was: tuple[str, ...] = ()  # its names in other versions, and as people translated them

    @property
    def getter(self) -> Callable[[Line[P]], object] | None:
        if self.told or not self.field:
            return self.told
        return attrgetter(f"part.{self.field}")


@dataclass(frozen=True)
class Tab(Generic[P]):
    """`custom` is the column behind which books have those of custom attributes."""

    name: str
    columns: tuple[Column[P], ...]
    custom: str = ""

    @cached_property
    def known(self) -> tuple[tuple[int, Callable[[Line[P]], object], Callable[[object], Written]], ...]:
        """Place, and how its cell is made, of each column that is written."""
        return tuple((place, tell, one.cell.write) for place, one in enumerate(self.columns) if (tell := one.getter))

    def cells(self, line: Line[P]) -> Iterator[tuple[int, Written]]:
        """What is known of that row, by column."""
        for place, tell, write in self.known:
            if (value := tell(line)) is not None and value != "" and (made := write(value)) is not None:
                yield place, made


def unknown(*names: str) -> Iterable[Column[P]]:
    """Columns that RVTools has and we know nothing for."""
    return [Column(name) for name in names]
