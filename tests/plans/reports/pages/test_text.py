"""Markdown as people read it, CSV and JSON as programs do."""

import csv
import json
from io import StringIO

from markdown_it import MarkdownIt

from mtv.plans.reports.pages.text import as_csv, as_json, as_markdown
from mtv.plans.reports.shapes import Report


def test_markdown_has_each_section_and_no_markup_of_strangers(odd: Report) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(as_markdown(odd))
    heads = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert heads[1:] == [title for chapter in odd.chapters for title in
                         (chapter.title, *(one.title for one in chapter.sections))]  # fmt: skip
    kinds = {child.type for token in tokens for child in token.children or []}
    assert kinds <= {"text", "text_special", "softbreak"}
    assert sum(token.type == "table_open" for token in tokens) == 1 + sum(bool(one.rows) for one in odd.sections)


def test_json_has_every_figure_and_every_row(odd: Report) -> None:
    told = json.loads(as_json(odd))
    assert told["figures"] == {one.key: one.value for one in odd.figures}
    assert told["sources"] == [{"name": "<vc> & 'co'", "read_at": "2026-11-22T08:00:00.000Z"}]
    for one in odd.sections:
        found = told["sections"][one.id]["rows"]
        assert [list(row.values()) for row in found] == [list(row) for row in one.rows]


def test_csv_is_a_line_a_value(odd: Report) -> None:
    lines = list(csv.DictReader(StringIO(as_csv(odd), newline="")))
    assert len(lines) == len(odd.figures) + sum(len(one.rows) * len(one.columns) for one in odd.sections)
    [vms] = [line["value"] for line in lines if (line["section"], line["column"]) == ("figures", "vms")]
    assert vms == "24"
    names = {line["value"] for line in lines if (line["section"], line["column"]) == ("largest", "name")}
    assert "'=cmd|' /C calc'!A0" in names
