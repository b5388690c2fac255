"""Any values under any heads: a book is read, or refused; what is read can be stored."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtv import codec
from mtv.errors import Refused
from mtv.formats.rvtools.book import TABS
from mtv.formats.workbook.sheets import Row
from mtv.model.estate import Entity
from mtv.providers.rvtools import contents
from mtv.providers.rvtools.estate import things
from mtv.providers.rvtools.heads import match

TAB = {tab.name: tab for tab in TABS}
HEADS = sorted({column.name for tab in TABS for column in tab.columns if column.field})
VALUES = st.one_of(
    st.sampled_from(["", "VM", "vm-1", "a", "[gold] a.vmdk", "[", "poweredOn", "True", "-1", "2000", "1,024", "nan",
                     "SCSI controller 99999", "2026/01/01", "\x00", "x" * 200, "/", "%"]),
    st.integers(-5, 1 << 70), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(max_size=8),
)  # fmt: skip


class Made:
    """A book in memory."""

    def __init__(self, tabs: dict[str, list[list[object]]]) -> None:
        self._tabs = tabs
        self.since_1904 = False

    @property
    def tabs(self) -> Sequence[str]:
        return list(self._tabs)

    def rows(self, tab: str) -> Iterator[tuple[int, Row]]:
        for number, cells in enumerate(self._tabs[tab], 1):
            yield number, {place: one for place, one in enumerate(cells) if one is not None}  # type: ignore[misc]

    def close(self) -> None:
        return


@st.composite
def books(draw: st.DrawFn) -> dict[str, list[list[object]]]:
    made: dict[str, list[list[object]]] = {}
    for name in ["vInfo", *draw(st.lists(st.sampled_from([tab.name for tab in TABS]), unique=True, max_size=5))]:
        own = [column.name for column in TAB[name].columns if column.field]
        heads = draw(st.lists(st.sampled_from([*own, *own, *HEADS]), min_size=1, max_size=12))
        rows = draw(st.lists(st.lists(VALUES, max_size=13), max_size=4))
        made[name] = [["VM", *heads], *(list[object](row) for row in rows)]
    return made


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(books())
def test_any_book_is_read_or_refused(monkeypatch: pytest.MonkeyPatch, tabs: dict[str, list[list[object]]]) -> None:
    monkeypatch.setattr(contents, "opened", lambda path: Made(tabs))
    found = None
    with suppress(Refused):  # no row is a VM
        found = contents.contents(Path("a.xlsx"), "book")
    if found is None:
        assert not any(row and row[0] not in ("", "VM") for row in tabs["vInfo"])
        return
    told: list[Entity] = [*things("book", found.tables), *found.vms("book"), *found.gaps]
    assert len({(type(one), one.id) for one in told}) == len(told)
    for one in told:
        text = json.dumps(codec.dump(one))
        assert codec.load(type(one), json.loads(text)) == one
        assert all(abs(number) < 1 << 63 for number in vars(one).values() if isinstance(number, int))


@given(st.dictionaries(st.integers(0, 40), st.text(max_size=20)), st.sampled_from(TABS))
def test_any_heads_are_matched_once(names: dict[int, str], tab: object) -> None:
    found = match(tab, names)  # type: ignore[arg-type]
    taken = [*found.places.values(), *found.custom]
    assert len(set(taken)) == len(taken)
    assert set(taken) <= names.keys()
