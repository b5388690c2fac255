"""Which VM a row belongs to: by its id and server where both tabs have them, else by UUID, else by name and place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mtv.providers.rvtools.tables import Row, Table
from mtv.words import plain

SERVERS = ("server_uuid", "server")
PLACES = ("server_uuid", "server", "datacenter", "folder")
AMBIGUOUS = -1
NAMED = 3
MOST = 1000  # rows of one VM in a tab: vSphere allows 256 disks

Key = tuple[object, ...]


@dataclass
class Joined:
    """Rows of the other tabs by tab, then by number of the VM; and those that fit none."""

    parts: dict[str, dict[int, list[Row]]] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def of(self, tab: str, vm: int) -> Sequence[Row]:
        return self.parts.get(tab, {}).get(vm, ())


def join(machines: Sequence[Row], others: Iterable[Table]) -> Joined:
    made = Joined()
    for table in others:
        ways = list(_ways(machines[0].table, table)) if machines else []
        known = [_index(machines, way) for way in ways]
        found: dict[int, list[Row]] = {}
        strangers = []
        for row in table.each():
            vm = _fits(row, ways, known)
            if vm is None or len(found.setdefault(vm, [])) >= MOST:
                strangers.append(row)
            else:
                found[vm].append(row)
        made.parts[table.tab.name] = found
        made.lost += _lost(table, strangers)
    return made


def _ways(one: Table, other: Table) -> Iterator[tuple[str, ...]]:
    """Fields that both have, the surest first."""
    both = one.fields.keys() & other.fields.keys()
    server = next(((name,) for name in SERVERS if name in both), ())
    for name in ("id", "instance"):
        if name in both:
            yield (*server, name)
    if "vm" in both:
        yield (*(name for name in PLACES if name in both), "vm")


def _index(machines: Sequence[Row], way: Sequence[str]) -> Mapping[Key, int]:
    found: dict[Key, int] = {}
    for number, row in enumerate(machines):
        key = _key(row, way)
        if key[-1] is not None:
            found[key] = AMBIGUOUS if key in found else number
    return found


def _fits(row: Row, ways: Sequence[Sequence[str]], known: Sequence[Mapping[Key, int]]) -> int | None:
    for way, index in zip(ways, known, strict=True):
        key = _key(row, way)
        if key[-1] is not None and (found := index.get(key, AMBIGUOUS)) != AMBIGUOUS:
            return found
    return None


def _key(row: Row, way: Sequence[str]) -> Key:
    return tuple(row.raw(name) for name in way)


def _lost(table: Table, rows: Sequence[Row]) -> Iterator[str]:
    if rows:
        named = ", ".join(f"row {row.number} of '{plain(str(row.raw('vm')))[:60]}'" for row in rows[:NAMED])
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        yield f"{table.tab.name}: no VM of vInfo, or several, fit {named}{more}"
