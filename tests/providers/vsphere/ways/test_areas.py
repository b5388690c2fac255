"""Which areas are allocated, out of answers that come in parts, some of them empty, some of them odd."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from mtv.model.points import Export, Extent
from mtv.providers.vsphere.ways import areas
from mtv.providers.vsphere.wire.soap import SoapFault

SIZE = 1000
EXPORT = Export(id="p/1", kind="random", way="vsphere.folder", size_bytes=SIZE, identity="i",
                params={"vm": "vm-1", "disk": "2000", "snapshot": ""})  # fmt: skip
Page = tuple[int, int, list[tuple[int, int]]]  # where it begins, how much it is about, areas


class Server:
    """Answers QueryChangedDiskAreas out of a list."""

    def __init__(self, *pages: Page | str) -> None:
        self._pages, self.asked = list(pages), list[str]()

    def call(self, method: str, of: str, body: str) -> Any:
        self.asked.append(body)
        page = self._pages.pop(0)
        if isinstance(page, str):
            raise SoapFault(page, "", {})
        start, length, found = page
        told = "".join(f"<changedArea><start>{at}</start><length>{size}</length></changedArea>" for at, size in found)
        return etree.fromstring(
            f'<r xmlns="urn:vim25"><returnval><startOffset>{start}</startOffset><length>{length}</length>{told}'
            "</returnval></r>"
        )


def found(*pages: Page | str) -> list[Extent]:
    return list(areas.allocated(Server(*pages), EXPORT))  # type: ignore[arg-type]


def test_an_answer_without_an_area_is_not_the_end() -> None:
    pages: list[Page] = [(0, 300, [(10, 20)]), (300, 300, []), (600, 400, [(700, 300)])]
    assert found(*pages) == [Extent(10, 20), Extent(700, 300)]


@pytest.mark.parametrize("fault", ["FileFault", "NoPermission", "NotSupported", "SystemError"])
def test_where_it_is_not_told_everything_is_read(fault: str) -> None:
    assert found(fault) == [Extent(0, SIZE)]
    assert found((0, 400, [(100, 50)]), fault) == [Extent(100, 50), Extent(400, 600)]


@pytest.mark.parametrize(
    "odd", [(0, 0, [(5, 5)]), (0, -1, []), (7, 993, [(10, 10)])], ids=["of nothing", "negative", "elsewhere"]
)
def test_an_odd_answer_is_not_believed(odd: Page) -> None:
    assert found(odd) == [Extent(0, SIZE)]


def test_answers_that_never_get_on_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(areas, "PAGES_LIMIT", 3)
    assert found((0, 1, []), (1, 1, []), (2, 1, [])) == [Extent(3, 997)]


@given(st.lists(st.tuples(st.integers(-50, 1100), st.integers(-50, 300)), max_size=12), st.integers(1, 1100))
def test_what_is_told_rises_lies_in_the_disk_and_leaves_nothing_out(told: list[tuple[int, int]], part: int) -> None:
    pages = [(at, min(part, SIZE - at), [one for one in told if one[0] < at + part and sum(one) > at])
             for at in range(0, SIZE, part)]  # fmt: skip
    made = found(*pages)
    assert all(one.length > 0 and one.offset >= 0 and one.offset + one.length <= SIZE for one in made)
    assert all(first.offset + first.length <= second.offset for first, second in pairwise(made))
    covered = {at for one in made for at in range(one.offset, one.offset + one.length)}
    assert covered >= {at for start, length in told for at in range(max(0, start), min(SIZE, start + length))}
