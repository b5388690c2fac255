"""The page asks nobody for anything, runs nothing, and shows every name as text."""

import re
from html.parser import HTMLParser

import pytest

from mtv.plans.reports.pages.html import page
from mtv.plans.reports.pages.told import SHOWN
from mtv.plans.reports.shapes import Report
from mtv.words import plain
from tests.store.estates import ODD_NAMES

EMPTY = {"meta", "br", "img", "link", "input", "hr", "rect", "circle", "path"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "nav", "section", "h1", "h2", "h3",
    "p", "ul", "li", "b", "small", "span", "bdi", "a", "div", "figure", "table", "thead", "tbody", "tr", "th", "td",
    "svg", "rect", "text", "circle", "path",
}  # fmt: skip


class Reader(HTMLParser):
    def __init__(self, content: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.cells: list[str] = []
        self.ids: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in EMPTY:
            self.open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag, "every tag is closed where it was opened"

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.cells[-1] += data


@pytest.fixture
def read(odd: Report) -> Reader:
    found = Reader(page(odd))
    assert found.open == []
    return found


def test_nothing_is_asked_for_and_nothing_runs(odd: Report, read: Reader) -> None:
    assert read.tags <= ALLOWED, read.tags - ALLOWED
    for tag, name, value in read.attributes:
        assert not name.startswith("on"), (tag, name)
        assert name not in ("src", "srcset", "xlink:href", "action", "style"), (tag, name)
        assert name != "href" or value.startswith("#"), value
    content = page(odd)
    assert "://" not in content
    assert "@import" not in content
    assert "url(" not in content
    assert "default-src 'none'" in content, "a browser is told so, too"


def test_links_lead_into_the_page_and_ids_are_there_once(read: Reader) -> None:
    links = [value[1:] for tag, name, value in read.attributes if name == "href"]
    assert links
    assert set(links) <= set(read.ids)
    assert len(set(read.ids)) == len(read.ids)


def test_every_name_is_shown_as_it_is(read: Reader) -> None:
    cells = {cell.strip() for cell in read.cells}
    shown = [name for name in ODD_NAMES if plain(name).strip() in cells]
    assert len(shown) >= 15, set(ODD_NAMES) - set(shown)
    assert "<script>alert(1)</script>" in cells


def test_what_is_not_known_is_called_so(odd: Report, read: Reader) -> None:
    unknown = sum(cell is None for one in odd.sections for row in one.rows[:SHOWN]
                  for cell, column in zip(row, one.columns, strict=True) if column.key != "source")  # fmt: skip
    assert unknown > 5
    assert sum(cell.strip() == "unknown" for cell in read.cells) >= unknown


def test_each_section_stands_in_the_page_once_with_its_picture(odd: Report) -> None:
    content = page(odd)
    for one in odd.sections:
        assert content.count(f'<section class="part" id="{one.id}">') == 1
    assert content.count("<svg") == sum(one.chart is not None and bool(one.rows) for one in odd.sections)


def test_it_can_be_printed_and_read_in_the_dark(odd: Report) -> None:
    style = re.search(r"<style>(.*?)</style>", page(odd), re.DOTALL)
    assert style
    assert "@media print" in style[1]
    assert "prefers-color-scheme: dark" in style[1]
    named = set(re.findall(r"var\((--[a-z0-9]+)\)", style[1]))
    assert named <= set(re.findall(r"(--[a-z0-9]+):", style[1]))
